"""What a manifest needs before it is sent, because server-side apply takes it otherwise amiss.

Invariant: pure, and the manifest given is never changed: what comes back shares its untouched parts.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeVar, cast

from bot.model.objects import Manifest

SERVER_OWNED = (
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
_POD_SPEC_AT: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
}
_BUILT_IN = {"", "apps", "batch"}

T = TypeVar("T")


def normalised(manifest: Manifest, *, namespace: str) -> Manifest:
    """The manifest as it is sent. `namespace` is where it goes: empty for a cluster-scoped kind."""
    result = {key: value for key, value in manifest.items() if key != "status" or _is_crd(manifest)}
    metadata = {k: v for k, v in manifest["metadata"].items() if k not in SERVER_OWNED and k != "namespace"}
    if namespace:
        metadata["namespace"] = namespace
    result["metadata"] = metadata
    return _mended(result)


def _mended(result: Manifest) -> Manifest:
    group = result["apiVersion"].rpartition("/")[0]
    kind = result["kind"]
    if kind == "Secret" and not group:
        return _without_string_data(result)
    if kind == "Service" and not group:
        return _changed(result, ("spec", "ports"), _with_protocols)
    if group in _BUILT_IN and kind in _POD_SPEC_AT:
        return _changed(result, _POD_SPEC_AT[kind], _with_port_protocols)
    if _is_crd(result):
        return _changed(result, ("spec", "conversion", "webhook", "clientConfig"), _without_broken_bundle)
    return result


def _is_crd(manifest: Manifest) -> bool:
    return bool(manifest["kind"] == "CustomResourceDefinition")


def _changed(value: T, path: tuple[str, ...], change: Callable[[Any], Any]) -> T:
    """A copy of `value` with `change` applied at `path`, or `value` itself where the path leads nowhere."""
    if not path:
        return cast(T, change(value))
    if not isinstance(value, dict) or path[0] not in value:
        return value
    return cast(T, {**value, path[0]: _changed(value[path[0]], path[1:], change)})


def _without_string_data(secret: Manifest) -> Manifest:
    """NB: with stringData the server bumps the resourceVersion of an unchanged Secret (kubernetes#118519)."""
    plain = secret.get("stringData")
    if not isinstance(plain, dict):
        return secret
    encoded = {
        key: base64.b64encode(value.encode()).decode() if isinstance(value, str) else value
        for key, value in plain.items()
    }
    data = {**(secret.get("data") or {}), **encoded}
    return {**{k: v for k, v in secret.items() if k != "stringData"}, "data": data}


def _with_protocols(ports: Any) -> Any:
    """NB: protocol is part of the list's merge key, so that its default must be sent (kubernetes#98576)."""
    if not isinstance(ports, list):
        return ports
    return [{"protocol": "TCP", **port} if isinstance(port, dict) else port for port in ports]


def _with_port_protocols(pod_spec: Any) -> Any:
    for containers in ("containers", "initContainers"):
        pod_spec = _changed(pod_spec, (containers,), _each_with_protocols)
    return pod_spec


def _each_with_protocols(containers: Any) -> Any:
    if not isinstance(containers, list):
        return containers
    return [_changed(container, ("ports",), _with_protocols) for container in containers]


def _without_broken_bundle(client_config: Any) -> Any:
    """Generators leave placeholders (`Cg==`) for an injector to fill; the server refuses them."""
    if not isinstance(client_config, dict) or _is_pem(client_config.get("caBundle", "")):
        return client_config
    return {key: value for key, value in client_config.items() if key != "caBundle"}


def _is_pem(bundle: Any) -> bool:
    try:
        return b"-----BEGIN CERTIFICATE-----" in base64.b64decode(bundle, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return False
