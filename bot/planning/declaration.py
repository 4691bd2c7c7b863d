"""What differs in the declaration of a release: known even where nobody can say what becomes of its objects.

It is told in the words of the manifests: the fields of the object that declares the release, those of the source that
its chart comes from, and the keys that its values are read from.
"""

import re
from dataclasses import replace
from typing import Any

from bot.diff.fields import compare_fields
from bot.diff.generated import stem
from bot.model.objects import Manifest
from bot.model.plan import FieldChange
from bot.model.release import Chart, ChartKind
from bot.planning.expansion import Traced

_OF_OTHERS = re.compile(r'^\["([^"\\]+)"\]\.?')
"""A field of another object than the release's own begins with its kind and name."""


def declared_changes(before: Traced | None, after: Traced | None) -> tuple[FieldChange, ...]:
    """Nothing for a target that is no release, or that one side does not have."""
    old, new = _declaration(before), _declaration(after)
    changes = compare_fields(old, new) if old and new else ()
    own_first = sorted(changes, key=lambda change: change.path.startswith("["))
    return tuple(replace(c, path=_OF_OTHERS.sub(r"\1: ", c.path).removesuffix(": ")) for c in own_first)


def _declaration(traced: Traced | None) -> Manifest:
    if traced is None or traced.target.release is None or traced.found is None:
        return {}
    spec = traced.found.manifest.get("spec")
    # Values that come or go are told one by one.
    told: Manifest = {"spec": {"values": {}, **spec} if isinstance(spec, dict) else spec}
    settings = traced.target.flux
    if settings is not None and settings.source is not None:
        told[str(settings.source)] = _source(traced.target.release.chart)
    for source in traced.values:
        if source.text is not None:
            held = told.setdefault(f"{source.entry.kind} {stem(source.entry.name) or source.entry.name}", {})
            held[source.entry.key] = source.text
    return told


def _source(chart: Chart) -> dict[str, Any]:
    """The fields of the source that say which chart it is."""
    if chart.kind is ChartKind.TREE:
        return {}
    ref = {"tag": chart.tag, "digest": chart.digest, "semver": chart.version} if chart.is_artifact else {}
    fields = {"url": chart.url, "ref": {name: value for name, value in ref.items() if value}}
    return {"spec": {name: value for name, value in fields.items() if value}}
