"""What can go wrong while a chart or artifact is fetched, by what becomes of it.

No message holds a user, a password, a token or the query of a URL; what a server says is never repeated.
"""

from bot.errors import LongshoreError, Temporary, UserError


class SourceError(LongshoreError):
    """Any failure to resolve or fetch."""


class BadSource(SourceError, UserError):
    """The address, version or range in the manifest cannot be read."""


class HostNotAllowed(SourceError, UserError):
    """The operator's `sources.hosts` does not name the host."""


class NotFound(SourceError, UserError):
    """The repository, chart or artifact does not exist, or is not shown to us."""


class VersionNotFound(NotFound):
    """The chart exists, but in no version like the one that is asked for."""


class Unauthorised(SourceError, UserError):
    """The host wants to know who asks, or does not accept who we say we are."""


class Refused(SourceError, UserError):
    """The host answers in a way that no retry will change."""


class TooLarge(SourceError, UserError):
    """More than we take: of an index, an archive, its files, or a list of tags."""


class Corrupt(SourceError, UserError):
    """What came is not what it should be: another digest, no archive, no index."""


class ChartChanged(SourceError, UserError):
    """A version that was known came with other content. What was known is forgotten: the next look takes the new one."""


class NotKnownOffline(SourceError, UserError):
    """Nothing may be asked, and this was not fetched before."""


class NoRoom(SourceError, Temporary):
    """Our disk takes no more, or holds as much as it may of what is in use."""


class Stopped(SourceError, Temporary):
    """Whoever wanted it does so no longer."""


class Unreachable(SourceError, Temporary):
    """No answer, or not all of it: refused, broken off, too slow, or a certificate that does not match."""


class ServerFailed(SourceError, Temporary):
    """5xx."""


class TooManyRequests(SourceError, Temporary):
    """429: anonymous callers are often counted by address."""
