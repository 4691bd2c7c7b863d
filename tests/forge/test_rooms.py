"""No word of a forge outside its room: everything else speaks of forges, and works on all of them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("bot/forge/github/", "bot/forge/gitlab/")
SUFFIXES = {".py", ".j2", ".lua"}

NAMED = re.compile(r"github|gitlab|gitea|forgejo", re.IGNORECASE)
HOST = re.compile(r"[a-z0-9.*-]*git(?:hub|lab)(?:usercontent)?\\?\.com", re.IGNORECASE)
"""An address is no mention: manifests name these hosts, and so do specifications."""

ALLOWED = {
    "bot/config/forges.py": "the kinds of forges that an operator may name, and what is particular to each",
    "bot/forge/dialects.py": "the switch from a kind to its webhooks",
    "bot/forge/matrix.py": "the table of what each can do",
    "bot/forge/opening.py": "the switch from a kind to its adapter",
    "bot/diff/credentials.py": "the shape of a token",
    "bot/log.py": "the shape of a token",
    "bot/discover/flux/source_specs.py": "a value of Flux's own field `provider`",
    "bot/render/applicationset/providers.py": "the forges that Argo CD's own generators ask, and how",
    "bot/render/applicationset/spec.py": "names of Argo CD's own generators",
    "bot/render/artifact.py": "paths that Flux leaves out of an artifact",
}


def mentions() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "bot").rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in SUFFIXES or name.startswith(ROOMS):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if NAMED.search(HOST.sub("", line)):
                yield name, f"{name}:{number}: {line.strip()}"


def test_no_forge_is_mentioned_outside_its_room() -> None:
    assert [line for name, line in mentions() if name not in ALLOWED] == []


def test_nothing_is_allowed_that_is_not_there() -> None:
    assert ALLOWED.keys() - {name for name, _ in mentions()} == set()
