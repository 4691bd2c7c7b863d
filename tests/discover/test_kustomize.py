"""Which kustomizations are roots."""

from bot.discover.kustomize import KustomizationFile, roots


def names(**refers: tuple[str, ...]) -> list[str]:
    graph = {
        place.replace("__", "/"): KustomizationFile(
            f"{place}/kustomization.yaml", frozenset(refs), place.startswith("c")
        )
        for place, refs in refers.items()
    }
    return [target.path for target in roots(graph)]


def test_a_root_is_what_no_other_refers_to() -> None:
    assert names(base=(), staging=("base",), production=("base",)) == ["production", "staging"]


def test_components_are_not_roots() -> None:
    assert names(base=(), component=("patches",), overlay=("base", "component"), patches=()) == ["overlay"]


def test_a_component_that_nothing_uses_brings_no_root() -> None:
    assert names(component=("extra",), extra=()) == []


def test_members_of_a_circle_are_taken_so_that_it_is_reported() -> None:
    assert names(a=("b",), b=("a",), x=()) == ["a", "b", "x"]


def test_a_kustomization_that_refers_to_itself_is_a_root() -> None:
    assert names(a=("a",)) == ["a"]
