"""What a target renders to, and what was read to render it.

Two kinds of rendering exist, and the type keeps them apart: a `Rendering` holds the objects as they are, secrets
included, lives in memory only and is what an engine applies; a `MaskedRendering` holds no secret value, and is the
only kind that is compared, cached, logged or shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from bot.model.inflation import ChartUse
from bot.model.objects import Digest, Object, ObjectId
from bot.model.remote import RemoteUse

ContentKey = NewType("ContentKey", str)
"""Hash of everything a rendering depends on. Equal keys mean equal renderings."""


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One remark about a target, with the place a person has to look at. `file` is relative to the repository root."""

    severity: Severity
    message: str
    file: str | None = None
    line: int | None = None


class TraceKind(StrEnum):
    FILE = "file"
    LINK = "link"
    LISTING = "listing"
    ABSENT = "absent"


BY_PROGRAM = "program"
"""The mode of a listing that stands for all that lies below it: a program of the operator's reads there."""


@dataclass(frozen=True, slots=True, order=True)
class TraceEntry:
    """One thing that was read: `id` is the blob id of a file or link, the hash of a listing, empty when absent."""

    path: str
    kind: TraceKind
    mode: str
    id: str


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything in the tree that a rendering read or looked for in vain, sorted by path.

    `diagnostics` holding an error means the sandbox refuses to render: the target is unknown. `remotes` are the entries
    that name something outside the tree; what was read there has entries below its `place`. `places` is for a tree that
    was composed: the files of the repository at hand that each file of it was made of. `charts` are those that
    kustomizations on the way inflate. `asks_for_functions` where one of these asks for a function or a plugin that is not
    built into kustomize.
    """

    entries: tuple[TraceEntry, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    remotes: tuple[RemoteUse, ...] = ()
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    charts: tuple[ChartUse, ...] = ()
    asks_for_functions: bool = False

    @property
    def is_refused(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.diagnostics)

    @property
    def is_of_program(self) -> bool:
        """Whether a program of the operator's takes part, and whatever is rendered may be made by it."""
        return any(entry.mode == BY_PROGRAM for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Hole:
    """A field of a rendered object that holds an expression nobody can evaluate here, because of one variable.

    `version` differs where the unknown value differs, as far as that can be told: it is what a comparison can see.
    """

    object: ObjectId
    field: str
    name: str
    reason: str
    version: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Material:
    """Something from elsewhere that a rendering was made of, exactly: `chart podinfo`, its version, `sha256:...`."""

    name: str
    version: str
    digest: str


class Trust(StrEnum):
    """Whose input made a rendering. What an untrusted one made is never read by a delivery."""

    TRUSTED = "trusted"
    PULL_REQUEST = "pull-request"


@dataclass(frozen=True, slots=True)
class Rendering:
    """The ordered objects of one target, or why there are none.

    `objects` is empty when `failed`; a rendering may also be empty because nothing is declared, which is not a
    failure. Holds secret values: never cache, log or post it; `mask` it first. One with `holes` is planned, never
    applied by us. `secrets` are values that were decrypted, wherever in the objects they are now. `chart_crds` are the
    objects of a Helm chart's `crds/`, which have rules of their own. `is_lasting` is set where a failure follows from
    what was read alone, and from no machine.
    """

    objects: tuple[Object, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    holes: tuple[Hole, ...] = ()
    materials: tuple[Material, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    chart_crds: tuple[ObjectId, ...] = ()
    is_lasting: bool = False

    @property
    def failed(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.diagnostics)


@dataclass(frozen=True, slots=True)
class MaskedRendering:
    """A rendering in which every secret value is a keyed hash. `digest` is over these masked objects."""

    objects: tuple[Object, ...]
    digest: Digest
    diagnostics: tuple[Diagnostic, ...] = ()
    holes: tuple[Hole, ...] = ()
    materials: tuple[Material, ...] = ()
    chart_crds: tuple[ObjectId, ...] = ()
    is_lasting: bool = False

    @property
    def failed(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.diagnostics)
