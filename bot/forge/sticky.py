"""A comment, or a thread, that exists once on a pull request and is edited in place, also when several workers write
at a time.

The invariant: a comment is ours when we are its author *and* its marker is sealed for this very place. The oldest
such comment is the one; every writer ends by making that true, so that whoever comes last leaves one comment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.forge.base import Comment, Forge, Remarks, Thread, Threads
from bot.forge.marker import MarkerKind, Place, Seal
from bot.model.repo import RepoId, Sha


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
        text = self.forge.as_kept(self.seal.stamp(place, kind, payload, body))
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


@dataclass(frozen=True, slots=True)
class StickyThreads:
    """The one thread on a pull request that holds what has to be settled, on a forge that has threads.

    A person who resolves it has settled what it says: it is opened again only to say something else. What we withdraw
    is settled by nobody: it is opened again where it comes back.
    """

    forge: Forge
    on: Threads
    seal: Seal

    async def put(self, place: Place, body: str, payload: Mapping[str, str]) -> None:
        """Make it say this and wait to be resolved; other words need another payload."""
        found = await self._ours(place)
        text = self.forge.as_kept(self.seal.stamp(place, MarkerKind.FINDINGS, payload, body))
        if not found:
            await self.on.create_thread(place.repo, place.number, text)
        elif found[0][1] != payload:
            await self.on.update_thread(place.repo, place.number, found[0][0], body=text, resolved=False)
        await self._withdraw(place, found[1:])

    async def settle(self, place: Place) -> None:
        """There is nothing left to be settled."""
        await self._withdraw(place, await self._ours(place))

    async def _withdraw(self, place: Place, ours: Sequence[tuple[Thread, Mapping[str, str]]]) -> None:
        for thread, payload in ours:
            body = thread.comment.body
            if payload:
                body = self.seal.stamp(place, MarkerKind.FINDINGS, {}, body.partition("\n")[2])
            await self.on.update_thread(place.repo, place.number, thread, body=body, resolved=True)

    async def _ours(self, place: Place) -> Sequence[tuple[Thread, Mapping[str, str]]]:
        us = await self.forge.identity()
        found = [
            (thread, payload)
            for thread in await self.on.threads(place.repo, place.number)
            if thread.comment.author.id == us.id
            and (payload := self.seal.read(place, MarkerKind.FINDINGS, thread.comment.body)) is not None
        ]
        return sorted(found, key=lambda one: one[0].comment.id)


@dataclass(frozen=True, slots=True)
class StickyRemarks:
    """The one remark on a commit that says how its delivery went, where nothing else has room for it."""

    forge: Forge
    on: Remarks
    seal: Seal

    async def put(self, repo: RepoId, sha: Sha, body: str, *, wanted: bool) -> Comment | None:
        """Make it say this; where there is none yet, only if it is wanted. None where there is none."""
        place = Place(repo, 0, sha)
        text = self.forge.as_kept(self.seal.stamp(place, MarkerKind.DELIVERY, {"revision": sha}, body))
        us = await self.forge.identity()
        ours = [
            remark
            for remark in await self.on.remarks(repo, sha)
            if remark.author.id == us.id
            and self.seal.read(place, MarkerKind.DELIVERY, remark.body) is not None
        ]
        if not ours:
            return await self.on.create_remark(repo, sha, text) if wanted else None
        if ours[0].body == text:
            return ours[0]
        return await self.on.update_remark(repo, sha, ours[0].id, text)
