"""Inflates charts as kustomize itself does, with Helm as its child: the judge of inflating beforehand.

In a copy of the checkout, in which what was fetched lies where kustomize would have put it, so that nothing is asked
for. Both programs are confined as one; all that they may write to is a directory for their own files.

This process is not confined, and no trace was asked beforehand: every path that a kustomization or a chart chooses is
followed through its links, and must end in the checkout, before anything there is read, written or removed.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from bot.model.manifests import canonical_json
from bot.model.release import Chart
from bot.model.rendering import Rendering
from bot.proc.confine import MIB, Confinement, Limits
from bot.proc.errors import ProgramError, ProgramFailed
from bot.proc.private import private_directory
from bot.proc.run import Command, run
from bot.render.contents import INLINE, read_kustomization, read_plugins
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.helm.actions import VOLATILE, asks_for, at_another_time
from bot.render.helm.files import Budget
from bot.render.helm.inputs import Archive, ClusterFacts
from bot.render.helm.run import has_remote_schema, write_chart
from bot.render.helm.volatile import settled
from bot.render.inflation.charts import fetched, generated_name
from bot.render.inflation.declared import Inflation
from bot.render.inflation.inflate import MADE_ANEW, with_generated_names
from bot.render.objects import Source, rendering
from bot.render.overlay import declared
from bot.render.paths import Outside, join
from bot.render.rewrite import FIELDS
from bot.render.sandbox import Sandbox
from bot.render.words import presentable

_BUILD = ("build", "--load-restrictor", "LoadRestrictionsNone", "--enable-helm", "--helm-command")
_RESTRICTED = ("--load-restrictor", "LoadRestrictionsRootOnly")
"""Of two the last counts."""
_LIMITS = Limits(memory_bytes=1024 * MIB, cpu_s=60, file_bytes=64 * MIB)
_LISTS = ("helmCharts", "helmChartInflationGenerator")
Declared = tuple[Inflation, Path, Path]
"""A chart, the directory of the kustomization that inflates it, and the file that says so."""


def charts_of(root: Path, directory: Path) -> list[Declared]:
    """Every chart that the kustomizations from `directory` on declare. What cannot be read declares none."""
    whole = root.resolve()
    return [found for file in _reached(whole, directory) for found in _declared(whole, file)]


async def build_by_kustomize(
    checkout: Path,
    directory: str,
    archives: Mapping[Chart, Archive],
    sandbox: Sandbox,
    *,
    facts: ClusterFacts | None = None,
    is_restricted: bool = False,
) -> Rendering:
    """The objects of `directory` below `checkout`, which is not changed. Raises `Unrenderable`.

    With `is_restricted` kustomizations read no files outside of their own directories.
    """
    told = (*(_RESTRICTED if is_restricted else ()), *_told(facts))
    with private_directory() as private:
        try:
            root, charts, places = _laid_out(checkout, private, directory, archives)
        except OSError as error:
            reason = error.strerror or "its files cannot be copied"
            raise Unrenderable(f"its charts cannot be laid out: {reason}") from None
        built = await _build(root, directory, sandbox, told)
        changed = [place for place in places if _is_volatile(root, place)]
        if changed or any(asks_for(str(chart.values_inline), VOLATILE) for chart, _, _ in charts):
            for place in changed:
                _rewrite(place, at_another_time(_files(root, place)))
            again = await _build(root, directory, sandbox, told)
            objects, holes = settled(built.objects, again.objects, MADE_ANEW)
            built = replace(built, objects=objects, holes=holes)
        return with_generated_names(
            built, [(chart, str(file.relative_to(root))) for chart, _, file in charts]
        )


def _laid_out(
    checkout: Path, private: Path, directory: str, archives: Mapping[Chart, Archive]
) -> tuple[Path, list[Declared], set[Path]]:
    """A copy of the checkout made complete, and where its charts lie. Raises `Unrenderable`, `OSError`."""
    root = private.resolve() / checkout.name
    shutil.copytree(checkout, root, symlinks=True, copy_function=os.link)
    charts = charts_of(root, root / directory)
    places = {_placed(root, chart, base, archives) for chart, base, _ in charts}
    for _, _, file in charts:
        _name_releases(file)
    return root, charts, places


def _told(facts: ClusterFacts | None) -> tuple[str, ...]:
    """What kustomize is to tell charts of the cluster."""
    if facts is None:
        return ()
    versions = (("--helm-api-versions", version) for version in facts.api_versions)
    return ("--helm-kube-version", facts.kube_version, *chain.from_iterable(versions))


async def _build(root: Path, directory: str, sandbox: Sandbox, told: tuple[str, ...]) -> Rendering:
    if sandbox.helm is None:
        raise Unrenderable("helm is not installed; run `make tools`, or set LONGSHORE_HELM")
    with private_directory() as own:
        confinement = Confinement(
            sandbox.layers,
            read=(root, Path(os.devnull)),
            write=(own,),
            execute=(sandbox.kustomize, sandbox.helm),
            limits=_LIMITS,
        )
        command = Command(
            [sandbox.kustomize, *_BUILD, sandbox.helm, *told, "."],
            cwd=root / directory,
            env={"TMPDIR": str(own), "HOME": str(own)},
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
        if here in seen or not here.is_relative_to(root):
            continue
        seen.add(here)
        file = next((here / name for name in KUSTOMIZATION_FILES if _is_file(root, here, name)), None)
        if file is None:
            continue
        yield file
        found = (_found(root, here, text) for text in _texts(file, FIELDS))
        pending += [place for place in found if place is not None and place.is_dir()]


def _inside(root: Path, base: Path, text: str) -> Path:
    """What `text` means where it is written in `base`, every link followed; it may not exist. Raises `Outside`."""
    try:
        below = base.relative_to(root).as_posix()
        found = (root / join("" if below == "." else below, text)).resolve()
        if not found.is_relative_to(root):
            raise Outside("leaves the repository through a symbolic link")
        found.exists()  # names that the file system does not take are told here
    except (OSError, RuntimeError, ValueError):
        raise Outside("cannot be followed") from None
    return found


def _found(root: Path, base: Path, text: str) -> Path | None:
    """The same; None where it leads outside."""
    try:
        return _inside(root, base, text)
    except Outside:
        return None


def _is_file(root: Path, base: Path, text: str) -> bool:
    place = _found(root, base, text)
    return place is not None and place.is_file()


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


def _declared(root: Path, file: Path) -> Iterator[Declared]:
    yield from ((chart, file.parent, file) for chart in read_kustomization(file.read_bytes()).charts)
    for text in _texts(file, ("generators",)):
        configurations = _found(root, file.parent, text)
        if configurations is not None and configurations.is_file():
            charts = read_plugins(configurations.read_bytes()).charts
            yield from ((chart, file.parent, configurations) for chart in charts)


def _placed(root: Path, chart: Inflation, base: Path, archives: Mapping[Chart, Archive]) -> Path:
    """The chart's directory, which is written where it was fetched. Raises `Unrenderable`."""
    texts = (chart.values_file,) if chart.needs_values_file and chart.values_file else ()
    for text in (*texts, *chart.additional_values_files):
        try:
            _inside(root, base, text)
        except Outside as error:
            raise Unrenderable(f"the values file {text[:200]!r} {error.message}") from None
    try:
        place = _inside(root, base, chart.place)
    except Outside as error:
        raise Unrenderable(f"{chart.at} ({chart.name[:80]}): {error.message}") from None
    archive = archives.get(chart.wanted) if chart.wanted else None
    if not place.is_dir() and archive is not None:
        write_chart(fetched(chart, archive, Budget()), place)
    if has_remote_schema(_files(root, place)):
        for schema in place.rglob("values.schema.json"):
            schema.unlink()
    return place


