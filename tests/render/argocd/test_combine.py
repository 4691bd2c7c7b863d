"""Several sources as one rendering."""

from bot.model.manifests import digest
from bot.model.objects import Digest, Object
from bot.model.rendering import Diagnostic, Hole, MaskedRendering, Material, Rendering, Severity
from bot.render.argocd.combine import combined, combined_masked


def config(name: str, value: str, namespace: str = "dest") -> Object:
    return Object.of(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": namespace},
            "data": {"v": value},
        }
    )


def made(*objects: Object, **more: object) -> Rendering:
    return Rendering(objects, **more)  # type: ignore[arg-type]


def test_objects_follow_one_another_and_of_equal_ones_the_last_counts() -> None:
    found = combined([made(config("a", "1"), config("b", "1")), made(config("a", "2"), config("c", "2"))])
    assert [(o.id.name, o.manifest["data"]["v"]) for o in found.objects] == [
        ("a", "2"),
        ("b", "1"),
        ("c", "2"),
    ]
    (remark,) = found.diagnostics
    assert remark.severity is Severity.WARNING
    assert "ConfigMap dest/a is declared 2 times" in remark.message


def test_one_that_fails_takes_all_along_with_its_reasons() -> None:
    why = Diagnostic(Severity.ERROR, "broken", "a.yaml")
    found = combined([made(config("a", "1")), Rendering((), (why,), is_lasting=True)])
    assert found.failed
    assert not found.objects
    assert found.diagnostics == (why,)
    assert found.is_lasting
    assert not combined([Rendering((), (why,), is_lasting=True), Rendering((), (why,))]).is_lasting


def test_what_is_known_of_the_parts_is_kept() -> None:
    one, two = config("a", "${x}"), config("b", "1")
    hole = Hole(one.id, "data.v", "x", "why")
    chart = Material("chart web", "1.0.0", "sha256:aa")
    note = Diagnostic(Severity.NOTICE, "note")
    found = combined(
        [
            made(one, holes=(hole,), materials=(chart,), secrets=frozenset({"s"}), diagnostics=(note,)),
            made(two, materials=(chart,), secrets=frozenset({"t"}), diagnostics=(note,)),
        ]
    )
    assert found.holes == (hole,)
    assert found.materials == (chart,)
    assert found.secrets == {"s", "t"}
    assert found.diagnostics == (note,)


def test_a_hole_goes_with_the_object_that_a_later_source_replaces() -> None:
    one = config("a", "${x}")
    found = combined([made(one, holes=(Hole(one.id, "data.v", "x", "why"),)), made(config("a", "known"))])
    assert not found.holes


def test_a_crd_of_one_source_says_the_scope_for_another() -> None:
    crd = Object.of(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "wides.acme.example"},
            "spec": {"group": "acme.example", "scope": "Cluster", "names": {"kind": "Wide"}},
        }
    )
    wide = Object.of(
        {"apiVersion": "acme.example/v1", "kind": "Wide", "metadata": {"name": "w", "namespace": "dest"}}
    )
    hole = Hole(wide.id, "spec", "x", "why")
    found = combined([made(wide, holes=(hole,)), made(crd)])
    assert [o.id.namespace for o in found.objects] == ["", ""]
    assert found.holes[0].object == found.objects[0].id


def test_masked_parts_are_combined_alike_and_digested_anew() -> None:
    def told(objects: tuple[Object, ...]) -> Digest:
        return digest([o.manifest for o in objects])

    parts = [
        MaskedRendering((config("a", "1"),), digest(1)),
        MaskedRendering((config("a", "2"), config("b", "2")), digest(2)),
    ]
    found = combined_masked(parts, told)
    assert [(o.id.name, o.manifest["data"]["v"]) for o in found.objects] == [("a", "2"), ("b", "2")]
    assert found.digest == told(found.objects)
    why = Diagnostic(Severity.ERROR, "broken")
    assert combined_masked([*parts, MaskedRendering((), digest(3), (why,))], told).failed


def test_no_sources_are_no_objects() -> None:
    assert combined([]) == Rendering(())
