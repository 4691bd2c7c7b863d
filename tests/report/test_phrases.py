from enum import StrEnum
from typing import Any

import pytest

from bot.model.argocd import ArgoSettings
from bot.model.danger import Loss
from bot.model.delivery import Failure, Health, Outcome, Phase
from bot.model.plan import Action, Counts, MaterialChange, TargetPlan, TargetStatus
from bot.model.refs import ObjectRef
from bot.model.rendering import Diagnostic, Material, Severity
from bot.model.target import EngineKind
from bot.report import outcomes, page, phrases
from bot.report.notes import notes
from bot.report.stays import Stay
from tests.report.build import deployment, masked, plan, target, target_plan, unknown
from tests.report.plans import NEW_CHART, chart, same


@pytest.mark.parametrize(
    ("words", "nouns"),
    [
        (phrases.SIGNS, Action),
        (page.OBJECT_ICONS, Action),
        (phrases.ICONS, TargetStatus),
        (phrases.LOSSES, Loss),
        (phrases.LOSSES_OF_MANY, Loss),
        (outcomes.PHASES, Phase),
        (outcomes.OUTCOMES, Outcome),
        (outcomes.HEALTHS, Health),
        (outcomes.FAILURES, Failure),
        (outcomes.ADVICE, Failure),
        (phrases.ANNOTATION_TITLES, Severity),
    ],
)
def test_there_are_words_for_every_case(words: dict[StrEnum, object], nouns: type[StrEnum]) -> None:
    assert set(words) == set(nouns)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counts(), "no object changes"),
        (Counts(added=1), "1 object added"),
        (Counts(changed=2, removed=1), "2 objects changed, 1 removed"),
        (Counts(1200, 1, 1, 1), "1,200 objects added, 1 changed, 1 removed, 1 moved"),
    ],
)
def test_totals_say_what_there_is(counts: Counts, words: str) -> None:
    assert phrases.totals(counts) == words


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (("shop", "a"), ("shop", "b"), "was a; made anew, and that one {}"),
        (("shop", "a"), ("other", "a"), "was shop/a; made anew, and that one {}"),
        (("", "a"), ("shop", "a"), "without a namespace before or now"),
        (("shop", "a"), ("", "a"), "without a namespace before or now"),
    ],
)
def test_another_name_or_namespace_is_another_object(
    old: tuple[str, str], new: tuple[str, str], note: str
) -> None:
    manifests = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}
        for namespace, name in (old, new)
    ]
    sides = [masked(manifest) for manifest in manifests]
    (change,) = target_plan(target(), *sides).changes
    assert notes(change, is_hook=False) == note.format("is deleted")
    kept = notes(change, is_hook=False, stay=Stay.NO_PRUNING)
    assert kept == note.format("stays, because pruning is off")
    assert "anew" not in notes(change, is_hook=True)


def test_lists_stay_short() -> None:
    assert phrases.listed([]) == ""
    assert phrases.listed(["a"]) == "a"
    assert phrases.listed(["a", "b", "c"]) == "a, b and c"
    assert phrases.listed([str(i) for i in range(9)], 2) == "0, 1 and 7 more"


@pytest.mark.parametrize(("duration_s", "words"), [(0.25, "0.2 s"), (12.4, "12 s"), (600.0, "10 min")])
def test_durations_are_rounded(duration_s: float, words: str) -> None:
    assert phrases.seconds(duration_s) == words


