"""What can go wrong with a repository, by what becomes of it.

No message holds a URL with credentials, a header or more of git's own words than one bounded line.
"""

from bot.errors import LongshoreError, Temporary, UserError
from bot.model.tree import UnreadableFile


class GitFailed(LongshoreError):
    """A git command ended in a way we did not foresee. `stderr` is all it said, and is never shown; `killed` is set
    where a signal ended it.
    """

    def __init__(self, message: str, *, hint: str = "", stderr: str = "", killed: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.stderr = stderr
        self.killed = killed


class GitTimeout(GitFailed):
    """A git command was killed because its time was over."""


class GitTooOld(UserError):
    """`git merge-tree --write-tree` came with git 2.38."""


class NotARepository(UserError):
    """The path is no git repository, or one that this git cannot read."""


class EmptyRepository(UserError):
    """The repository has no commit at all."""


class UnknownRevision(UserError):
    """No commit goes by that name here."""


class NoDefaultBranch(UserError):
    """Neither `origin/HEAD` nor `main`, `master` or `HEAD` names a commit."""


class HistoryTooShallow(UserError):
    """The answer lies below the cut of a shallow clone; guessing it would be a lie."""


class UnrelatedHistories(UserError):
    """Two commits without a common ancestor cannot be merged."""


class MissingObject(UserError):
    """An object that should be there is not: a partial clone, or damage."""


class MalformedTree(UserError):
    """A tree with an entry that no checkout would accept, such as `..`."""


class BlobTooLarge(UnreadableFile):
    """A file above the cap for one blob."""


class WorkingTreeUnreadable(UserError):
    """A file of the working tree, or its index, cannot be read, or there is far too much to take in."""


class AuthenticationFailed(UserError):
    """The forge refuses our credentials for this repository."""


class RepositoryNotFound(UserError):
    """The forge knows no such repository, or does not admit it to these credentials."""


class RepositoryMoved(UserError):
    """The forge redirects elsewhere; a credential is never carried to an address nobody configured."""


class RepositoryTooLarge(UserError):
    """The repository is above the operator's cap for one mirror."""


class RefNotFound(UserError):
    """The repository has no ref of that name (any more)."""


class HostNotAllowed(UserError):
    """The operator did not say that this host may be asked."""


class NotKnownOffline(UserError):
    """Nothing may be asked, and the answer is not known from earlier."""


class TooManySources(UserError):
    """One change builds on more repositories than anybody means to."""


class NoSuchVersion(UserError):
    """No tag of the repository is a version within the range."""


class BadRepositoryAddress(UserError):
    """The text names no repository that can be fetched."""


class BadRef(UserError):
    """The text names no ref that Git could have."""


class PrivateAddress(UserError):
    """The name leads into a private network."""


class NoRoom(Temporary):
    """The mirrors that are in use hold as much of the disk as all of them may."""


class Unavailable(Temporary):
    """The forge cannot be reached or failed on its side."""


class TransferTimeout(Temporary):
    """The transfer took longer than it may, or came to a standstill."""


class MirrorBusy(Temporary):
    """Another process has been working on the mirror for longer than we wait."""


class MirrorDamaged(Temporary):
    """The mirror lacks objects it should have; the next fetch mends it."""
