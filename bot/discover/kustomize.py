"""Kustomize roots: every kustomization that no other one in the repository refers to. Components are not roots."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.model.target import EngineKind, Found, Origin, RendererKind, Target, TargetId


@dataclass(frozen=True, slots=True)
class KustomizationFile:
    """One kustomization as others see it: the directories it refers to, and whether it can stand alone."""

    file: str
    refers_to: frozenset[str]
    is_component: bool


def roots(kustomizations: Mapping[str, KustomizationFile]) -> tuple[Target, ...]:
    """Targets for the roots among `kustomizations`, which maps each directory to what lies there.

    A circle of kustomizations has no root of its own; each member is then taken, so that the circle is reported
    rather than passed over.
    """
    referred = {
        directory
        for place, kustomization in kustomizations.items()
        for directory in kustomization.refers_to
        if directory != place
    }
    chosen = {place for place, k in kustomizations.items() if not k.is_component and place not in referred}
    reached = _reachable(chosen, kustomizations)
    circles = {
        place for place, k in kustomizations.items() if not k.is_component and place in referred - reached
    }
    circles -= _components_only(circles, kustomizations)
    return tuple(_target(place, kustomizations[place].file) for place in sorted(chosen | circles))


def _target(place: str, file: str) -> Target:
    return Target(
        id=TargetId("", place or "."),
        path=place,
        renderer=RendererKind.KUSTOMIZE,
        engine=EngineKind.DIRECT,
        origin=Origin(Found.KUSTOMIZE_ROOT, file),
    )


def _reachable(starts: set[str], kustomizations: Mapping[str, KustomizationFile]) -> set[str]:
    seen: set[str] = set()
    stack = list(starts)
    while stack:
        place = stack.pop()
        if place not in seen and place in kustomizations:
            seen.add(place)
            stack.extend(kustomizations[place].refers_to)
    return seen


def _components_only(places: set[str], kustomizations: Mapping[str, KustomizationFile]) -> set[str]:
    """Those referred to by components alone: they belong to whatever uses the component, were it used."""
    components = {place for place, k in kustomizations.items() if k.is_component}
    return {
        place
        for place in places
        if any(place in kustomizations[c].refers_to for c in components)
        and not _in_circle(place, kustomizations)
    }


def _in_circle(place: str, kustomizations: Mapping[str, KustomizationFile]) -> bool:
    return place in _reachable(set(kustomizations[place].refers_to), kustomizations)
