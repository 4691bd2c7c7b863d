"""Saying something on an issue or a pull request.

The invariant: everything said, changed or taken back is announced, the bot's own words too: forges do that.
"""

from tests.sandbox.forge.core.conversations import Comment, Reaction, Thread
from tests.sandbox.forge.core.events import CommentChanged
from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.people import User


async def add_comment(
    forge: Forge, thread: Thread, author: User, body: str, *, via: object = None
) -> Comment:
    now = forge.now()
    comment = Comment(forge.next_id(), thread, author, body, now, now, via)
    thread.comments.append(comment)
    thread.updated_at = now
    await forge.emit(CommentChanged(comment, author, "created"))
    return comment


async def edit_comment(forge: Forge, comment: Comment, body: str, actor: User) -> None:
    previous, comment.body = comment.body, body
    comment.updated_at = forge.now()
    await forge.emit(CommentChanged(comment, actor, "edited", previous))


async def delete_comment(forge: Forge, comment: Comment, actor: User) -> None:
    comment.thread.comments.remove(comment)
    await forge.emit(CommentChanged(comment, actor, "deleted"))


def react(forge: Forge, reactions: list[Reaction], user: User, content: str) -> tuple[Reaction, bool]:
    """One reaction of a kind per person; True when it is new."""
    for reaction in reactions:
        if reaction.user is user and reaction.content == content:
            return reaction, False
    reaction = Reaction(forge.next_id(), user, content, forge.now())
    reactions.append(reaction)
    return reaction, True
