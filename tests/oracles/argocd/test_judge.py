"""Whether both sides mean the same."""

from dataclasses import replace

from bot.model.objects import Manifest, ObjectId
from oracles.argocd.judge import judged
from oracles.argocd.scene import APPLICATION, Scene, argo
from oracles.argocd.side import Application, Side
from oracles.trials import Judgement, Outcome, Refusal

NAME = "scene--web"
CONFIG = ObjectId("", "ConfigMap", "shop", "web")
SPEC = {"project": "default", "source": {"path": "web", "repoURL": "u"}}


def config(value: str = "1") -> Manifest:
    metadata = {"name": "web", "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": value}}


def app(**fields: object) -> Application:
    made = Application(argo(APPLICATION, NAME, SPEC), {CONFIG: config()})
    return replace(made, **fields)  # type: ignore[arg-type]


def scene(*features: str, refusals: dict[str, Refusal] | None = None) -> Scene:
    return Scene("scene", "u", features or ("one",), {}, (), frozenset({NAME}), refusals or {})


def side(app: Application | None = None, **sets: str) -> Side:
    return Side({NAME: app} if app else {}, sets)


def judge(theirs: Side, ours: Side, where: Scene | None = None) -> Judgement:
    return judged(where or scene(), theirs, ours)[0]


def test_the_same_objects_are_the_same() -> None:
    assert judge(side(app()), side(app())) == Judgement(f"Application {NAME}", Outcome.SAME, (), 1)


def test_another_value_and_another_object_are_different() -> None:
    changed = judge(side(app()), side(app(objects={CONFIG: config("2")})))
    assert changed.why == ("ConfigMap shop/web: data.a: Argo CD '1', we '2'",)
    assert judge(side(app()), side(app(objects={}))).why == ("only Argo CD renders ConfigMap shop/web",)
    assert judge(side(app(objects={})), side(app())).why == ("only we render ConfigMap shop/web",)


def test_what_only_one_side_has_is_different() -> None:
    assert judge(side(app()), side()).why == ("Argo CD has it, we did not find it",)
    assert judge(side(), side(app())).why == ("we found it, Argo CD has no such thing",)


def test_what_the_scene_is_to_have_and_neither_has_is_no_agreement() -> None:
    assert judge(side(), side()).outcome is Outcome.DIFFERENT


def test_what_a_set_makes_is_unknown_where_the_set_is() -> None:
    judgement = judge(side(app(made_by="set")), side(set="no"))
    assert (judgement.outcome, judgement.why) == (Outcome.INCOMPLETE, ("ours: set: no",))


def test_what_a_set_writes_into_an_application_has_to_be_the_same() -> None:
    other = argo(APPLICATION, NAME, {**SPEC, "project": "other"})
    judgement = judge(side(app(made_by="set")), side(app(made_by="set", manifest=other)))
    assert judgement.why == ("spec.project: Argo CD 'default', we 'other'",)


def test_empty_blocks_of_an_application_are_as_good_as_none() -> None:
    empty = argo(APPLICATION, NAME, {**SPEC, "syncPolicy": {"automated": {}}, "info": None}, labels={})
    assert judge(side(app(made_by="set")), side(app(made_by="set", manifest=empty))).outcome is Outcome.SAME


def test_a_finalizer_that_a_hook_brings_about_is_nobodys_word() -> None:
    hooked = argo(APPLICATION, NAME, SPEC, finalizers=["post-delete-finalizer.argocd.argoproj.io/cleanup"])
    assert judge(side(app(made_by="set", manifest=hooked)), side(app(made_by="set"))).outcome is Outcome.SAME


def test_a_list_in_an_application_may_hold_nothing_and_counts() -> None:
    listed = argo(APPLICATION, NAME, {**SPEC, "info": []})
    assert (
        judge(side(app(made_by="set")), side(app(made_by="set", manifest=listed))).outcome
        is Outcome.DIFFERENT
    )


def test_what_is_refused_has_to_be_refused_by_both_for_the_same_reason() -> None:
    where = scene(refusals={NAME: Refusal("no path", "none")})
    assert judge(side(app(problem="no path")), side(app(problem="none there")), where).outcome is Outcome.SAME
    for theirs, ours in (("else", "none"), ("no path", "else"), ("no path", ""), ("", "none")):
        judgement = judge(side(app(problem=theirs)), side(app(problem=ours)), where)
        assert judgement.outcome is Outcome.DIFFERENT


def test_what_is_expected_to_be_refused_may_be_warned_of_beside_the_objects() -> None:
    where = scene(refusals={NAME: Refusal("not permitted", "forbids")})
    theirs = side(app(problem="not permitted"))
    assert judge(theirs, side(app(warnings="forbids it")), where).outcome is Outcome.SAME
    assert judge(theirs, side(app(warnings="something else")), where).outcome is Outcome.DIFFERENT


def test_what_chance_combined_is_refused_by_more_than_a_warning_of_anything() -> None:
    both = scene("one", "two")
    assert (
        judge(side(app(problem="no")), side(app(warnings="declared twice")), both).outcome
        is Outcome.DIFFERENT
    )
    assert judge(side(app(problem="no")), side(app(remarks="forbids it")), both).outcome is Outcome.REFUSED


def test_a_variable_that_is_left_open_stands_for_anything_but_what_is_around_it_has_to_be_the_same() -> None:
    commit = side(app(objects={CONFIG: config("v-0123abc.")}))
    ours = app(objects={CONFIG: config("v-${ARGOCD_APP_REVISION_SHORT}.")}, open=("a hole",))
    assert judge(commit, side(ours)).outcome is Outcome.OPEN
    assert judge(commit, side(replace(ours, open=()))).outcome is Outcome.DIFFERENT
    other = replace(ours, objects={CONFIG: config("w-${ARGOCD_APP_REVISION_SHORT}.")})
    assert judge(commit, side(other)).outcome is Outcome.DIFFERENT


def test_only_what_chance_combined_may_be_refused_without_notice() -> None:
    both = side(app(problem="no")), side(app(problem="none"))
    assert judge(*both, scene("one")).outcome is Outcome.DIFFERENT
    assert judge(*both, scene("one", "two")).outcome is Outcome.REFUSED


def test_what_we_do_not_know_is_no_agreement() -> None:
    assert judge(side(app()), side(app(problem="unknown"))).outcome is Outcome.INCOMPLETE
    assert judge(side(app()), side(app(open=("a hole",)))).outcome is Outcome.OPEN


def test_a_set_that_errs_is_judged_as_such() -> None:
    where = scene(refusals={"set": Refusal("no revision", "none")})
    outcomes = [j.outcome for j in judged(where, side(app(), set="no revision"), side(app(), set="none"))]
    assert outcomes == [Outcome.SAME, Outcome.SAME]
    assert judged(where, side(app(), set="no revision"), side(app(), set=""))[1].outcome is Outcome.DIFFERENT
    assert judged(scene(), side(app(), set=""), side(app(), set="no"))[1].outcome is Outcome.INCOMPLETE
