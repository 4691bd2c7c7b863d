"""Recognises secrets by what they are called and by what they look like.

Wherever it is in doubt it says yes: a value masked for nothing costs a reader a glance, a secret posted costs the
secret. Every pattern is bounded or anchored so that hostile text of any size is scanned in linear time.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

UNKEYED_MARK = "<masked>"
MIN_CHARS = 6

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_PASSWORDS = frozenset({"password", "passwords", "passwd", "passphrase", "pwd", "pass", "htpasswd"})
_LONE = _PASSWORDS | {
    "token", "tokens", "secret", "credential", "credentials", "apikey", "apikeys", "secretkey", "privatekey",
    "accesskey", "dockerconfigjson", "authtoken", "accesstoken", "clientsecret", "dockercfg",
}  # fmt: skip
_ENDINGS = ("password", "passwd", "passphrase", "apikey", "token")
_KEY_OWNERS = frozenset({
    "api", "secret", "private", "access", "signing", "encryption", "master", "shared", "auth", "account",
    "storage", "license", "ssh", "deploy", "hmac", "session",
})  # fmt: skip
_TAILS = frozenset({"value", "base", "b", "txt", "plain", "text", "raw", "string", "hash", "data", "default"})
_SECRET_NAMERS = frozenset({
    "existing", "pull", "tls", "ca", "ssl", "cert", "certificate", "checksum", "sha", "external", "user", "users",
})  # fmt: skip


@lru_cache(maxsize=4096)
def says_secret(name: str) -> bool:
    """Whether a field, variable or key of this name holds a secret itself, not the name or place of one.

    The last word decides: `dbPassword` and `API_KEY` do, `passwordSecretRef`, `tokenExpirationSeconds` and
    `existingSecret` do not.
    """
    words = _words(name)
    if not words:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last == "secret":
        # In an annotation (`…/auth-secret`) it is the name of a Secret.
        return before not in _SECRET_NAMERS and "/" not in name
    if last in {"key", "keys"}:
        return before in _KEY_OWNERS
    return (last in _LONE or last.endswith(_ENDINGS)) and "checksum" not in words


@lru_cache(maxsize=1024)
def says_password(name: str) -> bool:
    """A name so plain that even a number below it is a secret."""
    words = _words(name)
    return bool(words) and (words[-1] in _PASSWORDS or words[-1].endswith("password"))


@lru_cache(maxsize=1024)
def says_secrets(name: str) -> bool:
    """A name for a collection of secrets: what lies directly below it is one, whatever its key."""
    words = _words(name)
    return bool(words) and words[-1] in {"passwords", "tokens", "apikeys", "credentials"}


def _words(name: str) -> list[str]:
    words = [word.lower() for word in _WORD.findall(name[-120:])]
    while words and (words[-1] in _TAILS or words[-1].isdigit()):
        words.pop()
    return words


@dataclass(frozen=True, slots=True)
class _Pattern:
    """`hints` are cheap to look for; without one of them in the text the pattern cannot match."""

    hints: tuple[str, ...]
    regex: re.Pattern[str]
    group: int = 0


_PATTERNS = (
    _Pattern(
        ("PRIVATE KEY",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----.*?(?:-----END [A-Z0-9 ]{0,60}-----|\Z)", re.DOTALL
        ),
    ),
    _Pattern(("AGE-SECRET-KEY-",), re.compile(r"AGE-SECRET-KEY-[A-Z0-9-]{8,}")),
    _Pattern(("gh",), re.compile(r"(?<![A-Za-z0-9])gh[a-z]_[A-Za-z0-9]{16,}")),
    _Pattern(("github_pat_",), re.compile(r"github_pat_[A-Za-z0-9_]{16,}")),
    _Pattern(("gl",), re.compile(r"(?<![A-Za-z0-9])gl[a-z]{2,6}-[\w.-]{16,}")),
    _Pattern(("xox", "xapp-"), re.compile(r"(?<![A-Za-z0-9])(?:xox[a-z]|xapp)-[\w-]{8,}")),
    _Pattern(("hooks.slack.com",), re.compile(r"hooks\.slack\.com/(?:services|workflows)/([\w/-]{8,})"), 1),
    _Pattern(("AKIA", "ASIA"), re.compile(r"(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])")),
    _Pattern(("AIza",), re.compile(r"(?<![A-Za-z0-9])AIza[\w-]{35}")),
    _Pattern(
        ("npm_", "hvs.", "dckr_", "sk_live_", "rk_live_", "sk-", "SG.", "pypi-", "whsec_"),
        re.compile(
            r"(?<![\w-])(?:npm_|hvs\.|dckr_[a-z]{2,4}_|[sr]k_live_|sk-(?:[a-z]{2,8}-)?|SG\.|pypi-|whsec_)"
            r"[\w.-]{20,}"
        ),
    ),
    _Pattern(("eyJ",), re.compile(r"(?<![A-Za-z0-9])eyJ[\w-]{8,}+\.[\w-]{8,}+\.[\w-]*")),
    _Pattern(
        ("://",),
        re.compile(r"(?<![A-Za-z0-9])(?!ssh://git@|git\+ssh://git@)[A-Za-z][A-Za-z0-9+.-]{0,30}://([^\s/?#\"'<>]{1,1024})@"),
        1,
    ),
    _Pattern(("@tcp(", "@unix("), re.compile(r"(?<![^\s\"'=])[\w.-]{1,64}:([^\s\"']{1,256})@(?:tcp|unix)\("), 1),
    _Pattern(
        ("uthorization", "UTHORIZATION", "earer", "EARER", "asic"),
        re.compile(r"(?i)(?:authorization[\"']?\s{0,8}[:=]\s{0,8}[\"']?(?:bearer|basic|token)|\bbearer|\bbasic)"
                   r"\s{1,8}(?=[\w.~+/=-]{0,256}[0-9=_])([\w.~+/=-]{12,})"),
        1,
    ),
)  # fmt: skip

_BY_HINT = tuple((hint, pattern) for pattern in _PATTERNS for hint in pattern.hints)

# `name: value`, `name=value`, `"name": "value"`, `--name value`. A name is tried from its first letter only, and the
# value is looked at only where the name says secret: `a:a:a:...` must not be read over and over.
_ASSIGNMENT = re.compile(
    r"""(?<![\w.-])(?P<name>[\w.-]{2,120}+)["']?(?:[ \t]{0,8}[:=][ \t]{0,8}|(?<=[A-Za-z])[ \t]{1,4}(?=[^\s:=-]))"""
)
_ASSIGNED = re.compile(
    r""""(?:[^"\\\n]|\\.){0,8192}"|'[^'\n]{0,8192}'"""
    r"""|(?:\$\([^)\s]{0,200}\)|\$\{[^}\s]{0,200}\}|\{\{[^}\n]{0,200}\}\}|[^\s"',;&)}\]]){1,8192}"""
)
_NEAR_CHARS = 200
_LINE_START = re.compile(r"[ \t-]{0,200}(?:export )?")
_LINE_REST = re.compile(r"[^\r\n]*")
_BLOCK = re.compile(r"[|>][+-]?[0-9]?[+-]?")
_SAYS_SECRET = re.compile(
    r"(?i)pass(?:word|wd|phrase)|\bpass\b|_pass\b|pwd|token|secret|credential|api[_.-]?key|[a-z][_.-]?keys?\b"
)
_REFERENCE = re.compile(
    r"\$\([\w.-]+\)|\${1,2}\{\w+\}|\$\w+|\$__\w+\{[^}]*\}|\{\{[^\"'`]*\}\}|true|false|null|none|[|>][+-]?|[&*!]\S*|\[|\{"
)
_SECRET_MANIFEST = re.compile(r"""(?m)^[ \t-]{0,40}["']?kind["']?[ \t]{0,8}:[ \t]{0,8}["']?Secret["']?[ \t]{0,40},?\r?$|["']kind["']\s{0,8}:\s{0,8}["']Secret["']""")  # fmt: skip


