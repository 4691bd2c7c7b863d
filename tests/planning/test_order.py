"""Circles in dependsOn, and waiting for what is not there."""

import random

from bot.model.plan import Plan
from bot.planning.order import _circles
from tests.planning.conftest import Bench, config_map, kustomization
from tests.planning.test_flux import flux


def waits(name: str, *others: str) -> str:
    depends = ", ".join(f"{{name: {other}}}" for other in others)
    return flux(name, "apps", f"  dependsOn: [{depends}]\n")


def said(plan: Plan) -> list[str]:
    return [d.message for d in plan.diagnostics if "circle" in d.message or "waits for" in d.message]


def start(bench: Bench) -> None:
    bench.work.commit(
        {
            "clusters/staging/flux-system/gotk-sync.yaml": flux("flux-system", "clusters/staging"),
            "clusters/staging/flux-system/kustomization.yaml": kustomization("gotk-sync.yaml"),
            "clusters/staging/a.yaml": waits("a", "b"),
            "clusters/staging/b.yaml": waits("b", "c"),
            "clusters/staging/c.yaml": waits("c"),
            "apps/cm.yaml": config_map("x", namespace="shop"),
        }
    )


async def test_a_change_that_closes_a_circle_is_warned_of_once(bench: Bench) -> None:
    start(bench)
    bench.work.commit({"clusters/staging/c.yaml": waits("c", "a")})
    [warning] = said(await bench.plan())
    assert warning.endswith("flux-system/a → flux-system/b → flux-system/c → flux-system/a")
    bench.work.commit({"apps/cm.yaml": config_map("x", "2", namespace="shop")})
    assert said(await bench.plan()) == []


async def test_waiting_for_what_is_not_declared_is_warned_of(bench: Bench) -> None:
    start(bench)
    bench.work.commit({"clusters/staging/c.yaml": waits("c", "gone")})
    assert said(await bench.plan()) == [
        "staging/flux-system/c waits for flux-system/gone, which is not declared here"
    ]


def test_every_circle_is_found_and_nothing_else() -> None:
    assert _circles({"a": ["b"], "b": ["c"], "c": []}) == []
    assert _circles({"a": ["a"]}) == [("a",)]
    assert _circles({"b": ["c"], "c": ["b"], "d": ["e"], "e": ["d"]}) == [("b", "c"), ("d", "e")]
    ladder = {str(n): [str(n + 1), str(n + 2)] for n in range(2000)}
    assert _circles(ladder) == [], "a ladder has very many ways and no circle"
    seeded = random.Random(7)
    for _ in range(200):
        graph = {str(n): [str(seeded.randrange(8)) for _ in range(seeded.randrange(3))] for n in range(8)}
        circles = _circles(graph)
        for circle in circles:
            assert all(b in graph[a] for a, b in zip(circle, (*circle[1:], circle[0]), strict=True))
        assert bool(circles) == _has_circle(graph)


def _has_circle(graph: dict[str, list[str]]) -> bool:
    left = dict(graph)
    while ends := [name for name, others in left.items() if not any(other in left for other in others)]:
        for name in ends:
            del left[name]
    return bool(left)
