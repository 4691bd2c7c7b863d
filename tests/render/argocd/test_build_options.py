"""What Argo CD tells kustomize: taken from argocd-cm where a file says it, and said where none does."""

import pytest

from bot.model.argocd import ArgoInstallation
from bot.model.rendering import Severity
from bot.model.target import Target
from bot.render.argocd.build_options import inflates, is_restricted
from bot.render.sandbox import Sandbox
from tests.render.argocd.applications import application, failure, key, manifests, remarks, rendered
from tests.render.argocd.test_kustomize import INFLATED
from tests.render.trees import Content, Link, config_map

ANYWHERE = "--load-restrictor LoadRestrictionsNone"
FILES: dict[str, Content] = {
    "app/kustomization.yaml": "resources: [../shared/a.yaml, ../shared/b.yaml, ../base]\n",
    "shared/a.yaml": config_map("a"),
    "shared/b.yaml": config_map("b"),
    "base/kustomization.yaml": "resources: [inner/c.yaml]\n",
    "base/inner/c.yaml": config_map("c"),
}


def told(options: str | None, **more: object) -> Target:
    return application(installation=ArgoInstallation(build_options=options), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "restricted", "helm"),
    [
        ("", True, False),
        ("--enable-helm", True, True),
        (ANYWHERE, False, False),
        ("--load-restrictor=LoadRestrictionsNone --enable-helm=true", False, True),
        ("--load-restrictor LoadRestrictionsRootOnly --enable-helm=false", True, False),
        (f"{ANYWHERE} --load-restrictor=LoadRestrictionsRootOnly", True, False),
        (f"--load-restrictor=LoadRestrictionsRootOnly {ANYWHERE}", False, False),
        ("--load-restrictor", True, False),
        ("--enable-helm --enable-helm=0", True, False),
        ("--enable-helmet --helm-command helm", True, False),
    ],
)
def test_of_one_argument_that_is_given_twice_the_last_counts(
    options: str, restricted: bool, helm: bool
) -> None:
    assert (is_restricted(options), inflates(options)) == (restricted, helm)


async def test_a_file_outside_of_its_kustomization_is_rendered_where_nobody_knows_better(
    sandbox: Sandbox,
) -> None:
    found = await rendered(sandbox, FILES, told(None))
    assert set(manifests(found)) == {"ConfigMap/a", "ConfigMap/b", "ConfigMap/c"}
    (remark,) = found.diagnostics
    assert (remark.severity, remark.file, remark.line) == (Severity.WARNING, "app/kustomization.yaml", 1)
    assert remark.message == (
        "resources[0]: '../shared/a.yaml' and 1 more file lie outside of the directory of the kustomization, which Argo CD "
        "reads only with `kustomize.buildOptions: --load-restrictor LoadRestrictionsNone` in argocd-cm, which no file here "
        "says"
    )


async def test_it_is_refused_where_argocd_cm_does_not_allow_it(sandbox: Sandbox) -> None:
    why = failure(await rendered(sandbox, FILES, told("--enable-helm")))
    assert "'../shared/a.yaml'" in why
    assert "which Argo CD refuses: `kustomize.buildOptions` in argocd-cm is '--enable-helm', without" in why
    assert not remarks(await rendered(sandbox, FILES, told(ANYWHERE)))


@pytest.mark.parametrize(
    "files",
    [
        {"kustomization.yaml": "resources: [base]\n"},
        {"kustomization.yaml": "patches: [{path: inner/../inner/p.yaml}]\nresources: [a.yaml]\n"},
        {"kustomization.yaml": "resources: [linked.yaml]\n", "linked.yaml": Link("inner/d.yaml")},
    ],
)
async def test_what_lies_below_is_no_matter(sandbox: Sandbox, files: dict[str, Content]) -> None:
    inside: dict[str, Content] = {
        "a.yaml": config_map("a"),
        "inner/d.yaml": config_map("d"),
        "inner/p.yaml": config_map("a", more="x"),
        "base/kustomization.yaml": "resources: [e.yaml]\n",
        "base/e.yaml": config_map("e"),
        **files,
    }
    whole = {f"app/{path}": content for path, content in inside.items()}
    assert not remarks(await rendered(sandbox, whole, told("")))
    # At the root nothing can lie outside.
    assert not remarks(await rendered(sandbox, inside, told("", path="")))


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (
            {
                "app/kustomization.yaml": "resources: [linked.yaml]\n",
                "app/linked.yaml": Link("../shared/a.yaml"),
            },
            "linked.yaml",
        ),
        (
            {"app/kustomization.yaml": Link("../shared/kustomization.yaml"), "app/a.yaml": config_map("a")},
            "the file that a link leads to: 'shared/kustomization.yaml'",
        ),
        (
            {
                "app/kustomization.yaml": "resources: [a.yaml]\npatches: [{path: ../shared/p.yaml}]\n",
                "app/a.yaml": config_map("a"),
            },
            "patches[0].path",
        ),
        (
            {"app/kustomization.yaml": "configMapGenerator: [{name: x, files: [../shared/a.yaml]}]\n"},
            "configMapGenerator[0]",
        ),
    ],
)
async def test_links_patches_and_files_of_generators_count_as_well(
    sandbox: Sandbox, files: dict[str, Content], named: str
) -> None:
    around: dict[str, Content] = {
        "shared/a.yaml": config_map("a"),
        "shared/p.yaml": config_map("a", more="x"),
        "shared/kustomization.yaml": "resources: [a.yaml]\n",
        **files,
    }
    assert named in failure(await rendered(sandbox, around, told("")))
    assert "LoadRestrictionsNone" in remarks(await rendered(sandbox, around, told(None)))


async def test_charts_are_inflated_only_where_argocd_cm_says_so(sandbox: Sandbox) -> None:
    assert not remarks(await rendered(sandbox, INFLATED, told("--enable-helm")))
    assert "which Argo CD refuses" in failure(await rendered(sandbox, INFLATED, told("")))
    (remark,) = (await rendered(sandbox, INFLATED, told(None))).diagnostics
    assert remark.severity is Severity.WARNING


async def test_values_of_an_inflated_chart_must_lie_below_its_kustomization(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {
        **INFLATED,
        "app/kustomization.yaml": "helmCharts: [{name: web, releaseName: r, valuesFile: ../shared/values.yaml}]\n",
        "shared/values.yaml": "a: 1\n",
    }
    why = failure(await rendered(sandbox, files, told("--enable-helm")))
    assert "helmCharts[0].valuesFile: '../shared/values.yaml'" in why
    assert not remarks(await rendered(sandbox, files, told(f"--enable-helm {ANYWHERE}")))


async def test_another_version_of_kustomize_has_arguments_of_its_own(sandbox: Sandbox) -> None:
    installation = ArgoInstallation(build_options=ANYWHERE, kustomize_versions={"v5.0.0": ""})

    def asking(version: str) -> Target:
        return application(installation=installation, kustomize={"version": version})

    assert "'../shared/a.yaml'" in failure(await rendered(sandbox, FILES, asking("v5.0.0")))
    said = remarks(await rendered(sandbox, FILES, asking("v4.5.7")))
    assert "which no file here says" in said
    assert "Argo CD refuses it unless `kustomize.path.v4.5.7` in argocd-cm registers it" in said


def test_the_key_follows_the_arguments() -> None:
    keys = {key(FILES, told(options)) for options in (None, "", "--enable-helm", ANYWHERE)}
    assert len(keys) == 4
