"""What an ExternalSecret says of itself, and what is wrong with one: which keys it fetches, into which Secret, how often.

The Secret it makes is the operator's: it is in no rendering, and must be neither adopted nor pruned. Defaults are
those of the operator, the same for `v1` and `v1beta1`, except that only `v1` knows a refresh policy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.model.objects import Manifest, ObjectId
from bot.model.rendering import Diagnostic, Severity

GROUP = "external-secrets.io"
_STORES = ("SecretStore", "ClusterSecretStore")
_VERSIONS = frozenset({"v1", "v1beta1"})


@dataclass(frozen=True, slots=True)
class ExternalSecret:
    """`keys` maps a key of the Secret to where its value comes from; `sources` are those that bring keys of their own,
    whose names nobody knows before. `target` is the Secret it makes. `problems` are why the operator refuses it, if
    this is the whole object and not a patch.
    """

    id: ObjectId
    target: ObjectId
    store: str
    keys: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]
    template_keys: tuple[str, ...]
    refresh_policy: str
    refresh_interval: str
    creation_policy: str
    deletion_policy: str
    problems: tuple[str, ...] = ()


def describe_external(manifest: Manifest) -> ExternalSecret | None:
    """None for any other object or version, and for one that has no identity."""
    try:
        found = ObjectId.of(manifest)
    except ValueError:
        return None
    version = str(manifest["apiVersion"]).rpartition("/")[2]
    if (found.group, found.kind) != (GROUP, "ExternalSecret") or version not in _VERSIONS:
        return None
    spec = _mapping(manifest.get("spec"))
    target = _mapping(spec.get("target"))
    store = _mapping(spec.get("secretStoreRef"))
    return ExternalSecret(
        found,
        target=ObjectId("", "Secret", found.namespace, str(target.get("name") or found.name)),
        store=f"{store.get('kind') or 'SecretStore'} {store.get('name') or '(none)'}",
        keys=tuple(
            (str(item.get("secretKey")), _remote(item.get("remoteRef"))) for item in _items(spec.get("data"))
        ),
        sources=tuple(_source(item) for item in _items(spec.get("dataFrom"))),
        template_keys=tuple(sorted(_mapping(_mapping(target.get("template")).get("data")))),
        refresh_policy=str(spec.get("refreshPolicy") or "Periodic") if version == "v1" else "Periodic",
        refresh_interval=str(spec.get("refreshInterval") or "1h"),
        creation_policy=str(target.get("creationPolicy") or "Owner"),
        deletion_policy=str(target.get("deletionPolicy") or "Retain"),
        problems=tuple(_problems(spec)),
    )


def judge_external(
    external: ExternalSecret, file: str | None, line: int | None = None
) -> tuple[Diagnostic, ...]:
    """Every verdict on one ExternalSecret that stands there whole."""
    return tuple(
        Diagnostic(Severity.ERROR, f"{external.id}: {problem}", file, line) for problem in external.problems
    )


def _problems(spec: dict[str, Any]) -> Iterator[str]:
    data, sources = _items(spec.get("data")), _items(spec.get("dataFrom"))
    if not (data or sources):
        yield "fetches nothing: it has neither spec.data nor spec.dataFrom"
    store = _mapping(spec.get("secretStoreRef"))
    if store and not store.get("name"):
        yield "spec.secretStoreRef has no name"
    if store.get("kind") not in (None, "", *_STORES):
        yield f"spec.secretStoreRef.kind is neither {' nor '.join(_STORES)}"
    for field, items in (("data", data), ("dataFrom", sources)):
        without = [at for at, item in enumerate(items) if not _has_store(item)]
        if without and not store:
            yield f"names no store: there is no spec.secretStoreRef, and spec.{field}[{without[0]}] has no sourceRef"
    for index, item in enumerate(data):
        if not (item.get("secretKey") and _mapping(item.get("remoteRef")).get("key")):
            yield f"spec.data[{index}] needs a secretKey and a remoteRef.key"
            break
    yield from _policies(_mapping(spec.get("target")))


def _has_store(item: dict[str, Any]) -> bool:
    source = _mapping(item.get("sourceRef"))
    return bool(_mapping(source.get("storeRef")).get("name") or source.get("generatorRef"))


def _policies(target: dict[str, Any]) -> Iterator[str]:
    creation, deletion = target.get("creationPolicy") or "Owner", target.get("deletionPolicy") or "Retain"
    if deletion == "Delete" and creation in ("Merge", "None"):
        yield f"deletionPolicy Delete is refused with creationPolicy {creation}: it does not own the Secret"
    if deletion == "Merge" and creation == "None":
        yield "deletionPolicy Merge is refused with creationPolicy None: there is no Secret to merge with"


def _source(item: dict[str, Any]) -> str:
    if "extract" in item:
        return f"all of {_remote(item['extract'])}"
    if "find" in item:
        return "whatever is found"
    generator = _mapping(_mapping(item.get("sourceRef")).get("generatorRef"))
    return f"{generator.get('kind') or 'a generator'} {generator.get('name') or ''}".strip()


def _remote(value: Any) -> str:
    reference = _mapping(value)
    name = str(reference.get("key") or "")
    return f"{name}.{reference['property']}" if reference.get("property") else name


def _items(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
