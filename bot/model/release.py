"""A Helm release as declared: which chart, which values, and what else its objects depend on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ChartKind(StrEnum):
    """Where a chart lies."""

    TREE = "tree"
    """A directory or an archive of the repository that is planned, or of the target's `source`."""
    REPOSITORY = "repository"
    """A Helm repository: an index over HTTP."""
    OCI = "oci"
    """A registry."""


@dataclass(frozen=True, slots=True)
class GitRef:
    """What a GitRepository follows; the first of commit, name, semver, tag and branch that is given. Empty: `master`.

    `revision` is for Argo CD, and alone: a tag, a branch or a commit, the first that there is; `HEAD` is the default branch.
    """

    branch: str = ""
    tag: str = ""
    semver: str = ""
    name: str = ""
    commit: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as a manifest names it; which version that is today is for `bot/registry` to say.

    `name` is the chart's name in a Helm repository, or its path in `TREE`, without slashes at its ends; empty for
    `OCI`, where `url` (`oci://HOST/PATH`) names it whole. `version` is a version or a range of versions, empty for the
    newest. `digest` (`sha256:...`) wins over `tag`, which wins over `version`; both are for `OCI` only. `values_files`
    replace the chart's own `values.yaml`; their paths are relative to the source's root for `TREE`, to the chart
    otherwise. `is_artifact` is set where an OCIRepository names the chart: then `version` is its `ref.semver`, which wins
    over `tag`. `is_insecure` asks for plain HTTP. `secret` names the Secret that Flux logs in with, empty for none.
    `has_revision` is set where the first 12 digits of the source's commit become part of the chart's version.
    """

    kind: ChartKind
    name: str = ""
    url: str = ""
    version: str = ""
    tag: str = ""
    digest: str = ""
    is_artifact: bool = False
    is_insecure: bool = False
    values_files: tuple[str, ...] = ()
    ignore_missing_values_files: bool = False
    has_revision: bool = False
    secret: str = ""


@dataclass(frozen=True, slots=True)
class ValuesFrom:
    """Values that a ConfigMap or Secret of the release's own namespace holds.

    Without `target_path` the key holds a YAML document that is merged; with it, one value for that path in the grammar
    of `helm --set`, taken verbatim where `is_literal`.
    """

    kind: str
    name: str
    key: str = "values.yaml"
    target_path: str = ""
    is_optional: bool = False
    is_literal: bool = False


@dataclass(frozen=True, slots=True)
class ValuesFile:
    """A file by its path from the root of the source `ref`; without one it lies where the chart does.

    `is_pattern`: the path is a pattern for files of a chart that is not at hand yet. `is_remote`: it is a URL.
    """

    path: str
    ref: str = ""
    is_pattern: bool = False
    is_remote: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value for the path `name` in the grammar of `helm --set`, of `--set-string` where it `is_text`.

    With a `file` the value is what that holds, taken verbatim.
    """

    name: str
    value: str = ""
    is_text: bool = False
    file: ValuesFile | None = None


class CrdPolicy(StrEnum):
    """What becomes of the objects in a chart's `crds/` directory."""

    SKIP = "Skip"
    CREATE = "Create"
    CREATE_REPLACE = "CreateReplace"


@dataclass(frozen=True, slots=True)
class Release:
    """`name` and `namespace` are the release's own, as Helm gets them; `home` is the namespace of the HelmRelease itself.

    `values` win over `values_from` without a path; those are looked up in `home`.

    `post_renderers` are kustomizations (`patches`, `images`) laid over what the chart renders to, in order.
    `labels` are put on every object by the controller that makes the release. `skips_schema` is set where an install
    or an upgrade does not hold the values against the chart's `values.schema.json`; `has_hooks` unless both leave them out.

    Argo CD's own: `values` win over `values_files` in their order, of which missing ones are passed over where
    `ignores_missing_files`; `parameters` win over both. `kube_version` and `api_versions` stand in for the cluster's where
    they are set, and `skips_tests` leaves out the objects that run for `helm test`.
    """

    name: str
    namespace: str
    chart: Chart
    home: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    values_from: tuple[ValuesFrom, ...] = ()
    post_renderers: tuple[Mapping[str, Any], ...] = ()
    post_render_strategy: str = "nohooks"
    common_metadata: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    install_crds: CrdPolicy = CrdPolicy.CREATE
    upgrade_crds: CrdPolicy = CrdPolicy.SKIP
    has_hooks: bool = True
    creates_namespace: bool = False
    skips_schema: bool = False
    values_files: tuple[ValuesFile, ...] = ()
    ignores_missing_files: bool = False
    parameters: tuple[Parameter, ...] = ()
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    skips_tests: bool = False
