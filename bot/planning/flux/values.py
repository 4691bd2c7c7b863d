"""Where the values of a HelmRelease come from: ConfigMaps and Secrets that targets of its cluster declare.

What is secret is not known here, and neither is what nobody declares: it may be in the cluster.
"""

import base64
import binascii

from bot.diff.mask import is_masked
from bot.model.objects import Manifest
from bot.model.release import ValuesFrom
from bot.model.target import Target, TargetId
from bot.planning.flux.declarations import Declarations, Known
from bot.render.envsubst import Unknown
from bot.render.helm.inputs import ValuesSource


class Values:
    """What `valuesFrom` of the releases of one tree names."""

    def __init__(self, declarations: Declarations) -> None:
        self._declarations = declarations

    async def sources(
        self, target: Target, known: Known, *, is_last_word: bool
    ) -> tuple[tuple[ValuesSource, ...], tuple[TargetId, ...] | None] | None:
        """One for each entry, and who declares them; None as `Variables` answers it."""
        release = target.release
        assert release is not None
        sources: list[ValuesSource] = []
        providers: list[TargetId] = []
        for entry in release.values_from:
            found = await self._declarations.find(entry.kind, release.home, entry.name, known)
            if found is not None:
                sources.append(_read(entry, found.manifest))
                providers.append(found.by)
                continue
            if not is_last_word:
                return None
            reason = await self._declarations.why_missing(entry.kind, entry.name)
            sources.append(ValuesSource(entry, unknown=Unknown(reason)))
        return tuple(sources), tuple(providers) if len(providers) == len(sources) else None


def wanted_names(target: Target) -> tuple[str, ...]:
    """The ConfigMaps and Secrets that a target takes values or variables from."""
    variables = target.post_build.sources if target.post_build else ()
    values = target.release.values_from if target.release else ()
    return (*(entry.name for entry in variables), *(entry.name for entry in values))


def _read(entry: ValuesFrom, manifest: Manifest) -> ValuesSource:
    place = f"{entry.kind} {entry.name}"
    value = _value(manifest, entry.key)
    if value is None:
        problem = "" if entry.is_optional else f"{place} has no key {entry.key}"
        return ValuesSource(entry, problem=problem)
    if is_masked(value):
        return ValuesSource(entry, unknown=Unknown(f"{entry.key} in {place} is secret", value))
    return ValuesSource(entry, text=value)


def _value(manifest: Manifest, key: str) -> str | None:
    """As text. `stringData` wins over `data`, as it does in the API server."""
    is_secret = manifest.get("kind") == "Secret"
    for part in ("stringData", "data", "binaryData"):
        held = manifest.get(part)
        value = held.get(key) if isinstance(held, dict) else None
        if isinstance(value, str):
            is_encoded = part == "binaryData" or (is_secret and part == "data")
            return _decoded(value) if is_encoded and not is_masked(value) else value
    return None


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return value
