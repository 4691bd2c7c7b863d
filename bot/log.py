"""Logs are one JSON object a line, and no secret is in them.

Every line passes the redaction here last, whoever wrote it: structlog, or the standard library in arq and aiohttp.
Redaction is the net below the rooms' own masking, not instead of it. Rooms that `longshore plan` loads log through
`logging` with `extra={...}` (structlog costs 140 ms to import); the processes bind context through structlog.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import IO, Any, Literal

REDACTED = "***"
MAX_VALUE_CHARS = 16_384
MAX_DEPTH = 6
MAX_ITEMS = 100

_SECRET_NAME = re.compile(
    r"(token|secret|password|passwd|passphrase|authorization|api[_-]?key|private[_-]?key|cookie|credential)s?$",
    re.IGNORECASE,
)

# Repetitions are bounded where a pattern could otherwise scan the same text again and again.
_SECRET_VALUES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}-----|\Z)", re.DOTALL),
        REDACTED,
    ),
    (re.compile(r"\bgh[a-z]_[A-Za-z0-9]{8,}"), REDACTED),
    (re.compile(r"\bgithub_pat_\w{8,}"), REDACTED),
    (re.compile(r"\bgl[a-z]{2,6}-[\w.-]{8,}"), REDACTED),
    (re.compile(r"\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}"), REDACTED),
    (re.compile(r"(hooks\.slack\.com/services)/[\w/-]+"), rf"\1/{REDACTED}"),
    (re.compile(r"\bAGE-SECRET-KEY-1[A-Z0-9]+", re.IGNORECASE), REDACTED),
    (re.compile(r"\bAKIA[0-9A-Z]{16}\b"), REDACTED),
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=]{8,}"), REDACTED),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*"), REDACTED),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {REDACTED}"),
    (
        re.compile(r"\b([a-z][a-z0-9+.-]{0,30}://)(?!git@)[^/\s@\"']{1,1024}@", re.IGNORECASE),
        rf"\1{REDACTED}@",
    ),
    (
        re.compile(
            r"((?:token|secret|password|passwd|passphrase|authorization|api[_-]?key|private[_-]?key)"
            r"(?:=|[\"']\s{0,8}:\s{0,8}))(\"[^\"]*\"|'[^']*'|[^\s\"',;&)}\]]+)",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
    ),
)


def redact(text: str) -> str:
    """The text without anything that looks like a credential: tokens, keys, passwords, user info in URLs."""
    for pattern, replacement in _SECRET_VALUES:
        text = pattern.sub(replacement, text)
    return text


def redact_capped(text: str, limit: int = MAX_VALUE_CHARS) -> str:
    """`redact`, cut to `limit` characters. Cuts last, so that half a secret cannot slip through."""
    # A second, generous cut first keeps the patterns off unbounded input.
    clean = redact(text[: limit * 4])
    return clean if len(clean) <= limit else f"{clean[:limit]}… [{len(text) - limit} more]"


def redact_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with secret-looking names and values replaced, at any depth, and everything capped in size."""
    return {name: _clean(name, value, 0) for name, value in fields.items()}


def _clean(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if _SECRET_NAME.search(name):
        return REDACTED
    if isinstance(value, str):
        return redact_capped(value)
    if depth < MAX_DEPTH and isinstance(value, Mapping):
        return {
            redact_capped(str(k)): _clean(str(k), v, depth + 1) for k, v in list(value.items())[:MAX_ITEMS]
        }
    if depth < MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
        return [_clean(name, v, depth + 1) for v in list(value)[:MAX_ITEMS]]
    # Left to the renderer, a repr would come after the redaction.
    return redact_capped(repr(value))


def configure(
    level: str = "info",
    style: Literal["auto", "json", "console"] = "auto",
    stream: IO[str] | None = None,
) -> None:
    """Send every log line of this process, whoever writes it, to `stream` (stderr) in one style.

    `auto` is for people when the stream is a terminal and JSON otherwise.
    """
    import structlog  # noqa: PLC0415 - see the module's docstring

    out = sys.stderr if stream is None else stream
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    to_console = style == "console" or (style == "auto" and out.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=out.isatty())
        if to_console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                _redact_event,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # arq tells every job at INFO what our own step line tells better.
    logging.getLogger("arq").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def _redact_event(_logger: Any, _method: str, event: Any) -> dict[str, Any]:
    return redact_fields(event)
