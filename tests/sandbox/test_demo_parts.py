"""What the demo is made of: its words, what it tells of the clusters, and the fleet it delivers."""

import io

import pytest
import yaml

from bot.config import parse_team
from bot.config.team import TargetConfig
from tests.sandbox.cluster.administer import rendered
from tests.sandbox.demo.checkout import SEED
from tests.sandbox.demo.clusters import NAMES, Seen
from tests.sandbox.demo.narrator import DemoFailed, Narrator
from tests.sandbox.demo.watcher import differences

KUSTOMIZATIONS = sorted(file.parent for file in SEED.rglob("kustomization.yaml"))
TARGETS = parse_team((SEED / ".longshore.yaml").read_bytes(), ".longshore.yaml", dict.fromkeys(NAMES)).targets


def told(narrator: Narrator) -> str:
    assert isinstance(narrator.out, io.StringIO)
    return narrator.out.getvalue()


def test_outside_a_terminal_nothing_is_coloured_or_redrawn() -> None:
    narrator = Narrator(io.StringIO())
    narrator.chapter("One")
    narrator.moved("+", "staging: Deployment web")
    narrator.look("somewhere")
    assert not set("\x1b\r") & set(told(narrator))


def test_what_was_posted_is_shown_without_marks_and_folds() -> None:
    narrator = Narrator(io.StringIO())
    narrator.quote(
        "comment:", "<!-- mark -->\n<details open>\n<summary><code>a</code> &lt;b&gt;</summary>\n\n</details>"
    )
    assert told(narrator).splitlines() == ["   comment:", "   | a <b>"]


async def test_waiting_ends_with_what_was_waited_for() -> None:
    async def never() -> None:
        return None

    with pytest.raises(DemoFailed, match=r"waited 0 s in vain for the end of time"):
        await Narrator(io.StringIO()).until("the end of time", never, 0.0)


async def test_waiting_gives_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.sandbox.demo.narrator.KEEP_ALIVE_S", 0.0)
    answers = [None, "there"]

    async def second_time() -> str | None:
        return answers.pop(0)

    narrator = Narrator(io.StringIO())
    assert await narrator.until("it", second_time, 5.0, lambda: "half way") == "there"
    assert told(narrator) == "   ... waiting for it: 0 s (half way)\n"


def test_tells_what_came_changed_went_and_became_ready() -> None:
    before = {
        "Service old": Seen(1),
        "Deployment web": Seen(1, "web:1, 1/1 ready", is_ready=True),
        "Service web": Seen(1),
    }
    after = {
        "ConfigMap new": Seen(1),
        "Deployment web": Seen(2, "web:2, 1/1 ready", is_ready=True),
        "Service web": Seen(1),
    }
    assert differences(before, after) == {
        "-": ["Service old"],
        "+": ["ConfigMap new"],
        "~": ["Deployment web"],
        "ok": ["Deployment web (web:2, 1/1 ready)"],
    }
    assert differences(after, after) == {}


def test_the_fleet_has_each_target_on_both_clusters_in_order() -> None:
    assert {(t.cluster, t.name): t.depends_on for t in TARGETS} == {
        (cluster, name): needs
        for cluster in NAMES
        for name, needs in {"infrastructure": (), "apps": ("infrastructure",)}.items()
    }


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.path)
def test_every_target_of_the_fleet_renders(target: TargetConfig) -> None:
    assert len(rendered(SEED / target.path)) >= 5


def test_every_file_of_the_fleet_is_used() -> None:
    used = {SEED / "README.md", SEED / ".longshore.yaml"}
    for directory in KUSTOMIZATIONS:
        file = directory / "kustomization.yaml"
        used.add(file)
        fields = yaml.safe_load(file.read_text(encoding="utf-8"))
        named = [*fields.get("resources", []), *(patch["path"] for patch in fields.get("patches", []))]
        used |= {path for name in named if (path := directory / name).is_file()}
    assert {path for path in SEED.rglob("*") if path.is_file()} == used
