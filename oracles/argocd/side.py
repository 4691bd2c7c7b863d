"""What one side knows of a repository: the Applications, and what each comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.objects import Manifest, ObjectId


@dataclass(frozen=True, slots=True)
class Application:
    """`problem` says why there are no objects; `open` what is not known of them. `made_by` is an ApplicationSet's name.

    `remarks` is what we say of it besides: a project that forbids it is one. `warnings` is all that we warn of, about what
    it renders and about the repository too.
    """

    manifest: Manifest
    objects: Mapping[ObjectId, Manifest] = field(default_factory=dict)
    problem: str = ""
    open: tuple[str, ...] = ()
    made_by: str = ""
    remarks: str = ""
    warnings: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """By their names. `sets` says of each ApplicationSet why it generates nothing or not all; empty where it does."""

    applications: Mapping[str, Application]
    sets: Mapping[str, str]
