"""Giving an approval and taking it back, and who is told."""

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.gitlab import approving
from tests.sandbox.forge.gitlab.announcer import Announcer
from tests.sandbox.forge.gitlab.chronicle import Chronicle
from tests.sandbox.forge.gitlab.state import State


async def approve(state: State, pull: Pull, user: User) -> None:
    """The approval that was still lacking is told as `approved`, any other as `approval`."""
    request = state.requests.of(pull)
    before = approving.is_approved(state, pull)
    request.approved_by[user] = state.forge.now()
    request.changes_requested_by.discard(user)
    Chronicle(state).note(pull, user, "approved this merge request")
    is_last = approving.is_approved(state, pull) and (not before or len(request.approved_by) == 1)
    await Announcer(state).merge_request(pull, user, "approved" if is_last else "approval")


async def unapprove(state: State, pull: Pull, user: User) -> None:
    before = approving.is_approved(state, pull)
    del state.requests.of(pull).approved_by[user]
    Chronicle(state).note(pull, user, "unapproved this merge request")
    was_enough = before and not approving.is_approved(state, pull)
    await Announcer(state).merge_request(pull, user, "unapproved" if was_enough else "unapproval")
