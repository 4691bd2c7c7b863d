"""The repositories that are tried."""

import functools
import re

import yaml

from oracles.flux.features import FEATURES
from oracles.flux.known import KNOWN
from oracles.flux.programme import worlds
from oracles.flux.scene import Scene

NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@functools.cache
def made(seed: int = 4) -> list[Scene]:
    return [
        scene for world in worlds(lambda name: f"http://127.0.0.1:1/{name}.git", seed, 10) for scene in world
    ]


def plain(scenes: list[Scene]) -> dict[str, dict[str, object]]:
    """Without what SOPS encrypts anew each time."""
    return {s.name: dict(s.files) for s in scenes if not any("decrypt" in f for f in s.features)}


def test_the_same_seed_gives_the_same_repositories_and_another_one_others() -> None:
    assert plain(made(4)) == plain(made.__wrapped__(4))
    assert plain(made(4)) != plain(made(5))


def test_every_repository_has_a_name_of_its_own_that_a_namespace_can_have() -> None:
    names = [scene.name for scene in made()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not NAMESPACE.fullmatch(f"{name}-other")] == []


def test_every_feature_is_tried_alone() -> None:
    alone = {scene.features[0] for scene in made() if len(scene.features) == 1}
    assert alone >= FEATURES.keys()


def test_every_known_deviation_belongs_to_a_feature_that_is_tried() -> None:
    assert {feature for scene in made() for feature in scene.features} >= KNOWN.keys()


def test_a_root_is_a_source_and_a_kustomization_of_the_repository_itself() -> None:
    for scene in made():
        source, root = scene.sync
        assert (source["kind"], root["kind"]) == ("GitRepository", "Kustomization")
        assert source["spec"]["url"] == scene.url
        assert root["metadata"]["namespace"] == scene.name


def test_every_kustomization_beside_the_root_can_be_read() -> None:
    for scene in made():
        for path, content in scene.files.items():
            if path.startswith("clusters/"):
                assert all(document["kind"] for document in yaml.safe_load_all(str(content)))
