"""What the operator lets a repository do, told on the pull request."""

from dataclasses import replace

from bot.config import Config
from bot.loops.allowed import admits, refused, rules_for, with_permissions
from bot.model.objects import ObjectId
from bot.model.plan import Plan, Side, TargetPlan, TargetStatus
from bot.model.rendering import ContentKey, Trace
from bot.model.repo import RepoId, TreeId
from bot.model.target import EngineKind, Found, Origin, RendererKind, Target, TargetId
from bot.planning.expansion import Traced

REPO = RepoId("hub", "acme/fleet")
CONFIG = Config.model_validate(
    {
        "clusters": {
            "staging": {
                "environment": "staging",
                "allow": [
                    {"repository": "acme/fleet", "paths": ["apps/*"], "namespaces": ["shop"]},
                    {"repository": "acme/fleet", "branches": ["release/*"], "namespaces": ["live"]},
                ],
            }
        }
    }
)
APPS = Target(
    TargetId("staging", "apps"),
    "apps/shop",
    RendererKind.KUSTOMIZE,
    EngineKind.DIRECT,
    Origin(Found.CONFIG, ".longshore.yaml", 3),
)
SIDE = Side("main", TreeId("t"))


def warnings(target: Target, branch: str = "main", status: TargetStatus = TargetStatus.CHANGED) -> list[str]:
    plan = with_permissions(Plan(SIDE, SIDE, (TargetPlan(target, status),)), CONFIG, REPO, branch)
    return [diagnostic.message for diagnostic in plan.targets[0].diagnostics]


def test_a_target_that_an_entry_covers_needs_no_warning() -> None:
    assert warnings(APPS) == []
    assert warnings(replace(APPS, path="elsewhere"), "release/1") == []


def test_branch_and_path_have_to_fit_the_same_entry() -> None:
    [message] = warnings(replace(APPS, path="elsewhere"))
    assert "does not allow acme/fleet, branch main, path elsewhere" in message
    assert "clusters.staging.allow" in message


def test_what_stays_as_it_is_or_is_delivered_by_others_is_not_warned_of() -> None:
    refusal = replace(APPS, path="elsewhere")
    assert warnings(refusal, status=TargetStatus.UNCHANGED) == []
    assert warnings(replace(refusal, engine=EngineKind.FLUX)) == []
    assert warnings(replace(refusal, id=TargetId("", "apps"))) == []


def test_an_object_needs_one_entry_of_those_that_cover_its_target() -> None:
    may = admits(rules_for(CONFIG, REPO, "main", APPS))
    assert may(ObjectId("apps", "Deployment", "shop", "web"), namespaced=True)
    assert not may(ObjectId("apps", "Deployment", "live", "web"), namespaced=True)
    assert not may(ObjectId("rbac.authorization.k8s.io", "ClusterRole", "", "web"), namespaced=False)
    assert not admits(())(ObjectId("", "ConfigMap", "shop", "web"), namespaced=True)


def test_what_is_refused_has_one_digest_until_the_answer_changes() -> None:
    traced = {APPS.id: Traced(APPS, Trace(()), ContentKey("k"))}
    assert refused(traced, CONFIG, REPO, "main") == refused({}, CONFIG, REPO, "main")
    assert refused(traced, CONFIG, REPO, "other") != refused({}, CONFIG, REPO, "other")
