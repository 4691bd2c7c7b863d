"""What an ExternalSecret says of itself: which keys it fetches, into which Secret, and how often.

The Secret it makes is the operator's: it is in no rendering, and must be neither adopted nor pruned. Defaults are
those of the operator, the same for `v1` and `v1beta1`, except that only `v1` knows a refresh policy.
"""

from dataclasses import dataclass
from typing import Any

from bot.model.objects import Manifest, ObjectId

GROUP = "external-secrets.io"
_VERSIONS = frozenset({"v1", "v1beta1"})


@dataclass(frozen=True, slots=True)
class ExternalSecret:
    """`keys` maps a key of the Secret to where its value comes from; `sources` are those that bring keys of their own,
    whose names nobody knows before. `target` is the Secret it makes.
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

    @property
    def owns_target(self) -> bool:
        """Whether the Secret is deleted with it."""
        return self.creation_policy == "Owner"


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
    )


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
