"""What is paid for: a capability of the whole instance, switched by tests."""

from enum import IntEnum

from tests.sandbox.forge.gitlab.errors import not_found


class Tier(IntEnum):
    FREE = 0
    PREMIUM = 1
    ULTIMATE = 2

    def must_be(self, least: "Tier") -> None:
        """What is not paid for does not exist."""
        if self < least:
            raise not_found()
