"""What templates call: the words inside `{{ }}`, without what stands in quotes and comments.

It understands nothing of a template but where a name stands; everything else is for Helm to say.
"""

import re
from collections.abc import Iterator, Mapping

VOLATILE = frozenset(
    [
        "ago",
        "bcrypt",
        "encryptAES",
        "genCA",
        "genCAWithKey",
        "genPrivateKey",
        "genSelfSignedCert",
        "genSelfSignedCertWithKey",
        "genSignedCert",
        "genSignedCertWithKey",
        "htpasswd",
        "now",
        "randAlpha",
        "randAlphaNum",
        "randAscii",
        "randBytes",
        "randInt",
        "randNumeric",
        "shuffle",
        "uuidv4",
    ]
)
"""Functions whose result is another one each time."""

LOOKUP, API_VERSIONS = "lookup", ".Capabilities.APIVersions"
_FAR_FUTURE = '(toDate "2006-01-02 15:04:05" "2033-11-22 13:24:35")'
_ACTION = re.compile(r"\{\{")
_TOKEN = re.compile(r"[.$]?[A-Za-z_][\w.]*|\}\}|.", re.DOTALL)
_NAME = re.compile(r"[.$]?[A-Za-z_][\w.]*")
_QUOTED = re.compile(r'"[^"\\\n]*(?:\\.[^"\\\n]*)*')
_MOST_CHARS = 1024 * 1024


def words(text: str) -> set[str]:
    """Every name that an action of the text holds: functions, fields with their dots, variables with their `$`."""
    return {word for word, _ in _names(text)}


def asks_for(text: str, names: frozenset[str]) -> frozenset[str]:
    """Which of the functions or fields the text names; a field may stand anywhere in a chain, `$.Capabilities.X`."""
    named = frozenset(name for name in names if name in text)
    if not named or len(text) > _MOST_CHARS:
        return named
    found = words(text)
    return frozenset(
        name for name in names if name in found or (name[0] == "." and any(name in word for word in found))
    )


def at_another_time(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those files that call `now`, so changed that it is another day. Two renderings of one second tell nothing."""
    changed: dict[str, bytes] = {}
    for path, data in files.items():
        if b"now" not in data:
            continue
        text = data.decode("utf-8", "surrogateescape")
        places = [at for word, at in _names(text) if word == "now"]
        if places:
            ends = [0, *(at + len("now") for at in places)]
            parts = [text[end:at] for end, at in zip(ends, [*places, len(text)], strict=True)]
            changed[path] = _FAR_FUTURE.join(parts).encode("utf-8", "surrogateescape")
    return changed


def _names(text: str) -> Iterator[tuple[str, int]]:
    """Ends where a quote or comment has no end: Helm parses nothing of such a text."""
    at = 0
    while (action := _ACTION.search(text, at)) is not None:
        at = action.end()
        while (token := _TOKEN.match(text, at)) is not None:
            behind = _behind_quote(text, at) if token[0] in '"`/' else token.end()
            if behind is None:
                return
            at = behind
            if token[0] == "}}":
                break
            if _NAME.fullmatch(token[0]):
                yield token[0], token.start()


def _behind_quote(text: str, at: int) -> int | None:
    """Where the quote or comment that begins here ends; None where it does not."""
    if text[at] == '"':
        match = _QUOTED.match(text, at)
        assert match is not None
        return match.end() + 1 if text[match.end() : match.end() + 1] == '"' else None
    if text[at] == "/" and text[at + 1 : at + 2] != "*":
        return at + 1
    close = "`" if text[at] == "`" else "*/"
    end = text.find(close, at + len(close))
    return end + len(close) if end >= 0 else None
