"""What is noted of the tree that a git generator looks at."""

from collections.abc import Mapping

import pytest

from bot.model.rendering import TraceEntry, TraceKind
from bot.render.applicationset import Generated, Templates, generate
from tests.render.applicationset.sets import MemoryWorld, application_set, made
from tests.render.applicationset.test_git import CONFIGS, DIRECTORIES, directories, files
from tests.render.trees import Content


async def trace(
    generators: str, tree: Mapping[str, Content], *, is_here: bool = True
) -> tuple[TraceEntry, ...]:
    found: Generated = await generate(
        application_set(generators), MemoryWorld(tree, is_here=is_here), Templates()
    )
    return found.entries


@pytest.mark.parametrize(
    ("changed", "is_seen"),
    [
        ({"apps/four/x.yaml": ""}, True),
        ({"apps/one/other.yaml": "changed"}, False),
        ({"apps/one/deeper/x.yaml": ""}, False),
        ({"apps/.new/x.yaml": ""}, False),
        ({"apps/skipped-2/x.yaml": ""}, False),
        ({"other/two/x.yaml": ""}, False),
        ({"apps/new.yaml": ""}, False),
    ],
)
async def test_the_note_of_directories_differs_where_what_they_give_does(
    changed: Mapping[str, Content], *, is_seen: bool
) -> None:
    generators = directories("{path: apps/*}", "{path: apps/skipped*, exclude: true}")
    before, after = await trace(generators, DIRECTORIES), await trace(generators, {**DIRECTORIES, **changed})
    assert (before != after) is is_seen
    assert [(entry.path, entry.kind) for entry in after] == [("apps", TraceKind.LISTING)]


@pytest.mark.parametrize(
    ("changed", "is_seen"),
    [
        ({"conf/a.yaml": "name: other"}, True),
        ({"conf/deep/new.yaml": "name: new"}, True),
        ({"conf/new.txt": ""}, False),
        ({"conf/b.json": "[]"}, False),
        ({"new.yaml": "name: new"}, False),
    ],
)
async def test_the_notes_of_files_differ_where_what_they_give_does(
    changed: Mapping[str, Content], *, is_seen: bool
) -> None:
    generators = files("{path: conf/*.yaml}")
    before, after = await trace(generators, CONFIGS), await trace(generators, {**CONFIGS, **changed})
    assert (before != after) is is_seen


async def test_every_file_link_and_absence_is_noted() -> None:
    found = await trace(
        files("{path: conf/a.yaml}", "{path: conf/link.yaml}", "{path: conf/none.yaml}"), CONFIGS
    )
    assert [(entry.path, entry.kind) for entry in found] == [
        ("conf/a.yaml", TraceKind.FILE),
        ("conf/link.yaml", TraceKind.LINK),
        ("conf/none.yaml", TraceKind.ABSENT),
    ]


async def test_what_is_read_elsewhere_is_no_note_of_the_tree_at_hand() -> None:
    assert await trace(files("{path: conf/*}"), CONFIGS, is_here=False) == ()
    assert await trace(directories("{path: '*'}"), CONFIGS, is_here=False) == ()


async def test_a_set_is_open_where_its_files_may_be_others_tomorrow() -> None:
    manifest = application_set(directories("{path: apps/o*}"), name="{{path.basename}}")
    assert not (await made(manifest, MemoryWorld(DIRECTORIES))).is_open
    assert (await made(manifest, MemoryWorld(DIRECTORIES, is_lasting=False))).is_open
