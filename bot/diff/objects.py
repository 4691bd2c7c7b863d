"""What happened between two renderings of one target, object by object.

Objects are matched by identity first, then as one generated name for another, then as equal content under another
name. The invariant: every object that is on one side only, or differs, is in exactly one change.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable

from bot.diff.fields import compare_fields, fields_of
from bot.diff.generated import stem
from bot.diff.images import images_between
from bot.model.danger import loss_of
from bot.model.manifests import canonical_json
from bot.model.objects import Object, ObjectId
from bot.model.plan import Action, FieldChange, FieldOp, ObjectChange
from bot.model.rendering import MaskedRendering

_HOOK = "helm.sh/hook"

Objects = dict[ObjectId, Object]


def compare(base: MaskedRendering | None, head: MaskedRendering | None) -> tuple[ObjectChange, ...]:
    """The changes sorted by identity. None stands for a target that does not exist on that side."""
    if base is not None and head is not None and base.digest == head.digest:
        return ()
    old: Objects = {} if base is None else {o.id: o for o in base.objects}
    new: Objects = {} if head is None else {o.id: o for o in head.objects}
    changes = [_changed(old[i], new[i]) for i in old.keys() & new.keys()]
    gone = {i: o for i, o in old.items() if i not in new}
    come = {i: o for i, o in new.items() if i not in old}
    changes += [_regenerated(before, after) for before, after in _pairs(gone, come, _stem)]
    changes += [_moved(before, after) for before, after in _pairs(gone, come, _content)]
    changes += [ObjectChange(Action.REMOVED, o.id, o.api_version, hook=_hook(o)) for o in gone.values()]
    changes += [_added(o) for o in come.values()]
    return tuple(sorted((c for c in changes if c is not None), key=lambda c: (c.id, c.action)))


def _changed(old: Object, new: Object) -> ObjectChange | None:
    if old.manifest is new.manifest:
        return None
    fields = compare_fields(old.manifest, new.manifest)
    if not fields:
        return None
    images = images_between(old.manifest, new.manifest, fields)
    return ObjectChange(Action.CHANGED, new.id, new.api_version, fields, hook=_hook(new), images=images)


def _added(new: Object) -> ObjectChange:
    return ObjectChange(Action.ADDED, new.id, new.api_version, fields_of(new.manifest), hook=_hook(new))


def _hook(item: Object) -> str:
    """When Helm runs the object, as `pre-install, pre-upgrade`; empty for what is no hook."""
    annotations = item.manifest["metadata"].get("annotations")
    value = annotations.get(_HOOK) if isinstance(annotations, dict) else None
    if not isinstance(value, str):
        return ""
    return ", ".join(event for part in value.split(",") if (event := part.strip().lower()))


def _pairs(
    gone: Objects, come: Objects, alike: Callable[[Object], Hashable | None]
) -> Iterable[tuple[Object, Object]]:
    """Objects that went and came under equal marks, taken out of both; several of one mark pair up in order."""
    if not (gone and come):
        return
    kinds = {(i.group, i.kind) for i in gone} & {(i.group, i.kind) for i in come}
    waiting: dict[Hashable, list[ObjectId]] = defaultdict(list)
    for i in sorted(gone, reverse=True):
        if (i.group, i.kind) in kinds and (mark := alike(gone[i])) is not None:
            waiting[mark].append(i)
    for i in sorted(come):
        if (i.group, i.kind) in kinds and (mark := alike(come[i])) is not None and waiting.get(mark):
            yield gone.pop(waiting[mark].pop()), come.pop(i)


def _stem(item: Object) -> Hashable | None:
    name = stem(item.id.name)
    return (item.id.group, item.id.kind, item.id.namespace, name) if name else None


def _content(item: Object) -> Hashable | None:
    """Everything but name and namespace. Where a new name costs what the old one kept, nothing counts as moved."""
    if loss_of(item.id) is not None:
        return None
    metadata = {k: v for k, v in item.manifest["metadata"].items() if k not in {"name", "namespace"}}
    return hashlib.sha256(canonical_json(item.manifest | {"metadata": metadata})).digest()


def _regenerated(old: Object, new: Object) -> ObjectChange:
    fields = tuple(f for f in compare_fields(old.manifest, new.manifest) if f.path != "metadata.name")
    return ObjectChange(
        Action.CHANGED, new.id, new.api_version, fields, old_name=old.id.name, hook=_hook(new)
    )


def _moved(old: Object, new: Object) -> ObjectChange:
    places = (
        ("metadata.name", old.id.name, new.id.name),
        ("metadata.namespace", old.id.namespace, new.id.namespace),
    )
    fields = tuple(
        FieldChange(path, FieldOp.REPLACE, before, after) for path, before, after in places if before != after
    )
    return ObjectChange(Action.MOVED, new.id, new.api_version, fields, old_name=old.id.name, hook=_hook(new))
