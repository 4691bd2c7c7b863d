"""The plan as JSON: the stable interface for other programs.

`docs/plan.schema.json` describes it. Within one `schema` number keys are only added, never renamed or dropped.
"""

import json
import re
from typing import Any

import msgspec

from bot.model.plan import (
    Counts,
    FieldChange,
    FieldOp,
    MaterialChange,
    ObjectChange,
    Plan,
    Side,
    TargetPlan,
)
from bot.model.rendering import Diagnostic, Material
from bot.report import view
from bot.report.phrases import material_name
from bot.report.stays import Stay, staying

SCHEMA = 1

_HALVES = re.compile("[\ud800-\udfff]")


def plan_json(plan: Plan) -> str:
    """One indented document, ending in a line end."""
    data = plan_data(plan)
    try:
        text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
    except UnicodeEncodeError:
        # NB: names of files that are no UTF-8 carry halves of characters, which no JSON reader has to accept.
        text = _HALVES.sub("\ufffd", json.dumps(data, indent=2, ensure_ascii=False))
    return text + "\n"


def plan_data(plan: Plan) -> dict[str, Any]:
    stays = staying(plan)
    return {
        "schema": SCHEMA,
        "base": _side(plan.base),
        "head": _side(plan.head),
        "targets": [_target(target, stays.get(target.target.id)) for target in plan.targets],
        "totals": _counts(view.plan_counts(plan)),
        "protections": [{"name": p.name, "active": p.active, "detail": p.detail} for p in plan.protections],
        "diagnostics": [_diagnostic(d) for d in plan.diagnostics],
    }


def _side(side: Side) -> dict[str, Any]:
    return {"label": side.label, "sha": side.sha, "tree": side.tree}


def _target(planned: TargetPlan, stay: Stay | None) -> dict[str, Any]:
    target = planned.target
    origin = {"movedFrom": planned.moved_from} if planned.moved_from else {}
    return origin | {
        "name": target.id.name,
        "cluster": target.id.cluster,
        "path": target.path,
        "renderer": target.renderer.value,
        "engine": target.engine.value,
        "found": target.origin.found.value,
        "status": planned.status.value,
        "counts": _counts(view.counts(planned, stay)),
        "objects": [_object(change) for change in planned.changes],
        "materials": [_material(change) for change in planned.materials],
        "declared": [_field(field) for field in planned.declared],
        "diagnostics": [_diagnostic(d) for d in planned.diagnostics],
    }


def _material(change: MaterialChange) -> dict[str, Any]:
    def side(material: Material | None) -> dict[str, str] | None:
        return {"version": material.version, "digest": material.digest} if material else None

    return {"name": material_name(change), "old": side(change.old), "new": side(change.new)}


def _object(change: ObjectChange) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "action": change.action.value,
        "apiVersion": change.api_version,
        "kind": change.id.kind,
        "namespace": change.id.namespace,
        "name": change.id.name,
    }
    names = {"oldName": change.old_name, "fromTarget": change.from_target, "toTarget": change.to_target}
    shown |= {key: name for key, name in names.items() if name is not None}
    shown |= {"hook": change.hook} if change.hook else {}
    return shown | {"fields": [_field(field) for field in change.fields]}


def _field(field: FieldChange) -> dict[str, Any]:
    shown: dict[str, Any] = {"path": field.path, "op": field.op.value}
    if field.op is not FieldOp.ADD:
        shown["old"] = field.old
    if field.op is not FieldOp.REMOVE:
        shown["new"] = field.new
    return shown


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "file": diagnostic.file,
        "line": diagnostic.line,
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "added": counts.added,
        "changed": counts.changed,
        "removed": counts.removed + counts.left,
        "moved": counts.moved,
        "left": counts.left,
    }
