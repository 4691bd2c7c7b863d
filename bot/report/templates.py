"""The words of comments and checks, in files, filled in safely.

The invariant: what a template prints is neutralised as prose unless a filter has already made it code or a fence. A
template that forgets a filter looks plain; it cannot be broken out of.
"""

from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.report import escape, phrases

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

HERE = Path(__file__).parent / "templates"


def fill(template: str, **values: Any) -> str:
    """One template with its values, ending in exactly one line end."""
    return _environment().get_template(template).render(values).strip("\n") + "\n"


@lru_cache(maxsize=1)
def _environment() -> "SandboxedEnvironment":
    # NB: loaded late: `longshore plan` prints text and JSON without it.
    from jinja2 import FileSystemLoader, StrictUndefined  # noqa: PLC0415
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415
    from markupsafe import Markup  # noqa: PLC0415

    def neutral(value: Any) -> Any:
        return value if hasattr(value, "__html__") else Markup(escape.prose(str(value)))  # noqa: S704 - the point

    environment = SandboxedEnvironment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=neutral,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    for name, make in (
        ("code", escape.code),
        ("html_code", escape.html_code),
        ("fence", escape.fence),
        ("link", escape.link),
        ("words", str),
    ):
        environment.filters[name] = partial(_safe, make)
    environment.filters["count"] = lambda number, one, many="": Markup(phrases.count(number, one, many))  # noqa: S704
    return environment


def _safe(make: Any, value: Any, *arguments: str) -> Any:
    from markupsafe import Markup  # noqa: PLC0415 - as above

    return Markup(make(str(value), *arguments))  # noqa: S704 - the filter has just made it safe
