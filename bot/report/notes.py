"""What is said of an object beside its name: where it was before, when a hook runs, whether it stays."""

from bot.model.plan import Action, ObjectChange
from bot.report import phrases
from bot.report.stays import Stay


def notes(change: ObjectChange, *, is_hook: bool, stay: Stay | None = None) -> str:
    """What is to be said of an object beside its name, empty for most. Holds names of others.

    `stay` is why nothing of its target is deleted.
    """
    hook = f"hook: {change.hook}" if is_hook else ""
    is_left = stay is not None and change.action is Action.REMOVED and not is_hook
    left = f"no longer declared; it stays, because {phrases.STAYS[stay]}" if stay and is_left else ""
    is_within = change.action is Action.MOVED and not (change.from_target or change.to_target)
    fate = f"stays, because {phrases.STAYS[stay]}" if stay else "is deleted"
    anew = f"made anew, and that one {fate}" if is_within and not is_hook and _is_anew(change) else ""
    return "; ".join(note for note in (hook, _went_where(change), left, anew) if note)


def _went_where(change: ObjectChange) -> str:
    """Where a moved or renamed object was before, or is now; empty for the rest. Holds names of others."""
    if change.from_target:
        return f"taken over from target {change.from_target}"
    if change.to_target:
        return f"handed over to target {change.to_target}"
    if change.action is Action.MOVED:
        name, namespace = _old_place(change)
        if not _is_anew(change):
            return "without a namespace before or now"
        return f"was {namespace}/{name}" if namespace else f"was {name}"
    return f"was {change.old_name}" if change.old_name and change.old_name != change.id.name else ""


def _old_place(change: ObjectChange) -> tuple[str, str]:
    """Name and, where that is another one, namespace."""
    namespaces = (f.old for f in change.fields if f.path == "metadata.namespace")
    return change.old_name or change.id.name, str(next(namespaces, "") or "")


def _is_anew(change: ObjectChange) -> bool:
    """Whether a moved object is another one to the cluster: what names no namespace may be where it was."""
    name, namespace = _old_place(change)
    return name != change.id.name or bool(namespace and change.id.namespace)
