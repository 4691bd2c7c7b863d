import pytest

from bot.render.sandbox import Sandbox
from tests.git.conftest import server, work

__all__ = ["server", "work"]


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    return Sandbox.here()
