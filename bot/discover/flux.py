"""Flux Kustomizations as targets.

Only what this repository is the source of becomes renderable; the rest is kept as unknown with the reason, never
dropped. Fields whose meaning is not built yet make their target unknown rather than wrong.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic, Severity
from bot.model.target import (
    EngineKind,
    Found,
    Origin,
    PostBuild,
    RendererKind,
    Target,
    TargetId,
    VariablesFrom,
)

KUSTOMIZE_GROUP = "kustomize.toolkit.fluxcd.io"
SOURCE_GROUP = "source.toolkit.fluxcd.io"

_OVERLAY_FIELDS = {
    "targetNamespace": "namespace",
    "namePrefix": "namePrefix",
    "nameSuffix": "nameSuffix",
    "patches": "patches",
    "images": "images",
    "components": "components",
    "commonMetadata": "commonMetadata",
}
_NOT_BUILT = ("decryption", "ignoreMissingComponents", "buildMetadata")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class FluxObject:
    """A Flux object and where it was read: a file, or the rendering of the Kustomization called `parent`."""

    manifest: Manifest
    file: str | None
    line: int | None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class RepositoryIdentity:
    """How a manifest may call this repository: any of its URLs, in any spelling."""

    urls: frozenset[str] = frozenset()

    @classmethod
    def of(cls, urls: Iterable[str]) -> "RepositoryIdentity":
        return cls(frozenset(normal_url(url) for url in urls))


def normal_url(url: str) -> str:
    """One spelling for `https://HOST/PATH.git`, `ssh://git@HOST/PATH` and `git@HOST:PATH`: `host/path`."""
    text = url.strip()
    scp = re.fullmatch(r"(?:[^@/:]+@)?([^/:]+):(?!//)(.+)", text)
    if scp:
        host, path = scp.groups()
    else:
        _, _, rest = text.partition("://")
        authority, _, path = (rest or text).partition("/")
        host = authority.rpartition("@")[2].partition(":")[0]
    return f"{host}/{path.strip('/').removesuffix('.git')}".lower()


def is_kustomization(manifest: Manifest) -> bool:
    return _group(manifest) == KUSTOMIZE_GROUP and manifest.get("kind") == "Kustomization"


def is_source(manifest: Manifest) -> bool:
    return _group(manifest) == SOURCE_GROUP


def is_of_artifact(found: FluxObject) -> bool:
    """Whether its source is made in the cluster, by a generator that may well read this repository."""
    reference = _mapping(_mapping(found.manifest.get("spec")).get("sourceRef"))
    return reference.get("kind") == "ExternalArtifact"


class MalformedFlux(ValueError):
    """A Flux object that lacks what identifies it; the message names the field."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources declared so far, by kind, namespace and name."""

    by_name: Mapping[tuple[str, str, str], Manifest]
    repository: RepositoryIdentity

    @classmethod
    def of(cls, manifests: Iterable[Manifest], repository: RepositoryIdentity) -> "Sources":
        found = {}
        for manifest in manifests:
            metadata = _mapping(manifest.get("metadata"))
            key = (str(manifest.get("kind")), _text(metadata, "namespace"), _text(metadata, "name"))
            found[key] = manifest
        return cls(found, repository)

    def why_foreign(self, kind: str, namespace: str, name: str) -> str:
        """Why the source is not this repository; empty when it is.

        A GitRepository called `flux-system` that is declared nowhere is taken for this repository: an operator or a
        bootstrap outside Git made it from the repository it lies in.
        """
        if kind != "GitRepository":
            return f"its source is the {kind} {namespace}/{name}, which is not a directory of this repository"
        source = self.by_name.get((kind, namespace, name)) or self.by_name.get((kind, "", name))
        if source is None:
            if name == "flux-system":
                return ""
            return f"its source, GitRepository {namespace}/{name}, is not declared in this repository"
        url = _text(_mapping(source.get("spec")), "url")
        if normal_url(url) in self.repository.urls or (name == "flux-system" and not self.repository.urls):
            return ""
        return f"its source, GitRepository {namespace}/{name}, is another repository ({_shown(url)})"


def kustomization_target(found: FluxObject, sources: Sources, cluster: str) -> Target:
    """Read one Kustomization. Raises MalformedFlux where even its name cannot be told."""
    metadata = _mapping(found.manifest.get("metadata"))
    name = _text(metadata, "name")
    if not name:
        raise MalformedFlux("metadata.name is missing or not a string")
    namespace = _text(metadata, "namespace")
    spec = _mapping(found.manifest.get("spec"))
    path = _path(spec.get("path"))
    return Target(
        id=TargetId(cluster, f"{namespace}/{name}" if namespace else name),
        path=path or "",
        renderer=RendererKind.KUSTOMIZE,
        engine=EngineKind.FLUX,
        origin=Origin(Found.FLUX_KUSTOMIZATION, found.file, found.line),
        prune=spec.get("prune") is True,
        wait=spec.get("wait") is True,
        timeout_s=_duration_s(spec.get("timeout")),
        depends_on=_depends_on(spec.get("dependsOn"), namespace),
        overlay=_overlay(spec),
        post_build=_post_build(spec.get("postBuild")),
        unknown_because=_unknown_because(spec, sources, namespace) or ("" if path is not None else _BAD_PATH),
    )


