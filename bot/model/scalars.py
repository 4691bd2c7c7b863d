"""What an unquoted scalar of YAML means to `sigs.k8s.io/yaml`: the words of YAML 1.1, and numbers as Go reads them."""

import re
from functools import lru_cache
from typing import Any

_WORDS: dict[str, bool | None] = {
    **{form: True for word in ("y", "yes", "true", "on") for form in (word, word.capitalize(), word.upper())},
    **{
        form: False
        for word in ("n", "no", "false", "off")
        for form in (word, word.capitalize(), word.upper())
    },
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_NO_NUMBER = frozenset(
    sign + "." + form for sign in ("", "+", "-") for form in ("inf", "Inf", "INF", "nan", "NaN", "NAN")
)
_MAY_BE_NUMBER = frozenset("+-.0123456789")
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))"
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASES = (("hex", 16), ("bin", 2), ("oct", 8), ("dec", 10))


@lru_cache(maxsize=8192)
def plain(text: str) -> Any:
    """What an unquoted scalar means. Raises ValueError for infinity and not-a-number, which JSON cannot carry."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAY_BE_NUMBER:
        return text
    if text in _NO_NUMBER:
        raise ValueError("infinity and not-a-number cannot be sent to a cluster")
    return _number(text if text[0] == "." else text.replace("_", ""), text)


def _number(digits: str, text: str) -> int | float | str:
    if len(digits) > 400:
        return text
    integer = _INTEGER.fullmatch(digits)
    if integer:
        value = next(int(integer[name], base) for name, base in _BASES if integer[name])
        value = -value if integer["sign"] == "-" else value
        return value if -(2**63) <= value < 2**64 else float(value)
    if not _FLOAT.fullmatch(digits):
        return text
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        return text
    # The API server sees the JSON that Go writes, and Go writes 1.0 and 1e3 without a fraction.
    return int(number) if number.is_integer() and abs(number) < 2**63 else number
