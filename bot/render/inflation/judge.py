"""Inflates charts as kustomize itself does, with Helm as its child: the judge of inflating beforehand.

In a copy of the checkout, in which what was fetched lies where kustomize would have put it, so that nothing is asked
for. Both programs are confined as one; all that they may write to is a directory for their own files.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.model.manifests import canonical_json
from bot.model.release import Chart
from bot.model.rendering import Rendering
from bot.proc.confine import MIB, Confinement, Limits
from bot.proc.errors import ProgramError, ProgramFailed
from bot.proc.run import Command, run
from bot.render.contents import INLINE, read_kustomization, read_plugins
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.helm.actions import VOLATILE, asks_for, at_another_time
from bot.render.helm.dependencies import archive_files
from bot.render.helm.files import Budget
from bot.render.helm.inputs import Archive
from bot.render.helm.metadata import metadata
from bot.render.helm.run import has_remote_schema, write_chart
from bot.render.helm.volatile import settled
from bot.render.inflation.charts import generated_name
from bot.render.inflation.declared import Inflation
from bot.render.inflation.inflate import MADE_ANEW, with_generated_names
from bot.render.objects import Source, rendering
from bot.render.overlay import declared
from bot.render.rewrite import FIELDS
from bot.render.sandbox import Sandbox
from bot.render.words import presentable

_BUILD = ("build", "--load-restrictor", "LoadRestrictionsNone", "--enable-helm", "--helm-command")
_LIMITS = Limits(memory_bytes=1024 * MIB, cpu_s=60, file_bytes=64 * MIB)
_LISTS = ("helmCharts", "helmChartInflationGenerator")
Declared = tuple[Inflation, Path, Path]
"""A chart, the directory of the kustomization that inflates it, and the file that says so."""


def charts_of(root: Path, directory: Path) -> list[Declared]:
    """Every chart that the kustomizations from `directory` on declare. What cannot be read declares none."""
    return [found for file in _reached(root, directory) for found in _declared(file)]


async def build_by_kustomize(
    checkout: Path, directory: str, archives: Mapping[Chart, Archive], sandbox: Sandbox
) -> Rendering:
    """The objects of `directory` below `checkout`, which is not changed. Raises `Unrenderable`."""
    with tempfile.TemporaryDirectory(prefix="longshore-") as private:
        root = Path(private) / checkout.name
        shutil.copytree(checkout, root, symlinks=True, copy_function=os.link)
        charts = charts_of(root, root / directory)
        places = {_placed(chart, base, archives) for chart, base, _ in charts}
        for _, _, file in charts:
            _name_releases(file)
        built = await _build(root, directory, sandbox)
        changed = [place for place in places if _is_volatile(place)]
        if changed or any(asks_for(str(chart.values_inline), VOLATILE) for chart, _, _ in charts):
            for place in changed:
                _rewrite(place, at_another_time(_files(place)))
            again = await _build(root, directory, sandbox)
            objects, holes = settled(built.objects, again.objects, MADE_ANEW)
            built = replace(built, objects=objects, holes=holes)
        return with_generated_names(
            built, [(chart, str(file.relative_to(root))) for chart, _, file in charts]
        )


async def _build(root: Path, directory: str, sandbox: Sandbox) -> Rendering:
    if sandbox.helm is None:
        raise Unrenderable("helm is not installed; run `make tools`, or set LONGSHORE_HELM")
    with tempfile.TemporaryDirectory(prefix="longshore-") as own:
        confinement = Confinement(
            sandbox.layers,
            read=(root, Path(os.devnull)),
            write=(Path(own),),
            execute=(sandbox.kustomize, sandbox.helm),
            limits=_LIMITS,
        )
        command = Command(
            [sandbox.kustomize, *_BUILD, sandbox.helm, "."],
            cwd=root / directory,
            env={"TMPDIR": own, "HOME": own},
            timeout_s=sandbox.timeout_s,
            max_stdout_bytes=sandbox.max_output_bytes,
            confinement=confinement,
        )
        try:
            output = (await run(command)).stdout
        except ProgramFailed as error:
            raise Unrenderable(f"kustomize: {presentable(error.stderr, str(root)) or 'failed'}") from None
        except ProgramError as error:
            raise Unrenderable(str(error)) from None
    return rendering([Source(output, None)])


def _reached(root: Path, directory: Path) -> Iterator[Path]:
    pending, seen = [directory.resolve()], set()
    while pending:
        here = pending.pop()
        if here in seen or not here.is_relative_to(root.resolve()):
            continue
        seen.add(here)
        file = next((here / name for name in KUSTOMIZATION_FILES if (here / name).is_file()), None)
        if file is None:
            continue
        yield file
        pending += [(here / text).resolve() for text in _texts(file, FIELDS) if (here / text).is_dir()]


def _texts(file: Path, names: tuple[str, ...]) -> Iterator[str]:
    try:
        kustomization = declared(file.read_bytes())
    except Unrenderable:
        return
    for name in names:
        entries = kustomization.get(name)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, str) and "\0" not in entry and not INLINE.search(entry):
                yield entry


def _declared(file: Path) -> Iterator[Declared]:
    yield from ((chart, file.parent, file) for chart in read_kustomization(file.read_bytes()).charts)
    for text in _texts(file, ("generators",)):
        configurations = file.parent / text
        if configurations.is_file():
            charts = read_plugins(configurations.read_bytes()).charts
            yield from ((chart, file.parent, configurations) for chart in charts)


def _placed(chart: Inflation, base: Path, archives: Mapping[Chart, Archive]) -> Path:
    """The chart's directory, which is written where it was fetched. Raises `Unrenderable`."""
    place = base / chart.place
    archive = archives.get(chart.wanted) if chart.wanted else None
    if not place.is_dir() and archive is not None:
        files = archive_files(archive, Budget())
        write_chart(files, place.parent / metadata(files).name)
    if has_remote_schema(_files(place)):
        for schema in place.rglob("values.schema.json"):
            schema.unlink()
    return place


def _name_releases(file: Path) -> None:
    """Give names to releases that have none: which one kustomize would have made up, nobody can tell."""
    try:
        kustomization = declared(file.read_bytes())
    except Unrenderable:
        return
    entries = [(name, entry) for name in _LISTS for entry in kustomization.get(name) or ()]
    for name, entry in entries:
        chart = Inflation("", str(entry.get("name") or entry.get("chartName") or "chart"))
        if not entry.get("releaseName") and not (name == _LISTS[0] and entry.get("nameTemplate")):
            entry["releaseName"] = generated_name(chart)
    if entries:
        file.unlink()
        file.write_bytes(canonical_json(kustomization))


def _is_volatile(place: Path) -> bool:
    texts = (data.decode("utf-8", "surrogateescape") for data in _files(place).values() if b"{{" in data)
    return any(asks_for(text, VOLATILE) for text in texts)


def _files(place: Path) -> dict[str, bytes]:
    return {str(file.relative_to(place)): file.read_bytes() for file in place.rglob("*") if file.is_file()}


def _rewrite(place: Path, files: Mapping[str, Any]) -> None:
    for path, data in files.items():
        (place / path).unlink()
        (place / path).write_bytes(data)