def _name_releases(file: Path) -> None:
    """Give names to releases that have none: which one kustomize would have made up, nobody can tell."""
    try:
        kustomization = declared(file.read_bytes())
    except Unrenderable:
        return
    lists = [(name, kustomization.get(name)) for name in _LISTS]
    listed = [(name, entry) for name, value in lists if isinstance(value, list) for entry in value]
    entries = [(name, entry) for name, entry in listed if isinstance(entry, dict)]
    for name, entry in entries:
        chart = Inflation("", str(entry.get("name") or entry.get("chartName") or "chart"))
        if not entry.get("releaseName") and not (name == _LISTS[0] and entry.get("nameTemplate")):
            entry["releaseName"] = generated_name(chart)
    if entries:
        file.unlink()
        file.write_bytes(canonical_json(kustomization))


def _is_volatile(root: Path, place: Path) -> bool:
    texts = (
        data.decode("utf-8", "surrogateescape") for data in _files(root, place).values() if b"{{" in data
    )
    return any(asks_for(text, VOLATILE) for text in texts)


def _files(root: Path, place: Path) -> dict[str, bytes]:
    """Those below `place`, but for links that leave the checkout, which Helm cannot read either."""
    found = ((file, _found(root, place, str(file.relative_to(place)))) for file in place.rglob("*"))
    return {
        str(file.relative_to(place)): at.read_bytes() for file, at in found if at is not None and at.is_file()
    }


def _rewrite(place: Path, files: Mapping[str, Any]) -> None:
    for path, data in files.items():
        (place / path).unlink()
        (place / path).write_bytes(data)
