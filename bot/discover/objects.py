"""Objects that a repository declares for a controller, and where they were read."""

import re
from dataclasses import dataclass

from bot.model.objects import Manifest
from bot.model.target import TargetId


class Malformed(ValueError):
    """An object that lacks what identifies it; the message names the field."""


@dataclass(frozen=True, slots=True)
class DeclaredObject:
    """An object and where it was read: a file, or the rendering of the target `parent`."""

    manifest: Manifest
    file: str | None
    line: int | None
    parent: TargetId | None = None


def cluster_label(path: str) -> str:
    """The cluster that a path below `clusters/NAME` stands for in the usual layout; empty elsewhere.

    A label for people, to tell targets of one name apart: it grants nothing.
    """
    found = re.match(r"(?:.*/)?clusters/([^/]+)(?:/|$)", path)
    return found[1] if found else ""


def cluster_of(file: str | None) -> str:
    """The same for what stands in a file: a file right below `clusters/` is of no cluster."""
    return cluster_label((file or "").rpartition("/")[0])
