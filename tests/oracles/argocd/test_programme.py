"""The repositories that are tried."""

import functools
import re

from bot.model.objects import Manifest
from oracles.argocd.clusters import NAMESPACE, declared_clusters
from oracles.argocd.features import ANY, FEATURES
from oracles.argocd.known import KNOWN
from oracles.argocd.programme import SETS, WHOLE, scenes
from oracles.argocd.scene import APPLICATION, PROJECT, SET, Ground, Scene

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LONGEST_RELEASE = 53


@functools.cache
def made(seed: int = 4) -> list[Scene]:
    ground = Ground(lambda name: f"http://127.0.0.1:1/{name}.git", declared_clusters(2), "http://127.0.0.1:3")
    return scenes(ground, seed, 10)


def test_the_same_seed_gives_the_same_repositories_and_another_one_others() -> None:
    assert [s.files for s in made(4)] == [s.files for s in made.__wrapped__(4)]
    assert [s.files for s in made(4)] != [s.files for s in made(5)]


def test_every_repository_has_a_name_of_its_own_that_a_namespace_can_have() -> None:
    names = [scene.name for scene in made()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not NAME.fullmatch(f"{name}-other")] == []


def test_no_two_repositories_claim_the_same_name() -> None:
    owned = [(scene.name, name) for scene in made() for name in scene.applications]
    assert [name for _, name in owned if sum(scene.owns(name) for scene in made()) != 1] == []


def test_an_application_is_named_so_that_its_release_can_be() -> None:
    assert [n for scene in made() for n in scene.applications if len(n) > LONGEST_RELEASE] == []


def test_every_feature_is_tried_alone() -> None:
    alone = {scene.features[0] for scene in made() if len(scene.features) == 1}
    assert alone >= {
        *ANY,
        *SETS,
        *WHOLE,
        *(feature for features in FEATURES.values() for feature in features),
    }


def test_every_known_deviation_belongs_to_a_feature_that_is_tried() -> None:
    assert {feature for scene in made() for feature in scene.features} >= KNOWN.keys()


@functools.cache
def by_hand() -> list[tuple[Scene, list[Manifest]]]:
    return [(scene, scene.by_hand) for scene in made()]


def test_what_is_applied_by_hand_is_argo_cds_own_and_lies_in_its_namespace() -> None:
    for scene, manifests in by_hand():
        for manifest in manifests:
            assert manifest["kind"] in {APPLICATION, SET, PROJECT, "Secret"}
            assert manifest["metadata"]["namespace"] == NAMESPACE
            assert manifest["kind"] == "Secret" or scene.owns(manifest["metadata"]["name"])


def test_what_is_refused_is_there_to_be_refused() -> None:
    for scene, manifests in by_hand():
        sets = {m["metadata"]["name"] for m in manifests if m["kind"] == SET}
        assert scene.refusals.keys() <= scene.applications | sets


def test_no_credentials_of_a_cluster_are_in_git() -> None:
    declared = [m for _, manifests in by_hand() for m in manifests if m["kind"] == "Secret"]
    assert {m["stringData"]["config"] for m in declared} == {"{}"}
