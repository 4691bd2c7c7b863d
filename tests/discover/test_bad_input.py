"""Every field of every Flux object, put wrong: the target is unknown and says which field it is, or nothing depends on it.

The oracle is the type of the value that stands in the valid object, not the tables that the reader goes by.
"""

import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discover.flux import helm_release_target, kustomization_target, notices
from bot.discover.objects import Malformed
from bot.model.manifests import canonical_json
from bot.model.target import Target
from tests.discover import examples
from tests.discover.examples import FLEET, PODINFO, Json, found, helm_release, known, kustomization

Path = tuple[str | int, ...]
Case = tuple[Callable[[Json], Target], Json]

_OPAQUE = {
    ("values",),
    ("patchesStrategicMerge", 0),
    ("patchesJson6902", 0, "patch", 0, "value"),
    ("postRenderers", 0, "kustomize", "patchesStrategicMerge", 0),
    ("postRenderers", 0, "kustomize", "patchesJson6902", 0, "patch", 0, "value"),
}
"""What may hold anything."""

_WITHOUT_CONSEQUENCE = {
    ("sourceRef", "apiVersion"),
    ("sourceRef", "namespace"),
    ("postRenderers", 0, "kustomize"),
    ("install", "skipCRDs"),
}
"""Left out, nothing is different: not read, or the same as the default."""


def _kustomization(version: str) -> Callable[[Json], Target]:
    return lambda spec: kustomization_target(found(kustomization(spec, version)), known(), "a")


def _release(version: str) -> Callable[[Json], Target]:
    return lambda spec: helm_release_target(found(helm_release(spec, version)), known(), "a")


def _apart(spec: Json) -> Json:
    """A copy in which no part is the same object as another."""
    copied: Json = json.loads(json.dumps(spec))
    return copied


CASES: dict[str, Case] = {
    "Kustomization v1": (_kustomization("v1"), _apart(examples.KUSTOMIZATION)),
    "Kustomization v1beta2": (_kustomization("v1beta2"), _apart(examples.OLD_KUSTOMIZATION)),
    "HelmRelease v2": (_release("v2"), _apart(examples.HELM_RELEASE)),
    "HelmRelease v2beta1": (_release("v2beta1"), _apart(examples.OLD_HELM_RELEASE)),
}


def paths(value: Any, above: Path = ()) -> Iterator[Path]:
    """Every place in a spec, leaves and what holds them, but nothing inside of what may hold anything."""
    if above:
        yield above
    if above in _OPAQUE:
        return
    if isinstance(value, dict):
        for key, each in value.items():
            yield from paths(each, (*above, key))
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from paths(each, (*above, index))


def at(spec: Json, path: Path) -> Any:
    value: Any = spec
    for step in path:
        value = value[step]
    return value


def with_value(spec: Json, path: Path, value: Any) -> Json:
    changed = copy.deepcopy(spec)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def without(spec: Json, path: Path) -> Json:
    changed = copy.deepcopy(spec)
    del at(changed, path[:-1])[path[-1]]
    return changed


def spelled(path: Path) -> str:
    return "spec" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


ALL = [(name, path) for name, (_, spec) in CASES.items() for path in paths(spec)]
WRONG: tuple[Any, ...] = ("x", ["x"], 7, 1.5, True, {"x": {"y": 1}}, [], {})


def _is_of_its_type(value: Any, spec: Json, path: Path) -> bool:
    expected = dict if path in _OPAQUE and path[-1] != "value" else type(at(spec, path))
    return path[-1] == "value" or type(value) is expected


@pytest.mark.parametrize("name", CASES)
def test_the_valid_object_is_no_mistake(name: str) -> None:
    read, spec = CASES[name]
    assert read(spec).unknown_because == ""


@pytest.mark.parametrize("name", CASES)
def test_a_value_of_the_wrong_type_makes_the_target_unknown_and_is_named(name: str) -> None:
    read, spec = CASES[name]
    passed_over = [
        (path, value, reason)
        for path in paths(spec)
        for value in WRONG
        if not _is_of_its_type(value, spec, path)
        and not (reason := read(with_value(spec, path, value)).unknown_because).startswith(
            f"{spelled(path)} must be "
        )
    ]
    assert passed_over == []