@pytest.mark.parametrize(
    ("hooks", "words"),
    [
        (0, "3 objects changed"),
        (1, "3 objects changed, 1 of them a hook"),
        (2, "3 objects changed, 2 of them hooks"),
        (3, "3 objects changed, all of them hooks"),
    ],
)
def test_hooks_are_told_apart_in_the_totals(hooks: int, words: str) -> None:
    assert phrases.group_totals(Counts(changed=3), hooks) == words


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("6.5.0", "6.6.1", "6.5.0 (aaaaaaaaaaaa) -> 6.6.1 (aaaaaaaaaaaa)"),
        ("", "6.6.1", "new, 6.6.1 (aaaaaaaaaaaa)"),
        ("6.5.0", "", "no more, was 6.5.0 (aaaaaaaaaaaa)"),
        ("1.0.0+aaaaaaaaaaaa", "2.0.0", "1.0.0+aaaaaaaaaaaa -> 2.0.0 (aaaaaaaaaaaa)"),
    ],
)
def test_a_material_is_told_exactly(old: str, new: str, words: str) -> None:
    sides = (chart(version) if version else None for version in (old, new))
    assert phrases.material_change(MaterialChange(*sides)) == words


def test_charts_and_sources_have_their_names() -> None:
    source = MaterialChange(None, Material("https://forge.example/acme/base", "v1", "sha1:00"))
    assert phrases.material_noun([NEW_CHART]) == "chart"
    assert phrases.material_noun([NEW_CHART, source]) == "chart or source"
    assert phrases.material_noun([source]) == "source"


def lost(**fields: Any) -> TargetPlan:
    return unknown(target(**fields), Diagnostic(Severity.ERROR, "no such file"))


@pytest.mark.parametrize(
    ("engines", "words"),
    [
        ((EngineKind.DIRECT,), "Longshore does not deliver it."),
        ((EngineKind.FLUX,), "Once merged, Flux applies it all the same."),
        ((EngineKind.FLUX, EngineKind.ARGOCD), "Once merged, Flux and Argo CD apply it all the same."),
        (
            (EngineKind.DIRECT, EngineKind.FLUX),
            "Longshore does not deliver it; what Flux applies is applied all the same.",
        ),
    ],
)
def test_a_controller_does_not_wait_until_we_understand(engines: tuple[EngineKind, ...], words: str) -> None:
    assert phrases.fate(plan(*(lost(engine=engine) for engine in engines))) == words


def test_nobody_delivers_what_is_for_no_cluster() -> None:
    assert phrases.fate(plan(lost(cluster=""))) == ""
    assert phrases.fate(plan(same(target()))) == ""


@pytest.mark.parametrize(
    ("reason", "is_operators"),
    [
        ("adding `charts.example` to `sources.hosts` in config.yaml would allow it", True),
        ("no cluster is given; the operator gives one by clusters.NAME.allow", True),
        ("resources[0]: 'apps/config.yaml' does not exist", False),
        ("ksops is not a plugin built into kustomize", False),
    ],
)
def test_the_way_out_is_one_that_the_reader_has(reason: str, is_operators: bool) -> None:
    told = phrases.next_step(plan(unknown(target(), Diagnostic(Severity.ERROR, reason))))
    assert ("the operator has to allow" in told) is is_operators
    assert "mend what can be mended here" in told
    assert told.endswith("What stays unknown is for you to judge.")


@pytest.mark.parametrize(
    ("automated", "words"),
    [
        ((True,), "Argo CD applies this"),
        ((False,), "in-cluster/argocd/a0 waits for somebody to sync it"),
        ((True, False), "Argo CD applies this and in-cluster/argocd/a1 waits for somebody to sync it"),
        ((False, False), "in-cluster/argocd/a0 and in-cluster/argocd/a1 wait for somebody to sync them"),
    ],
)
def test_who_has_to_sync_by_hand_is_said(automated: tuple[bool, ...], words: str) -> None:
    plans = [
        target_plan(
            target(
                f"argocd/a{number}",
                "in-cluster",
                engine=EngineKind.ARGOCD,
                argocd=ArgoSettings(
                    ObjectRef("Application", "argocd", f"a{number}"), is_automated=is_automated
                ),
            ),
            None,
            masked(deployment()),
        )
        for number, is_automated in enumerate(automated)
    ]
    assert phrases.appliers(plan(*plans)) == words
