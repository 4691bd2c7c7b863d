"""Global projects: rules that argocd-cm has one project lend to others."""

from typing import Any

import pytest

from bot.discover.argocd import notices
from bot.discover.argocd.context import ArgoContext
from bot.discover.argocd.global_projects import Lender
from bot.discover.argocd.installation import Standing, global_projects
from bot.discover.argocd.projects import Projects
from bot.model.rendering import Severity
from tests.discover.argocd.examples import FLEET, HERE, Json, application, found, spec
from tests.discover.argocd.test_installation import config
from tests.discover.argocd.test_projects import project

LENDING = """\
- labelSelector:
    matchExpressions: [{key: tier, operator: In, values: [web]}]
  projectName: base
- labelSelector: {matchLabels: {tier: other}}
  projectName: nobody
"""
NOTHING: Json = {"sourceRepos": [], "destinations": []}
ALL: Json = {"sourceRepos": ["*"], "destinations": [{"server": "*", "name": "*", "namespace": "*"}]}


def lenders(text: str = LENDING) -> list[Lender]:
    return [Lender.of(entry) for entry in global_projects([config(globalProjects=text)])]


def labelled(manifest: Json, **labels: str) -> Json:
    return {**manifest, "metadata": {**manifest["metadata"], "labels": labels}}


def refusals(*projects: Json, text: str = LENDING) -> list[str]:
    context = ArgoContext.of(projects, HERE, standing=Standing(lenders=tuple(lenders(text))))
    told = notices(found(application(spec(project="team"))), context)
    return [each.message for each in told if each.severity is Severity.ERROR]


def test_what_the_global_project_allows_is_allowed_to_those_it_selects() -> None:
    base, team = project("base", **ALL), project(**NOTHING)
    assert refusals(base, labelled(team, tier="web")) == []
    assert any(FLEET in each for each in refusals(base, labelled(team, tier="data")))
    assert refusals(base, labelled(team, tier="web"), text="") != []


def test_a_list_that_neither_has_stays_away_and_one_that_the_global_one_has_counts() -> None:
    base = project("base", namespaceResourceBlacklist=[{"group": "", "kind": "Secret"}])
    (team,) = Projects.of([base, labelled(project(), tier="web")], lenders()).named("team")
    assert team.spec["namespaceResourceBlacklist"] == [{"group": "", "kind": "Secret"}]
    assert "namespaceResourceWhitelist" not in team.spec
    assert team.spec["sourceRepos"] == ["*", "*"]


def test_one_that_is_declared_nowhere_may_allow_anything() -> None:
    assert refusals(labelled(project(**NOTHING), tier="other")) == []


def test_a_project_lends_nothing_to_itself() -> None:
    base = labelled(project("base", sourceRepos=["a"]), tier="web")
    (same,) = Projects.of([base], lenders()).named("base")
    assert same.spec["sourceRepos"] == ["a"]


@pytest.mark.parametrize(
    ("selector", "lends"),
    [
        ({}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "zone", "operator": "In", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "Near"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "In", "values": 5}]}, False),
        ({"matchExpressions": "tier"}, False),
        ({"matchExpressions": [None]}, False),
        ({"matchLabels": {"tier": "web"}, "matchExpressions": None}, True),
        ({"matchLabels": ["tier"]}, True),
    ],
)
def test_a_selector_that_cannot_be_read_selects_nothing(selector: Any, lends: bool) -> None:
    lender = Lender.of({"projectName": "base", "labelSelector": selector})
    assert lender.lends_to("team", {"tier": "web"}) is lends


@pytest.mark.parametrize("text", ["", "[", "a: b", "- a\n- [b]", "5"])
def test_what_is_no_list_of_mappings_names_none(text: str) -> None:
    assert lenders(text) == []


def test_no_more_are_followed_than_anybody_has() -> None:
    assert len(lenders("- {projectName: x}\n" * 5_000)) == 100
