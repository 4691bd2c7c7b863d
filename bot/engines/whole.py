"""What may be applied at all: only a rendering that is whole. Pure."""

from bot.errors import UserError
from bot.model.rendering import Hole, MaskedRendering, Rendering, Severity

_NAMED = 5


class NotWhole(UserError):
    """The target did not render, or has `holes`: values that nobody here knows. It is planned, and not applied in part."""

    def __init__(self, message: str, *, holes: tuple[Hole, ...] = ()) -> None:
        super().__init__(message)
        self.holes = holes


def require_whole(rendering: Rendering | MaskedRendering) -> None:
    """Raises `NotWhole`, with every reason that fits a sentence."""
    if rendering.failed:
        reasons = [d.message for d in rendering.diagnostics if d.severity is Severity.ERROR]
        raise NotWhole(f"the target cannot be rendered: {reasons[0]}")
    holes = tuple(dict.fromkeys(rendering.holes))
    if not holes:
        return
    count = f"{len(holes)} of its values are" if len(holes) > 1 else "one of its values is"
    named = "; ".join(_told(hole) for hole in holes[:_NAMED])
    more = f"; and {len(holes) - _NAMED} more" if len(holes) > _NAMED else ""
    raise NotWhole(f"{count} not known here, and nothing is applied in part: {named}{more}", holes=holes)


def _told(hole: Hole) -> str:
    return f"{hole.name} in {hole.field} of {hole.object} ({hole.reason})"
