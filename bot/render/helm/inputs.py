"""What a release is rendered from beside the tree: everything that planning had to find out elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bot.model.release import ValuesFrom
from bot.model.tree import TreeReader
from bot.render.envsubst import Unknown

KUBE_VERSION = "1.34.0"
"""What a cluster is taken for of which nothing is known."""


@dataclass(frozen=True, slots=True)
class ValuesSource:
    """One entry of `valuesFrom`, and what is known of it.

    `text` is what its key holds. Without it the value is not known where `unknown` is set, makes Flux stop where
    `problem` says why, and else is optional and not there.
    """

    entry: ValuesFrom
    text: str | None = field(default=None, repr=False)
    unknown: Unknown | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Archive:
    """A packaged chart on this machine. `digest` (`sha256:...`) is what it is known by; where it lies means nothing."""

    path: Path = field(compare=False)
    digest: str


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What a template may ask of its cluster. `api_versions` (`apps/v1`, `apps/v1/Deployment`) is empty where nobody
    asked the cluster: Helm then knows those of Kubernetes itself.
    """

    kube_version: str = KUBE_VERSION
    api_versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseInputs:
    """`values` has one entry for each of `valuesFrom`, in order.

    `archive` is the chart, None where it lies in the tree. `version_label` is build metadata that Flux adds to the
    chart's version (the first 12 digits of an OCI artifact's digest), empty for none. `dependencies` are the archives
    of what `wanted_dependencies` lists, by its keys. `refs` are the trees of other sources that files of values lie in: what
    is read there is in the trace.
    """

    values: tuple[ValuesSource, ...] = ()
    archive: Archive | None = None
    version_label: str = ""
    dependencies: Mapping[str, Archive] = field(default_factory=dict)
    facts: ClusterFacts = field(default_factory=ClusterFacts)
    refs: Mapping[str, TreeReader] = field(default_factory=dict)


def fingerprint(inputs: ReleaseInputs) -> dict[str, Any]:
    """All of it as JSON, for a content key: the same on every machine."""
    return {
        "values": msgspec.to_builtins(inputs.values),
        "archive": inputs.archive.digest if inputs.archive else None,
        "version label": inputs.version_label,
        "dependencies": {key: archive.digest for key, archive in inputs.dependencies.items()},
        "facts": msgspec.to_builtins(inputs.facts),
    }
