import json
from pathlib import Path

import pytest

from tests.git.repos import Work
from tools.fidelity import main

FLEET = {
    "one/kustomization.yaml": "resources: [a.yaml]\n",
    "one/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    "two/kustomization.yaml": "resources: [gone.yaml]\n",
}


def test_tries_the_commits_that_touch_yaml_and_tells_what_nothing_can_render(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = Work.init(tmp_path / "fleet")
    work.commit(FLEET)
    renamed = work.commit({"one/kustomization.yaml": "namePrefix: x-\nresources: [a.yaml]\n"})
    work.commit({"README.md": "not YAML"})
    report = tmp_path / "report.json"
    assert main([str(work.path), "--json", str(report), "--plans", str(tmp_path / "plans")]) == 0
    (record,) = json.loads(report.read_text())
    (trial,) = record["trials"]
    assert (trial["sha"], trial["targets"], trial["changed"]) == (renamed, 2, 1)
    assert trial["unprovable"] == {"resources…: … does not exist …": 1}
    assert trial["disagreements"] == []
    assert "1 x resources…: … does not exist …" in capsys.readouterr().out
    assert "x-a" in (tmp_path / "plans" / "fleet" / "auto" / f"{renamed[:12]}.txt").read_text()
