"""An Argo CD repository as the bot meets it: found, rendered, planned, and left to Argo CD."""

import json
from typing import Any

import pytest

from tests.planning.argocd.declared import application, application_set, cluster
from tests.sandbox.forge import StandInGitHub, StandInGitLab
from tests.stories.manifests import NS, Files, config_map
from tests.stories.story import Story
from tests.stories.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


def sites(url: str) -> str:
    """Every directory below `sites` on every cluster."""
    directories = {"git": {"repoURL": url, "revision": "HEAD", "directories": [{"path": "sites/*"}]}}
    clusters = {"clusters": {"selector": {"matchLabels": {"tier": "web"}}}}
    template: dict[str, Any] = {
        "metadata": {"name": "{{path.basename}}-{{name}}"},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "targetRevision": "HEAD", "path": "{{path}}"},
            "destination": {"server": "{{server}}", "namespace": NS},
        },
    }
    return application_set("sites", {"matrix": {"generators": [directories, clusters]}}, template=template)


def previews(town: Town, story: Story) -> str:
    """What is in `web`, for every open pull request of the repository as it is there."""
    path, url = story.repo.full_name, town.forge.clone_url(story.repo)
    owner, _, name = path.partition("/")
    asked: dict[str, Any] = {"github": {"owner": owner, "repo": name, "api": town.forge.api_url}}
    if isinstance(town.forge, StandInGitLab):
        asked = {"gitlab": {"project": path, "api": town.forge.url, "pullRequestState": "opened"}}
    template: dict[str, Any] = {
        "metadata": {"name": "preview-{{number}}"},
        "spec": {
            "project": "default",
            "source": {
                "repoURL": url,
                "targetRevision": "{{head_sha}}",
                "path": "web",
                "kustomize": {"nameSuffix": "-{{branch_slug}}"},
            },
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NS},
        },
    }
    return application_set("previews", {"pullRequest": asked}, template=template)


def catalog(town: Town, owner: str, url: str) -> str:
    """What is in `web`, for every repository of the owner that has a directory `k8s`."""
    asked: dict[str, Any] = {"github": {"organization": owner, "api": town.forge.api_url}}
    if isinstance(town.forge, StandInGitLab):
        asked = {"gitlab": {"group": owner, "api": town.forge.url}}
    template: dict[str, Any] = {
        "metadata": {"name": "app-{{repository}}"},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "targetRevision": "HEAD", "path": "web"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "{{repository}}"},
        },
    }
    generator = {"scmProvider": {**asked, "filters": [{"pathsExist": ["k8s"]}]}}
    return application_set("catalog", generator, template=template)


async def fleet(town: Town, slug: str, files: Files) -> Story:
    story = await town.story(slug)
    url = town.forge.clone_url(story.repo)
    await story.push(
        {
            "bootstrap/root.yaml": application("root", "argocd", url=url, namespace="argocd"),
            "argocd/web.yaml": application("web", "web", url=url, namespace=NS),
            "argocd/sites.yaml": sites(url),
            "argocd/eu.yaml": cluster("eu", "https://eu.example.test", tier="web"),
            "web/settings.yaml": config_map("settings", NS, level="1"),
            "sites/docs/page.yaml": config_map("page", NS, text="hello"),
            **files,
        }
    )
    return story


async def test_an_application_that_changes_is_planned_and_left_to_argo_cd(town: Town) -> None:
    story = await fleet(town, "argocd", {})
    pull = await story.open({"web/settings.yaml": config_map("settings", NS, level="2")})
    body = await story.planned(pull, "argocd/web", "Argo CD applies this", conclusion="success")
    assert "1 of 4 targets changes" in body
    sha = await story.merge(pull)
    await story.delivered(sha, "neutral", "Application argocd/web")
    await story.told_on(pull, "delivered by Argo CD")
    assert await story.data("settings") is None


async def test_a_cluster_that_comes_shows_every_application_on_it(town: Town) -> None:
    story = await fleet(town, "cluster", {})
    pull = await story.open({"argocd/us.yaml": cluster("us", "https://us.example.test", tier="web")})
    body = await story.planned(pull, "argocd/docs-us", "argocd/sites:set", conclusion="success")
    assert "page" in body
    assert "very-hidden" not in body


async def test_an_application_set_that_finds_nothing_removes_nothing(town: Town) -> None:
    story = await fleet(town, "nothing", {})
    empty = json.loads(sites(town.forge.clone_url(story.repo)))
    generators = empty["spec"]["generators"][0]["matrix"]["generators"]
    generators[0]["git"]["directories"] = [{"path": "nowhere/*"}]
    pull = await story.open({"argocd/sites.yaml": json.dumps(empty)})
    body = await story.planned(pull, "argocd/docs-eu", conclusion="failure")
    assert "unknown" in body
    assert "object removed" not in body


async def test_every_open_pull_request_has_its_preview(town: Town) -> None:
    story = await fleet(town, "previews", {"web/kustomization.yaml": "resources: [settings.yaml]\n"})
    other = await story.open({"web/settings.yaml": config_map("settings", NS, level="2")})
    await story.planned(other, "argocd/web", conclusion="success")
    pull = await story.open({"argocd/previews.yaml": previews(town, story)})
    names = [f"argocd/preview-{each.number}" for each in (other, pull)]
    body = await story.planned(pull, "argocd/previews:set", *names, conclusion="success")
    assert f"settings-{other.head}" in body
    assert f"settings-{pull.head}" in body


async def test_what_an_owner_has_comes_with_an_application_for_each_repository(town: Town) -> None:
    story = await fleet(town, "catalog", {})
    owner, url = story.repo.full_name.rpartition("/")[0], town.forge.clone_url(story.repo)
    if isinstance(town.forge, StandInGitHub):
        town.forge.create_org(owner)
    for name, path in (("shop", "k8s/a.yaml"), ("notes", "README.md")):
        await town.forge.create_repo(f"{owner}/{name}", private=False, files={path: b""})
    pull = await story.open({"argocd/catalog.yaml": catalog(town, owner, url)})
    body = await story.planned(pull, "argocd/catalog:set", "argocd/app-shop", conclusion="success")
    assert "app-notes" not in body
