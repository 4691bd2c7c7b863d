"""Makes other people's text harmless where it is shown.

Names, values and messages come from pull requests. The invariant: whatever they hold, they stay inside the place they
were given: nobody is mentioned, nothing is linked, closed, hidden or reordered, and no fence ends early.
"""

import html
import re
from urllib.parse import quote

MAX_INLINE_CHARS = 300

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BREAKS = re.compile(r"[\n\t]+")
_MARKUP = re.compile(r"[\\`*_\[\]#|~$!^{}]")
_TERM = re.compile(r"(?<!`)`([\w.:/-](?:[\w.:/= -]{0,158}[\w.:/-])?)`(?!`)")
"""What a message itself puts as code: a setting, a host, a path, a command. Nothing that HTML would read otherwise, nor
what would be a mention or a reference if the code were not taken for code; it neither begins nor ends with a space."""
_APART = "\u200b"
"""Between a sign and what follows, it keeps a forge from reading both as one."""
_REFERENCE = re.compile(
    r"[@#!$%~&^](?=[\w\"'])|\bGH-(?=\d)|(?<=:)(?=//)|\b(?:www|mailto)(?=[.:])", re.IGNORECASE
)


def visible(text: str) -> str:
    """The text with every character that cannot be seen spelled out; line ends and tabs stay."""
    return _INVISIBLE.sub(_spelled, text)


def one_line(text: str, max_chars: int = MAX_INLINE_CHARS) -> str:
    """Visible, on one line, and not endless."""
    line = _BREAKS.sub(" ", visible(text[: max_chars * 2])).strip(" ")
    return line if len(line) <= max_chars else f"{line[: max_chars - 1]}…"


def prose(text: str, max_chars: int = 2000) -> str:
    """As Markdown text that reads as it is written, anywhere but at the start of a line."""
    plain, *rest = _TERM.split(one_line(text, max_chars))
    terms = (f"{code(term)}{_neutral(after)}" for term, after in zip(rest[::2], rest[1::2], strict=True))
    return "".join([_neutral(plain), *terms])


def code(text: str) -> str:
    """As inline code, also in a table, where a bar would start another cell."""
    line = one_line(text).replace("|", "¦") or " "
    ticks = "`" * (_longest_run(line) + 1)
    pad = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def html_code(text: str) -> str:
    """As inline code where Markdown is not read, such as a summary."""
    return f"<code>{html.escape(one_line(text)).replace('@', '@' + _APART)}</code>"


def link(url: str) -> str:
    """As the target of a Markdown link; what is no web address becomes an empty one."""
    return quote(url, safe=":/?#@!$&*+,;=%~-._") if url.startswith(("https://", "http://")) else ""


def fence(text: str, language: str = "") -> str:
    """As a block of code. It must start on a line of its own, outside any list or quotation."""
    body = visible(text).strip("\n")
    ticks = "`" * max(3, _longest_run(body) + 1)
    return f"{ticks}{language}\n{body}\n{ticks}"


def _neutral(text: str) -> str:
    apart = _REFERENCE.sub(lambda match: match[0] + _APART, text)
    return _MARKUP.sub(r"\\\g<0>", html.escape(apart, quote=False))


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _spelled(match: re.Match[str]) -> str:
    number = ord(match[0])
    short = {"\r": "\\r", "\x1b": "\\e", "\x00": "\\0"}.get(match[0])
    return short or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")
