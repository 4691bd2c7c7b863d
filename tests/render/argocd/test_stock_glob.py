"""What the judge finds by a pattern on disk: as the file system says it, inside the root, and soon."""

import time
from pathlib import Path

import pytest

from bot.render.argocd.stock_glob import found_below
from bot.render.errors import Unrenderable


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("env/a.yaml", "env/.b.yaml", "env/more/c.yaml", "env/x1.yaml", "top.yaml"):
        file = tmp_path / "root" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("a: 1")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "hostname").write_text("secret")
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("env/*.yaml", "env/.b.yaml env/a.yaml env/x1.yaml"),
        ("env/[^x]*.yaml", "env/.b.yaml env/a.yaml"),
        ("**/?.yaml", "env/a.yaml env/more/c.yaml"),
        ("**/**/c.yaml", "env/more/c.yaml"),
        ("{top,env/a}.yaml", "env/a.yaml top.yaml"),
        ("*/more/c.yaml", "env/more/c.yaml"),
        ("*/nothing", ""),
        (f"*/{'n' * 300}", ""),
    ],
)
def test_a_pattern_finds_files_in_the_order_of_their_names(root: Path, pattern: str, expected: str) -> None:
    found = [str(path.relative_to(root)) for path in found_below(root, root / pattern)]
    assert sorted(found) == sorted(expected.split())


@pytest.mark.parametrize("pattern", ["link*/hostname", "link*/**", "**/hostname", "*/hostname", "l*"])
def test_no_pattern_goes_through_a_link_that_leads_out(root: Path, pattern: str) -> None:
    (root / "link1").symlink_to("../outside")
    with pytest.raises(Unrenderable, match="leaves the repository"):
        found_below(root, root / pattern)


@pytest.mark.parametrize("pattern", ["**/x.yaml", "*/" * 30 + "x.yaml", "{a,b}" * 20, "a" * 5000])
def test_circles_and_braces_come_to_an_end(root: Path, pattern: str) -> None:
    for index in range(3):
        (root / f"round{index}").symlink_to(".")
    start = time.process_time()
    with pytest.raises(Unrenderable, match="a pattern"):
        found_below(root, root / pattern)
    assert time.process_time() - start < 30