_BAD_PATH = "spec.path must be a path inside the repository"


def _unknown_because(spec: Manifest, sources: Sources, namespace: str) -> str:
    reference = _mapping(spec.get("sourceRef"))
    kind, name = _text(reference, "kind"), _text(reference, "name")
    if not (kind and name):
        return "spec.sourceRef needs a kind and a name"
    foreign = sources.why_foreign(kind, _text(reference, "namespace") or namespace, name)
    if foreign:
        return foreign
    unbuilt = [field for field in _NOT_BUILT if spec.get(field)]
    if unbuilt:
        return f"spec.{unbuilt[0]} is not supported yet"
    wrong = [
        f"spec.{field} must be a {wanted.__name__}"
        for field, wanted in _OVERLAY_TYPES.items()
        if field in spec and not isinstance(spec[field], wanted)
    ]
    return wrong[0] if wrong else _why_no_post_build(spec.get("postBuild"))


_OVERLAY_TYPES: Mapping[str, type] = {
    "targetNamespace": str,
    "namePrefix": str,
    "nameSuffix": str,
    "patches": list,
    "images": list,
    "components": list,
    "commonMetadata": dict,
}


_VARIABLE_KINDS = ("ConfigMap", "Secret")


def _post_build(value: object) -> PostBuild | None:
    """What `spec.postBuild` declares, as far as it can be read."""
    if not isinstance(value, dict):
        return None
    entries = value.get("substituteFrom")
    sources = [
        VariablesFrom(_text(entry, "kind"), _text(entry, "name"), entry.get("optional") is True)
        for entry in map(_mapping, entries if isinstance(entries, list) else ())
    ]
    strategy = _text(value, "substituteStrategy") or "WithVariables"
    return PostBuild(_mapping(value.get("substitute")), tuple(sources), strategy)


def _why_no_post_build(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, dict):
        return "spec.postBuild must be a dict"
    for name, wanted in (("substitute", dict), ("substituteFrom", list)):
        if value.get(name) is not None and not isinstance(value[name], wanted):
            return f"spec.postBuild.{name} must be a {wanted.__name__}"
    post_build = _post_build(value)
    assert post_build is not None
    for index, source in enumerate(post_build.sources):
        if source.kind not in _VARIABLE_KINDS or not source.name:
            return f"spec.postBuild.substituteFrom[{index}] needs a kind (ConfigMap or Secret) and a name"
    if post_build.strategy not in ("WithVariables", "Always"):
        return f"spec.postBuild.substituteStrategy is {post_build.strategy!r}, not WithVariables or Always"
    return ""


def cluster_label(path: str) -> str:
    """The cluster that a path below `clusters/NAME` stands for in the usual layout; empty elsewhere.

    A label for people, to tell targets of one name apart: it grants nothing.
    """
    found = re.match(r"(?:.*/)?clusters/([^/]+)(?:/|$)", path)
    return found[1] if found else ""


def suspended_notice(found: FluxObject) -> tuple[Diagnostic, ...]:
    if _mapping(found.manifest.get("spec")).get("suspend") is not True:
        return ()
    message = "is suspended: Flux applies nothing until it is resumed"
    return (Diagnostic(Severity.NOTICE, message, found.file, found.line),)


def _overlay(spec: Manifest) -> Mapping[str, Any]:
    """What is laid over, and what should be: a change in a field that is not built must not look like no change."""
    unbuilt = {field: spec[field] for field in _NOT_BUILT if spec.get(field)}
    return unbuilt | {ours: spec[theirs] for theirs, ours in _OVERLAY_FIELDS.items() if spec.get(theirs)}


def _path(value: object) -> str | None:
    if value is None:
        return ""
    if not isinstance(value, str):
        return None
    parts: list[str] = []
    for part in value.split("/"):
        if part == "..":
            # Flux joins the path to the artifact's root securely: it cannot climb out of it.
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _depends_on(value: object, namespace: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    names = []
    for entry in map(_mapping, value):
        name, where = _text(entry, "name"), _text(entry, "namespace") or namespace
        if name:
            names.append(f"{where}/{name}" if where else name)
    return tuple(names)


def _duration_s(value: object) -> float:
    parts = _DURATION_PART.findall(value) if isinstance(value, str) else []
    return sum(float(number) * _UNITS_S[unit] for number, unit in parts) or 300.0


def _shown(url: str) -> str:
    """Without user and password, which some write into a URL."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}" if separator else url


def _group(manifest: Manifest) -> str:
    return str(manifest.get("apiVersion", "")).rpartition("/")[0]


def _mapping(value: object) -> Manifest:
    return value if isinstance(value, dict) else {}


def _text(mapping: Manifest, key: str) -> str:
    value = mapping.get(key)
    return value if isinstance(value, str) else ""
