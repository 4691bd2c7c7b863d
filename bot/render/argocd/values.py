"""The values of a release as Argo CD hands them to Helm: files in their order, its own over them, parameters over all."""

import copy
from collections.abc import Callable, Iterator, Mapping

from bot.model.release import Release, ValuesFile
from bot.render.argocd.environment import stand_ins
from bot.render.argocd.places import whole_to_helm
from bot.render.doublestar import BadPattern, Doublestar
from bot.render.errors import Unrenderable
from bot.render.helm.strvals import BadPath, set_value
from bot.render.helm.values import ReleaseValues, every_document, merged

Reader = Callable[[ValuesFile], bytes | None]
"""The bytes of a file, None where there is none. Raises `Unrenderable`."""
_MAX_TOTAL_BYTES = 64 << 20
_MAX_STEPS = 30_000_000
"""Characters of a chart's paths times those of the patterns that are held to them."""
_SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in "\\,[]{}"})


def release_values(release: Release, read: Reader) -> ReleaseValues:
    """Raises `Unrenderable` with the field. `release.values_files` are no patterns any more."""
    values: dict[str, object] = {}
    left = _MAX_TOTAL_BYTES
    for file in release.values_files:
        data = read(file)
        left -= len(data or b"")
        if left < 0:
            raise Unrenderable(
                f"helm.valueFiles: the files have more than {_MAX_TOTAL_BYTES >> 20} MiB together"
            )
        if data is None:
            if release.ignores_missing_files:
                continue
            raise Unrenderable(f"helm.valueFiles: {shown(file)} does not exist")
        try:
            values = merged(values, every_document(data))
        except Unrenderable as error:
            raise Unrenderable(f"helm.valueFiles: {shown(file)} {error.message}", file=_place(file)) from None
    values = copy.deepcopy(merged(values, dict(release.values)))
    for parameter in release.parameters:
        text = parameter.value
        if parameter.file is not None:
            data = read(parameter.file)
            if data is None:
                raise Unrenderable(f"helm.fileParameters: {shown(parameter.file)} does not exist")
            text = data.decode("utf-8", "replace").translate(_SPECIAL)
        try:
            set_value(values, f"{parameter.name}={text}", as_text=parameter.is_text)
        except BadPath as error:
            raise Unrenderable(
                f"helm.parameters: {parameter.name[:200]!r} cannot be set: {error.message}"
            ) from None
    told = "\n".join(parameter.value for parameter in release.parameters)
    return ReleaseValues(values, stand_ins(told.encode("utf-8", "surrogateescape")))


def shown(file: ValuesFile) -> str:
    """A file as people know it."""
    return repr(f"${file.ref}/{file.path}"[:200] if file.ref else file.path[:200])


def in_chart(release: Release, files: Mapping[str, bytes]) -> tuple[ValuesFile, ...]:
    """Value files of a chart that is at hand now: patterns are what they find. Raises `Unrenderable`."""
    explicit = {file for file in release.values_files if not file.is_pattern}
    result: dict[ValuesFile, None] = {}
    every = sum(map(len, files))
    left = _MAX_STEPS
    for file in release.values_files:
        if not file.is_pattern or file.ref:
            result[file] = None
            continue
        left -= every * len(file.path)
        if left < 0:
            raise Unrenderable("helm.valueFiles: patterns take too long for so many files; name the files")
        found = list(_matching(file.path, files))
        if not found and not release.ignores_missing_files:
            raise Unrenderable(f"helm.valueFiles: {shown(file)} matches no file of the chart")
        for match in found:
            try:
                whole_to_helm(match.path, match.path)
            except Unrenderable as error:
                raise Unrenderable(f"helm.valueFiles: {error.message}") from None
        result |= dict.fromkeys(match for match in found if match not in explicit)
    return tuple(result)


def _matching(pattern: str, files: Mapping[str, bytes]) -> Iterator[ValuesFile]:
    """Directory by directory, in the order of their names."""
    try:
        wanted = Doublestar.parse(pattern)
    except BadPattern as error:
        raise Unrenderable(f"helm.valueFiles: {pattern[:200]!r} {error}") from None
    for path in sorted(files, key=lambda path: (path.split("/")[:-1], path)):
        if wanted.matches(path):
            yield ValuesFile(path)


def _place(file: ValuesFile) -> str | None:
    return None if file.ref else file.path