def is_reference(value: str) -> bool:
    """A value that stands for another one (`$(TOKEN)`, `{{ .token }}`), or cannot be a secret."""
    return not value or _REFERENCE.fullmatch(value) is not None


def holds_secret_manifest(text: str) -> bool:
    """Text, not data, that declares a Secret: a manifest in a ConfigMap, say."""
    return "Secret" in text and "kind" in text and _SECRET_MANIFEST.search(text) is not None


def credential_spans(text: str) -> list[tuple[int, int]]:
    """Where in the text secrets stand; spans may overlap."""
    return [] if len(text) < MIN_CHARS else [*looking_spans(text), *_assigned(text)]


def replace_spans(text: str, spans: Iterable[tuple[int, int]], mark: Callable[[str], str]) -> str:
    """The text with `mark` of what stood there in place of every span, overlapping spans taken as one."""
    pieces: list[str] = []
    at = 0
    for start, end in _merged(spans):
        pieces += (text[at:start], mark(text[start:end]))
        at = end
    return "".join((*pieces, text[at:])) if pieces else text


def scrub(text: str) -> str:
    """Free text (an error, a program's output) without anything that looks like a credential."""
    return replace_spans(text, credential_spans(text), lambda _: UNKEYED_MARK)


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def looking_spans(text: str) -> Iterator[tuple[int, int]]:
    """Only what gives itself away by its shape, whatever it is called."""
    for hint, pattern in _BY_HINT:
        if hint in text:
            for match in pattern.regex.finditer(text):
                yield match.span(pattern.group)


def _assigned(text: str) -> Iterator[tuple[int, int]]:
    if _SAYS_SECRET.search(text) is None:
        return
    at = 0
    while match := _ASSIGNMENT.search(text, at):
        at = match.end()
        span = _value_span(text, match) if _assigns(match) else None
        if span is None:
            continue
        if not is_reference(text[slice(*span)]):
            yield span
        at = max(at, span[1])


def _value_span(text: str, match: re.Match[str]) -> tuple[int, int] | None:
    at = match.end()
    value = _ASSIGNED.match(text, at)
    if value is None:
        return None
    if text[at] in "\"'":
        return at + 1, value.end() - 1
    is_block = _BLOCK.fullmatch(value[0]) is not None
    before = _line_before(text, match.start())
    if before is None or match["name"].startswith("-") or (is_reference(value[0]) and not is_block):
        return value.span()
    if is_block:
        indent = len(before)
        below = re.compile(rf"[ \t]*(?:\r?\n(?:[ \t]{{{indent + 1}}}[^\n]*|[ \t]*(?=\r?\n)))+").match(
            text, value.end()
        )
        return (value.end(), below.end()) if below else None
    # Alone on its line a bare value may hold spaces and anything else.
    return at, _LINE_REST.match(text, at).end()  # type: ignore[union-attr]  # it matches anything


def _line_before(text: str, at: int) -> str | None:
    """The indentation, dash or `export` in front of what begins a line, None where it does not begin one."""
    near = max(0, at - _NEAR_CHARS)
    line = text.rfind("\n", near, at) + 1 or near
    begins = (line == 0 or text[line - 1] == "\n") and _LINE_START.fullmatch(text, line, at)
    return text[line:at] if begins else None


def _assigns(match: re.Match[str]) -> bool:
    name = match["name"]
    # Prose says "the token is"; only an option (`--token abc`) has its value behind a space.
    return says_secret(name) and (name.startswith("-") or match[0][len(name) :].strip("\"' \t") != "")
