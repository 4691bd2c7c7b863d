"""What Helm says when it fails, without the values that it quotes.

Errors of templates repeat whatever a template put into them, secrets included. What comes through is the place in
the chart, phrases that are known to carry no value, and messages that stand in the chart's own files word for word.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PATH = r"[\w./@+~-]{1,200}"
_NAME = r"[\w./-]{1,120}"
_TYPE = r"[\w.*\[\]{} ]{1,80}?"
_PLACES = re.compile(rf"({_PATH}/(?:templates|crds)/{_PATH}?):(\d+)(?::\d+)?")
_ON_FILE = re.compile(rf"(?:parse error on|parse error at \(?|error unmarshaling) ({_PATH}\.\w+)")
_OWN_MESSAGE = re.compile(
    rf"execution error at \({_PATH}:\d+:\d+\): (.*)|error calling (?:fail|required): (.*)", re.DOTALL
)
_BROKEN = re.compile(rf"parse error at \({_PATH}:\d+\): ([^\n]{{1,200}})")
_PHRASES = re.compile(
    "|".join(
        (
            r"chart requires kubeVersion: [\w.<>=~^|,* +-]{1,120}? which is incompatible with Kubernetes v?[\w.+-]+",
            rf"found in Chart\.yaml, but missing in charts/ directory: {_NAME}(?:, {_NAME})*",
            rf"validation: chart\.metadata\.[\w.]+ (?:is required|\"{_NAME}\" is invalid)",
            r"validation: [a-z][\w .]{1,80}",
            r"Chart\.yaml file is missing|library charts are not installable|invalid semantic version",
            r"at <[^<>\n]{1,120}>|expected \w+; found",
            r"apiVersion '\w{1,20}' is not valid",
            rf"error unpacking subchart {_NAME} in {_NAME}",
            r"cannot load (?:Chart\.yaml|values\.yaml|requirements\.yaml|Chart\.lock)",
            r"values don't meet the specifications of the schema\(s\) in the following chart\(s\)",
            (
                r"at '/?[\w./-]{0,200}': (?:got \w+, want \w+(?: or \w+)*|missing propert(?:y|ies) [\w', .-]{1,200}"
                r"|additional properties [\w', .-]{1,200} not allowed|value must be one of [^\n]{1,200}"
                r"|(?:minimum|maximum|minLength|maxLength|minItems|maxItems): got [\d.]+, want [\d.]+)"
            ),
            rf"function \"{_NAME}\" not defined",
            rf"no template \"{_NAME}\" associated with template \"{_NAME}\"",
            rf"template \"{_NAME}\" not defined",
            rf"nil pointer evaluating {_TYPE}\.\w+",
            rf"can't evaluate field \w+ in type {_TYPE}(?=$|[\n;:])",
            rf"wrong type for value; expected {_TYPE}; got {_TYPE}(?=$|[\n;:])",
            r"wrong number of args for \w+: want (?:at least )?\d+ got \d+",
            r"incompatible types for comparison|invalid type for comparison|non-comparable type",
            r"error calling \w{1,40}",
            r"rendering template has a nested reference name: [\w./-]{1,120}: unable to execute template",
            r"exceeded maximum template depth",
            r"index out of range(?:: \d+)?|index of untyped nil|slice index out of range",
            r"map has no entry for key",
            r"range can't iterate over",
            r"unexpected (?:EOF|\{\{\w+\}\}|\"[^\"\n]{1,20}\" in \w+|<[\w ]+>)(?: in \w+)?",
            r"unclosed action|unterminated (?:quoted string|raw quoted string|character constant)|unclosed comment",
            r"undefined variable \"\$\w+\"",
            r"YAML parse error|error converting YAML to JSON|error unmarshaling JSON|unsupported chart version",
            (
                r"yaml: (?:line \d+: )?(?:mapping values are not allowed in this context"
                r"|could not find expected '.'|found character that cannot start any token"
                r"|did not find expected (?:'[\w,:{}\[\]-]{1,12}'|[\w<> -])+|found unexpected end of stream"
                r"|block sequence entries are not allowed in this context)"
            ),
            r"json: cannot unmarshal \w+ into Go (?:struct field|value of type) [\w.\[\]*]+(?: of type [\w.\[\]*]+)?",
            r"unknown object type \"\w+\"|unable to parse",
            rf"error parsing index|key \"?{_NAME}\"? has no value",
        )
    )
)
_TPL = re.compile(r"error calling tpl|tpl function")
_MOST_PHRASES = 8
_MOST_CHARS = 900
_SHORTEST_MESSAGE = 6


@dataclass(frozen=True, slots=True)
class Said:
    """`source` is the chart's file that failed, `CHART/templates/a.yaml`, empty where Helm names none."""

    message: str
    source: str = ""
    line: int | None = None


def said(stderr: str, files: Mapping[str, bytes], root: str) -> Said:
    """What of Helm's words may be shown. `files` are the chart's own."""
    text = stderr.replace(f"{root}/", "").replace(root, ".")
    text = text.removesuffix("\n\nUse --debug flag to render out invalid YAML\n")
    source, line = _place(text)
    if _TPL.search(text):
        # What fails is a text among the values, and Helm quotes it word by word.
        return Said(
            f"helm: a template among the values fails{f' ({source})' if source else ''}", source, line
        )
    own = _own_message(text, files)
    phrases = [own] if own else [found[1] for found in _BROKEN.finditer(text)][:1]
    for match in _PHRASES.finditer(text):
        phrase = match.group()
        if phrase not in phrases and len(phrases) < _MOST_PHRASES:
            phrases.append(phrase)
    message = "; ".join(phrases)[:_MOST_CHARS]
    if message:
        message = f"helm: {message}"
    else:
        message = "helm failed, and its words may hold values, so they are not shown; to see them run `helm template`"
    return Said(f"{message} ({source})" if source else message, source, line)


def _place(text: str) -> tuple[str, int | None]:
    """The innermost place that is named: the last one is where it happened."""
    places = _PLACES.findall(text)
    if places:
        source, line = places[-1]
        return source, int(line)
    on_file = _ON_FILE.search(text)
    return (on_file[1], None) if on_file else ("", None)


def _own_message(text: str, files: Mapping[str, bytes]) -> str:
    """What `fail` or `required` was told to say, where it stands so in the chart: then it holds no value."""
    match = _OWN_MESSAGE.search(text)
    if match is None:
        return ""
    message = " ".join((match[1] or match[2] or "").split())
    if len(message) < _SHORTEST_MESSAGE:
        return ""
    wanted = message.encode()
    own = any(wanted in b" ".join(data.split()) for path, data in files.items() if "templates/" in path)
    return message if own else ""
