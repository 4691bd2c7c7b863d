"""The ApplySet: whose parent an object belongs to, in the words kubectl uses.

Invariant: the parent's name, and with it the id every member carries, follows from repository and target alone, so
that it can be said without asking the cluster. Pure.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.model.objects import ObjectId
from bot.model.repo import RepoId
from bot.model.target import TargetId

STATE_NAMESPACE = "longshore-system"
PREFIX = "longshore-"
TOOLING = "longshore/v1"

ID_LABEL = "applyset.kubernetes.io/id"
PART_OF_LABEL = "applyset.kubernetes.io/part-of"
PART_OF_LABELS = (PART_OF_LABEL, "applyset.k8s.io/part-of")
"""kubectl writes the first; the KEP's text, kro and others say the second."""
TOOLING_ANNOTATION = "applyset.kubernetes.io/tooling"
KINDS_ANNOTATION = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACES_ANNOTATION = "applyset.kubernetes.io/additional-namespaces"

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_SLUG_CHARS = 40


def applyset_id(name: str, namespace: str, kind: str, group: str) -> str:
    """The id kubectl computes for a parent."""
    digest = hashlib.sha256(f"{name}.{namespace}.{kind}.{group}".encode()).digest()
    return f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"


@dataclass(frozen=True, slots=True)
class Parent:
    """The ConfigMap that stands for one target of one repository in its cluster."""

    namespace: str
    name: str

    @classmethod
    def of(cls, repo: RepoId, target: TargetId, namespace: str = STATE_NAMESPACE) -> "Parent":
        slug = _NOT_IN_NAMES.sub("-", target.name.lower())[:_SLUG_CHARS].strip("-")
        short = hashlib.sha256(f"{repo} {target}".encode()).hexdigest()[:10]
        return cls(namespace, f"{PREFIX}{slug}-{short}" if slug else f"{PREFIX}{short}")

    @property
    def id(self) -> str:
        """What members carry in their part-of label."""
        return applyset_id(self.name, self.namespace, "ConfigMap", "")

    @property
    def selector(self) -> str:
        return f"{PART_OF_LABEL}={self.id}"

    def __str__(self) -> str:
        return f"ConfigMap {self.namespace}/{self.name}"


def contents(parent: Parent, members: Iterable[ObjectId]) -> dict[str, str]:
    """The annotations that tell other tools which kinds and namespaces a set spans."""
    ids = list(members)
    kinds = sorted({f"{i.kind}.{i.group}" if i.group else i.kind for i in ids})
    namespaces = sorted({i.namespace for i in ids} - {"", parent.namespace})
    return {
        TOOLING_ANNOTATION: TOOLING,
        KINDS_ANNOTATION: ",".join(kinds),
        NAMESPACES_ANNOTATION: ",".join(namespaces),
    }