@pytest.mark.parametrize("name", CASES)
def test_nothing_in_place_of_a_field_is_the_same_as_leaving_it_out(name: str) -> None:
    read, spec = CASES[name]
    fields = [path for path in paths(spec) if isinstance(path[-1], str)]
    for path in fields:
        got, left_out = read(with_value(spec, path, None)), read(without(spec, path))
        assert got.unknown_because == left_out.unknown_because, path
        if not got.unknown_because:
            shapes = [(t.overlay, t.release, t.post_build, t.source) for t in (got, left_out)]
            assert shapes[0] == shapes[1], path


@pytest.mark.parametrize("name", CASES)
def test_nothing_in_place_of_an_item_is_a_mistake(name: str) -> None:
    read, spec = CASES[name]
    for path in paths(spec):
        if isinstance(path[-1], int):
            reason = read(with_value(spec, path, None)).unknown_because
            assert reason.startswith(f"{spelled(path)} must be "), path
            assert reason.endswith(", not nothing")


@pytest.mark.parametrize("name", CASES)
def test_a_field_that_is_left_out_makes_another_target(name: str) -> None:
    read, spec = CASES[name]
    whole = read(spec)
    for path in paths(spec):
        got = read(without(spec, path))
        assert not got.unknown_because or got.unknown_because.startswith(("spec", "its source")), path
        assert got != whole or path in _WITHOUT_CONSEQUENCE, path


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("text", ["a\x00b", "\x1b[31m", "x" * 100_000])
def test_texts_that_nobody_writes_do_no_harm(name: str, text: str) -> None:
    read, spec = CASES[name]
    whole = read(spec)
    for path in paths(spec):
        if isinstance(at(spec, path), str):
            got = read(with_value(spec, path, text))
            assert got != whole or path in _WITHOUT_CONSEQUENCE, path
            assert len(got.unknown_because) < 500, path
            assert got.unknown_because.isprintable(), path
            assert len(text) > 10 or got.unknown_because.startswith(spelled(path)), path


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(case=st.sampled_from(ALL), value=json_values)
def test_a_field_that_holds_anything_raises_nothing_and_is_no_secret_change(
    case: tuple[str, Path], value: Any
) -> None:
    name, path = case
    read, spec = CASES[name]
    changed = with_value(spec, path, value)
    got = read(changed)
    if got.unknown_because:
        assert got.unknown_because.startswith(("spec", "its source", "the chart", "metadata"))
        assert got.unknown_because.isprintable()
    canonical_json([dict(got.overlay), got.unknown_because])


@given(metadata=json_values, spec=json_values, api_version=json_values)
def test_an_object_of_anything_is_a_target_or_malformed(metadata: Any, spec: Any, api_version: Any) -> None:
    manifest = {"apiVersion": api_version, "kind": "HelmRelease", "metadata": metadata, "spec": spec}
    for read in (helm_release_target, kustomization_target):
        with contextlib.suppress(Malformed):
            assert read(found(manifest), known(), "a").unknown_because
    assert notices(found(manifest), known()) == notices(found(manifest), known())


SOURCES: dict[str, tuple[Json, Json]] = {
    "GitRepository": (
        {**FLEET["spec"], "ref": {"branch": "main"}, "ignore": "/x", "suspend": False, "timeout": "60s"},
        {"sourceRef": {"kind": "GitRepository", "name": "podinfo"}},
    ),
    "OCIRepository": (
        {
            "url": "oci://registry.example/apps",
            "ref": {"tag": "latest", "semver": ">=1", "digest": "sha256:0", "semverFilter": ".*"},
            "layerSelector": {"mediaType": "application/tar", "operation": "extract"},
            "insecure": True,
            "secretRef": {"name": "login"},
        },
        {"sourceRef": {"kind": "OCIRepository", "name": "podinfo"}},
    ),
    "HelmRepository": (
        {**PODINFO["spec"], "type": "default", "secretRef": {"name": "login"}, "passCredentials": True},
        {},
    ),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_that_cannot_be_read_makes_its_targets_unknown_and_is_named(kind: str) -> None:
    spec, use = SOURCES[kind]
    for path in paths(spec):
        for value in WRONG:
            if type(value) is type(at(spec, path)):
                continue
            source = {**examples.declared(kind, "podinfo"), "spec": with_value(spec, path, value)}
            got = examples.target([source], **use) if use else examples.release([source])
            reason = f"its source, {kind} flux-system/podinfo, cannot be used: {spelled(path)} must be "
            assert got.unknown_because.startswith(reason), (path, value)
