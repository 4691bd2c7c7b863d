"""A comment that exists once on a pull request and is edited in place, also when several workers write at a time.

The invariant: a comment is ours when we are its author *and* its marker is sealed for this very place. The oldest
such comment is the one; every writer ends by making that true, so that whoever comes last leaves one comment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.forge.base import Comment, Forge
from bot.forge.marker import MarkerKind, Place, Seal
from bot.forge.text import clip


@dataclass(frozen=True, slots=True)
class Sticky:
    comment: Comment
    payload: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StickyComments:
    """The sticky comments of one forge."""

    forge: Forge
    seal: Seal

    async def find(self, place: Place, kind: MarkerKind) -> Sticky | None:
        ours = await self._ours(place, kind)
        return ours[0] if ours else None

    async def put(self, place: Place, kind: MarkerKind, body: str, payload: Mapping[str, str]) -> Comment:
        """Make the comment say this; nothing is written where it does already."""
        text = clip(self.seal.stamp(place, kind, payload, body), self.forge.capabilities.comment)
        if not (ours := await self._ours(place, kind)):
            created = await self.forge.create_comment(place.repo, place.number, text)
            # Somebody else may have found none at the same moment.
            ours = await self._ours(place, kind) or [Sticky(created, payload)]
        kept, *extra = (sticky.comment for sticky in ours)
        if kept.body != text:
            kept = await self.forge.update_comment(place.repo, place.number, kept.id, text)
        for comment in extra:
            await self.forge.delete_comment(place.repo, place.number, comment.id)
        return kept

    async def _ours(self, place: Place, kind: MarkerKind) -> Sequence[Sticky]:
        us = await self.forge.identity()
        found = [
            Sticky(comment, payload)
            for comment in await self.forge.comments(place.repo, place.number)
            if comment.author.id == us.id
            and (payload := self.seal.read(place, kind, comment.body)) is not None
        ]
        return sorted(found, key=lambda sticky: sticky.comment.id)
