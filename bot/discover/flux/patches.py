"""Patches in the two forms that older versions of Flux had, as the patches that kustomize has today."""

from typing import Any

from bot.model.manifests import canonical_json
from bot.model.objects import Manifest


def patches(fields: Manifest) -> list[dict[str, Any]]:
    """In the order in which kustomize applies them: strategic merges, patches of either form, JSON patches."""
    merges = [{"patch": _written(entry)} for entry in fields.get("patchesStrategicMerge", ())]
    operations = [
        {"patch": _written(entry["patch"]), "target": entry.get("target", {})}
        for entry in fields.get("patchesJson6902", ())
        if "patch" in entry
    ]
    return [*merges, *fields.get("patches", ()), *operations]


def _written(patch: Any) -> str:
    return canonical_json(patch).decode()
