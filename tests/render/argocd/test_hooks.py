"""Hooks that nobody ever runs are nothing that Argo CD applies."""

import pytest

from bot.render.argocd.hooks import never_runs
from bot.render.sandbox import Sandbox
from tests.render.argocd.applications import application, manifests, remarks, rendered
from tests.render.trees import Content, config_map

OWN, HELMS = "argocd.argoproj.io/hook", "helm.sh/hook"


def hooked(name: str, **marks: str) -> str:
    named = {"own": OWN, "helms": HELMS}
    annotations = ", ".join(f"{named[key]}: '{value}'" for key, value in marks.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, annotations: {{{annotations}}}}}\n"


@pytest.mark.parametrize(
    ("marks", "never"),
    [
        ({OWN: "Never"}, True),
        ({OWN: ""}, True),
        ({OWN: "presync"}, True),
        ({OWN: "Never", HELMS: "test"}, True),
        ({HELMS: "test"}, True),
        ({HELMS: "pre-rollback, post-rollback"}, True),
        ({HELMS: ""}, True),
        ({HELMS: "crd-install,test"}, True),
        ({}, False),
        ({OWN: "Skip"}, False),
        ({OWN: "Never, PostSync"}, False),
        ({OWN: "Never", HELMS: "pre-install"}, False),
        ({OWN: "PostDelete"}, False),
        ({OWN: "PreDelete"}, False),
        ({HELMS: "crd-install"}, False),
        ({HELMS: "test,post-upgrade"}, False),
        ({HELMS: "post-delete"}, False),
        ({HELMS: "pre-delete,pre-rollback"}, False),
    ],
)
def test_a_hook_without_a_phase_that_there_is_never_runs(marks: dict[str, str], never: bool) -> None:
    assert never_runs({"kind": "Job", "metadata": {"annotations": marks}}) is never


@pytest.mark.parametrize("metadata", [None, [], {}, {"annotations": None}, {"annotations": ["x"]}])
def test_what_has_no_annotations_is_no_hook(metadata: object) -> None:
    assert not never_runs({"kind": "Job", "metadata": metadata})


FILES: dict[str, Content] = {
    "app/a.yaml": config_map("a"),
    "app/never.yaml": hooked("never", own="Never"),
    "app/rollback.yaml": hooked("rollback", helms="pre-rollback"),
    "app/test.yaml": hooked("test", helms="test"),
    "app/sync.yaml": hooked("sync", own="Sync"),
}
LISTED = {"app/kustomization.yaml": "resources: [a.yaml, never.yaml, rollback.yaml, test.yaml, sync.yaml]\n"}


@pytest.mark.parametrize("more", [{}, LISTED])
async def test_it_is_left_out_and_that_is_said(sandbox: Sandbox, more: dict[str, Content]) -> None:
    found = await rendered(sandbox, {**FILES, **more}, application())
    assert set(manifests(found)) == {"ConfigMap/a", "ConfigMap/sync"}
    said = remarks(found)
    assert "ConfigMap dest/never is marked `argocd.argoproj.io/hook: Never`" in said
    assert "ConfigMap dest/rollback is marked `helm.sh/hook: pre-rollback`" in said
    assert "dest/test" not in said


async def test_one_that_comes_last_under_a_name_hides_what_came_before(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {
        "app/a.yaml": config_map("a"),
        "app/b.yaml": hooked("a", own="Never"),
        "app/c.yaml": config_map("c"),
    }
    assert set(manifests(await rendered(sandbox, files, application()))) == {"ConfigMap/c"}
