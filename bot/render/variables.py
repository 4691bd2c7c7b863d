"""What is known of the variables of a Flux Kustomization, from `postBuild.substitute` and `substituteFrom`.

A later source wins over an earlier one, and what is written inline over all. The invariant: a value that is not known
(encrypted, or held by an object that only the cluster has) is never taken for missing or for the value of another
source, only, and said so, for assumed.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.model.objects import Manifest
from bot.render.envsubst import Unknown

MAX_VARIABLES = 20_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SOPS_VALUE = "ENC[AES256_GCM,"


class Strategy(StrEnum):
    """Whether Flux substitutes where no variable is given, as `postBuild.substituteStrategy` says."""

    WITH_VARIABLES = "WithVariables"
    ALWAYS = "Always"


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of `substituteFrom`. `others` is set where there may be more names in it than these.

    `problem` is why Flux would stop at it.
    """

    place: str
    values: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, Unknown] = field(default_factory=dict)
    others: Unknown | None = None
    problem: str = ""


def declared(manifest: Manifest) -> Source:
    """The variables of a ConfigMap or Secret as it is declared: in clear, or encrypted with SOPS."""
    kind, name = str(manifest.get("kind")), (manifest.get("metadata") or {}).get("name")
    place = f"{kind} {name}"
    is_secret = kind == "Secret"
    found: dict[str, str | Unknown] = {}
    for part in ("data", "stringData") if is_secret else ("data",):
        values: Any = manifest.get(part)
        if not isinstance(values, dict):
            continue
        for key, value in values.items():
            found[key] = _read(value, part, key, place)
    return Source(
        place,
        {key: value for key, value in found.items() if isinstance(value, str)},
        {key: value for key, value in found.items() if isinstance(value, Unknown)},
    )


def elsewhere(kind: str, name: str, reason: str) -> Source:
    """A source that may be in the cluster, where it was not read: it may set any variable, or none."""
    return Source(f"{kind} {name}", others=Unknown(reason))


def missing(kind: str, name: str, *, is_optional: bool) -> Source:
    """A source that is known not to exist."""
    place = f"{kind} {name}"
    problem = "" if is_optional else f"substituteFrom: {place} does not exist, and is not optional"
    return Source(place, problem=problem)


@dataclass(frozen=True, slots=True)
class Substitution:
    """Everything `substitute` needs to know of one Kustomization.

    `others` is set where a variable that is in neither mapping may still have a value; `assumed` names the variables
    whose value here a source that could not be read may override. `problems` are why Flux would stop.
    """

    variables: Mapping[str, str]
    unknown: Mapping[str, Unknown] = field(default_factory=dict)
    others: Unknown | None = None
    assumed: Mapping[str, Unknown] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    strategy: Strategy = Strategy.WITH_VARIABLES
    is_strict: bool = True

    @classmethod
    def of(
        cls,
        inline: Mapping[str, Any],
        sources: Iterable[Source] = (),
        *,
        strategy: Strategy = Strategy.WITH_VARIABLES,
        is_strict: bool = True,
    ) -> "Substitution":
        """Lays the sources over one another as Flux does; values lose their line breaks."""
        known: dict[str, str | Unknown] = {}
        assumed: dict[str, Unknown] = {}
        others: Unknown | None = None
        problems: list[str] = []
        for source in (*sources, _inline(inline, problems)):
            if source.problem:
                problems.append(source.problem)
            if source.others:
                others = source.others
                assumed |= dict.fromkeys(known, source.others)
            problems += _misnamed(source)
            values: dict[str, str | Unknown] = {**source.values, **source.unknown}
            for name, value in values.items():
                known[name] = value.replace("\n", "") if isinstance(value, str) else value
                assumed.pop(name, None)
        if len(known) > MAX_VARIABLES:
            problems.append(f"postBuild: there are more than {MAX_VARIABLES} variables")
        return cls(
            {name: value for name, value in known.items() if isinstance(value, str)},
            {name: value for name, value in known.items() if isinstance(value, Unknown)},
            others,
            {name: why for name, why in assumed.items() if isinstance(known[name], str)},
            tuple(problems),
            strategy,
            is_strict,
        )

    @property
    def runs(self) -> bool:
        """Flux leaves everything as it is, `$$` too, where there is no variable at all."""
        return bool(
            self.variables or self.unknown or self.others or self.problems or self.strategy is Strategy.ALWAYS
        )

    def lookup(self, name: str) -> str | Unknown | None:
        if name in self.variables:
            return self.variables[name]
        return self.unknown.get(name, self.others)


def _inline(inline: Mapping[str, Any], problems: list[str]) -> Source:
    problems += [
        f"postBuild.substitute.{name} is not text; quote it"
        for name, value in inline.items()
        if not isinstance(value, str)
    ]
    return Source("postBuild.substitute", {k: v for k, v in inline.items() if isinstance(v, str)})


def _misnamed(source: Source) -> list[str]:
    """Flux refuses the whole set for one name, used or not."""
    return [
        f"{source.place}: {name[:100]!r} is not a variable's name (letters, digits and _, no digit first)"
        for name in (*source.values, *source.unknown)
        if not _NAME.fullmatch(name)
    ][:10]


def _read(value: Any, part: str, key: str, place: str) -> str | Unknown:
    """`place` is kind and name. What is encrypted is so for the whole object: its reason names no key."""
    where = f"{part}.{key} of {place}"
    if not isinstance(value, str):
        return Unknown(f"{where} is not text")
    if value.startswith(_SOPS_VALUE) and value.endswith("]"):
        return Unknown(f"{part} of {place} is encrypted", hashlib.sha256(value.encode()).hexdigest()[:16])
    if not (part == "data" and place.startswith("Secret ")):
        return value
    try:
        return base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True).decode()
    except (binascii.Error, ValueError):
        return Unknown(f"{where} is not text in base64")
