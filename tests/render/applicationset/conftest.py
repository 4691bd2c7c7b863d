from collections.abc import Iterator

import pytest

from bot.proc.sandbox import layers
from bot.render.applicationset import Templates


@pytest.fixture(scope="session")
def started() -> Iterator[Templates]:
    found = Templates.here(layers())
    if found.builder is None:
        pytest.fail("argocd-template is not installed: run `make tools`")
    yield found
    found.close()


@pytest.fixture
def templates(started: Templates) -> Iterator[Templates]:
    """The program that renders Go templates. It is ended after each test: its timer belongs to the test's loop."""
    yield started
    started.close()
