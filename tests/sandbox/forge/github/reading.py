"""Questions to git that several endpoints and the announcer ask."""

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.events import Pushed
from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.git import GitStore
from tests.sandbox.forge.core.git_objects import Commit, FileChange
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.render.pulls import Extent


async def merge_base_of(pull: Pull) -> str:
    """Where the head left its base: what a pull request changes is counted from there."""
    base = await pull.repository.store.merge_base(pull.base_sha, pull.head_sha)
    return base or pull.base_sha


async def changes_of(pull: Pull) -> list[FileChange]:
    return await pull.repository.store.changes(await merge_base_of(pull), pull.head_sha)


async def extent_of(pull: Pull) -> Extent:
    changes = await changes_of(pull)
    return Extent(
        commits=await pull.repository.store.count(f"{pull.base_sha}..{pull.head_sha}"),
        changed_files=len(changes),
        additions=sum(change.additions for change in changes),
        deletions=sum(change.deletions for change in changes),
    )


async def changes_by(store: GitStore, commit: Commit) -> list[FileChange]:
    """Against its first parent; everything it holds, where there is none."""
    if not commit.parents:
        return await store.root(commit.sha)
    return await store.changes(commit.parents[0], commit.sha)


def author_of(forge: Forge, commit: Commit) -> User | None:
    """The person whose address is on the commit."""
    return next((user for user in forge.users.values() if user.email == commit.author.email), None)


async def known_branches(repository: Repository) -> list[tuple[str, str]]:
    refs = await repository.store.refs("refs/heads")
    return [(ref.removeprefix("refs/heads/"), sha) for ref, sha in refs.items()]


def comparison(push: Pushed) -> str:
    return push.after[:12] if push.created else f"{push.before[:12]}...{push.after[:12]}"
