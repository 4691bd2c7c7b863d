"""Charts in memory and releases of them, so that a test says only what it is about."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.model.release import Chart, ChartKind, Release, ValuesFrom
from bot.model.rendering import Rendering
from bot.model.target import EngineKind, Found, Origin, RendererKind, Target, TargetId
from bot.render.envsubst import Unknown
from bot.render.helm.inputs import Archive, ReleaseInputs, ValuesSource
from bot.render.helm.render import render_release
from bot.render.sandbox import Sandbox
from bot.render.trace import trace
from tests.render.trees import Content, MemoryTree

LABELS = {"helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": "apps"}
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n"


def chart(templates: Mapping[str, str], *, at: str = "charts/web", **more: Content) -> dict[str, Content]:
    """A chart of the version 1.2.3 in a tree. Further files by their names, `__` for a slash and `_DOT_` for a dot."""
    files: dict[str, Content] = {
        f"{at}/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.3\n",
        f"{at}/values.yaml": "",
    }
    files |= {f"{at}/templates/{name}": text for name, text in templates.items()}
    return files | {
        f"{at}/{name.replace('__', '/').replace('_DOT_', '.')}": text for name, text in more.items()
    }


def config(**data: str) -> str:
    """A template of a ConfigMap that is named like the release."""
    return CONFIG + "".join(f"  {key}: {value}\n" for key, value in data.items())


def release(**about: Any) -> Release:
    """Of the chart in `charts/web`, unless another is named."""
    made = Release("web", "apps", Chart(ChartKind.TREE, "charts/web"), home="apps", labels=LABELS)
    return replace(made, post_render_strategy="combined", **about)


def target(of: Release | None = None, *, found: Found = Found.FLUX_HELM_RELEASE) -> Target:
    wanted = of or release()
    return Target(
        TargetId("test", "apps/web:helm"),
        wanted.chart.name if wanted.chart.kind is ChartKind.TREE else "",
        RendererKind.HELM,
        EngineKind.FLUX,
        Origin(found, "clusters/test/web.yaml", 7),
        release=wanted,
    )


def values_from(
    text: str | None,
    name: str = "v",
    *,
    kind: str = "ConfigMap",
    unknown: Unknown | None = None,
    **entry: Any,
) -> ValuesSource:
    return ValuesSource(ValuesFrom(kind, name, **entry), text, unknown)


async def rendered(
    sandbox: Sandbox,
    files: Mapping[str, Content],
    of: Release | None = None,
    inputs: ReleaseInputs | None = None,
) -> Rendering:
    tree, wanted = MemoryTree(files), target(of)
    return await render_release(tree, wanted, trace(tree, wanted), inputs or ReleaseInputs(), sandbox)


def data_of(rendering: Rendering, name: str = "web") -> dict[str, Any]:
    """The `data` of the ConfigMap or Secret of that name."""
    assert not rendering.failed, rendering.diagnostics
    (found,) = (o for o in rendering.objects if o.id.name == name)
    return dict(found.manifest["data"])


def messages(rendering: Rendering) -> list[str]:
    return [d.message for d in rendering.diagnostics]


def failure(rendering: Rendering) -> str:
    """The one reason why it failed."""
    assert rendering.failed
    assert not rendering.objects
    (message,) = messages(rendering)
    return message


def packed(files: Mapping[str, Content], name: str = "web") -> bytes:
    """A packaged chart of files that lie in its one directory."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            assert isinstance(data, bytes)
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def archived(directory: Path, files: Mapping[str, Content], name: str = "web") -> Archive:
    """The same on disk. The files are those of a chart at the root of a tree."""
    path = directory / f"{name}.tgz"
    path.write_bytes(packed(files, name))
    return Archive(path, f"sha256:{name}")
