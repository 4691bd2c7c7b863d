"""The hands of the people who use a stand-in: whatever they would do in a browser or with git, on any forge.

The invariant: a hand leads through the same core as an API call, so both cause the same events.
"""

from tests.sandbox.forge.core import comments, pulls
from tests.sandbox.forge.core.conversations import Comment, Label, Pull, Thread
from tests.sandbox.forge.core.deliveries import Delivery
from tests.sandbox.forge.core.events import PullChanged
from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.git_objects import Files
from tests.sandbox.forge.core.people import Role, User
from tests.sandbox.forge.core.pulls import Merge, Proposal
from tests.sandbox.forge.core.repositories import Protection, Repository


class Hands:
    def __init__(self, forge: Forge) -> None:
        self.forge = forge

    def user(self, login: str) -> User:
        return self.forge.user(login)

    def give_role(self, repository: Repository, login: str, role: Role) -> None:
        repository.roles[self.user(login)] = role

    # Repositories and branches

    async def create_repo(
        self,
        full_name: str,
        *,
        private: bool = True,
        default_branch: str = "main",
        files: Files | None = None,
    ) -> Repository:
        return await self.forge.create_repository(
            full_name, is_private=private, default_branch=default_branch, files=files
        )

    async def fork(self, repository: Repository, owner: str) -> Repository:
        return await self.forge.fork(repository, self.user(owner))

    async def push(
        self,
        repository: Repository,
        branch: str,
        files: Files,
        message: str = "Change files",
        author: str = "alice",
    ) -> str:
        """Commit these files (None removes one) onto a branch, which starts at the default branch if it is new."""
        return await self.forge.push_files(repository, branch, files, message, self.user(author))

    async def force(
        self, repository: Repository, branch: str, sha: str | None, author: str = "alice"
    ) -> None:
        """Put a branch somewhere else by force, or (None) delete it."""
        await self.forge.move_ref(repository, f"refs/heads/{branch}", sha, self.user(author))

    async def head(self, repository: Repository, branch: str | None = None) -> str:
        sha = await repository.store.resolve(f"refs/heads/{branch or repository.default_branch}")
        if sha is None:
            raise LookupError(f"{repository.full_name} has no branch {branch}")
        return sha

    def protect(self, repository: Repository, branch: str, *contexts: str) -> None:
        repository.protections[branch] = Protection(contexts)

    # Pull requests

    async def open_pull(
        self,
        repository: Repository,
        head: str,
        title: str = "A change",
        *,
        base: str | None = None,
        body: str | None = None,
        author: str = "alice",
        source: Repository | None = None,
        draft: bool = False,
    ) -> Pull:
        """`source` is the fork where the head branch is, if it is in one."""
        proposal = Proposal(
            title, base or repository.default_branch, head, source or repository, body, is_draft=draft
        )
        return await pulls.open_pull(self.forge, repository, proposal, self.user(author))

    async def merge_pull(self, pull: Pull, method: str = "merge", author: str = "alice") -> str:
        return await pulls.merge_pull(self.forge, pull, Merge(method), self.user(author))

    async def close_pull(self, pull: Pull, author: str = "alice") -> None:
        await self.forge.close(pull, self.user(author))

    async def reopen_pull(self, pull: Pull, author: str = "alice") -> None:
        await pulls.reopen(self.forge, pull, self.user(author))

    async def set_base(self, pull: Pull, base: str, author: str = "alice") -> None:
        await pulls.retarget(self.forge, pull, base, self.user(author))

    async def edit_pull(
        self, pull: Pull, *, title: str | None = None, body: str | None = None, author: str = "alice"
    ) -> None:
        await pulls.rewrite(self.forge, pull, self.user(author), title=title, body=body)

    async def set_draft(self, pull: Pull, *, draft: bool, author: str = "alice") -> None:
        await pulls.set_draft(self.forge, pull, self.user(author), is_draft=draft)

    async def label(self, pull: Pull, name: str, author: str = "alice") -> None:
        known = pull.repository.labels.setdefault(name.lower(), Label(self.forge.next_id(), name))
        pull.labels.append(known)
        await self.forge.emit(PullChanged(pull, self.user(author), "labeled", {"label": known}))

    # What is said

    async def comment(self, thread: Thread, body: str, author: str = "alice") -> Comment:
        return await comments.add_comment(self.forge, thread, self.user(author), body)

    async def edit_comment(self, comment: Comment, body: str, author: str = "alice") -> None:
        await comments.edit_comment(self.forge, comment, body, self.user(author))

    async def delete_comment(self, comment: Comment, author: str = "alice") -> None:
        await comments.delete_comment(self.forge, comment, self.user(author))

    def remarks(self, thread: Thread) -> list[Comment]:
        """What people and bots said, without what the forge itself wrote down."""
        return list(thread.comments)

    # Deliveries

    def redeliver(self, delivery: Delivery) -> None:
        """Press "Redeliver" on a delivery: the same event, headers and body once more."""
        self.forge.post_office.post(delivery.letter, is_redelivery=True)
