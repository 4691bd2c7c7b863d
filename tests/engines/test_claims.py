"""Who declares what, and what can no longer be said."""

from dataclasses import replace

from bot.engines.claims import Claims
from bot.kube.applyset import Parent
from bot.kube.parent import Identity, Source
from bot.model.objects import Object, ObjectId
from bot.model.rendering import Diagnostic, Hole, Rendering, Severity
from bot.model.repo import RepoId
from bot.model.target import TargetId
from tests.engines.direct.world import config_map

REPO = RepoId("github", "acme/fleet")
A, B, C = TargetId("test", "a"), TargetId("test", "b"), TargetId("test", "c")
ONE = ObjectId("", "ConfigMap", "shop", "one")
FAILED = Rendering((), (Diagnostic(Severity.ERROR, "no such file"),))


def rendering(*names: str, namespace: str = "shop") -> Rendering:
    return Rendering(tuple(Object.of(config_map(namespace, name)) for name in names))


def set_id(target: TargetId) -> str:
    return Parent.of(REPO, target).id


def test_a_namespace_that_a_manifest_leaves_out_matches_any() -> None:
    claims = Claims.of(REPO, {A: rendering("one", namespace=""), B: rendering("one", namespace="other")})
    assert claims.claimants(ONE) == (A,)


def test_what_does_not_render_is_unknown_and_not_absent() -> None:
    claims = Claims.of(REPO, {A: rendering("one"), B: FAILED, C: None})
    assert claims.unknown == (B, C)


def test_an_object_may_move_only_from_a_target_that_has_let_it_go() -> None:
    claims = Claims.of(REPO, {A: rendering("one"), B: rendering("two"), C: FAILED})
    assert claims.why_not_movable(set_id(B), ONE) == ""
    assert "declared by target test/a as well" in claims.why_not_movable(set_id(A), ONE)
    assert "cannot be rendered" in claims.why_not_movable(set_id(C), ONE)
    assert "another ApplySet" in claims.why_not_movable("applyset-foreign-v1", ONE)


def test_an_object_may_move_from_a_target_that_vanished() -> None:
    old = TargetId("test", "old")
    gone = Identity(Parent.of(REPO, old), Source(REPO, "main"), old)
    claims = Claims.of(REPO, {A: rendering("one")}, vanished=[gone])
    assert claims.why_not_movable(gone.parent.id, ONE) == ""


def test_an_object_whose_name_is_not_known_may_be_any_of_its_kind() -> None:
    hole = Hole(ObjectId("", "ConfigMap", "shop", "web-${SUFFIX}"), "metadata.name", "SUFFIX", "it is secret")
    vague = replace(rendering("web-${SUFFIX}"), holes=(hole,))
    claims = Claims.of(REPO, {A: vague, B: rendering("two")})
    assert "may be declared by target test/a" in claims.why_not_gone(ONE)
    assert "may be declared by it" in claims.why_not_movable(set_id(A), ONE)
    assert claims.why_not_gone(replace(ONE, kind="Secret")) == ""


def test_a_value_that_is_not_known_leaves_it_known_who_declares_what() -> None:
    hole = Hole(ObjectId("", "ConfigMap", "shop", "two"), "data.key", "TOKEN", "it is secret")
    claims = Claims.of(REPO, {A: replace(rendering("two"), holes=(hole,))})
    assert claims.why_not_gone(ONE) == ""
