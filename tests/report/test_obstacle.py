import re

import pytest

from bot.forge.base import TextLimit
from bot.report.obstacle import Obstacle, ObstacleKind, obstacle_comment, obstacle_title
from tests.report.build import agrees_with_golden, pull_context
from tests.report.plans import HOSTILE, LINK, TAGS
from tests.report.reading import outside_code

EXAMPLES = (
    Obstacle(ObstacleKind.CONFLICT, details=("apps/web.yaml", "apps/b`c.yaml")),
    Obstacle(
        ObstacleKind.REFUSED,
        ".longshore.yaml has 2 mistakes",
        details=("targets.0.path: is missing", "foo: unknown key; the nearest is form"),
    ),
    Obstacle(ObstacleKind.FORK, details=("landlock",)),
    Obstacle(ObstacleKind.FAILED, "the renderer ended unexpectedly", run_id="r-123"),
)


def test_every_obstacle_reads_like_its_golden_file() -> None:
    pages = "\n----\n\n".join(obstacle_comment(example, pull_context()) for example in EXAMPLES)
    assert agrees_with_golden("obstacles.md", pages)


@pytest.mark.parametrize("kind", ObstacleKind)
def test_every_obstacle_has_a_next_step(kind: ObstacleKind) -> None:
    assert "**Next:**" in obstacle_comment(Obstacle(kind, "message"), pull_context())
    assert "**Next:** do this" in obstacle_comment(Obstacle(kind, "message", hint="do this"), pull_context())


def test_a_long_list_is_cut_to_fit() -> None:
    many = Obstacle(ObstacleKind.CONFLICT, details=tuple(f"file{i}" * 20 for i in range(1000)))
    comment = obstacle_comment(many, pull_context(), TextLimit(3000, 3000))
    assert len(comment) <= 3000
    assert "and 995 more" in comment


@pytest.mark.parametrize("kind", ObstacleKind)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_details_stay_in_their_place(kind: ObstacleKind, text: str) -> None:
    hostile = Obstacle(kind, text, details=(text,), run_id="r-1")
    comment = obstacle_comment(hostile, pull_context(base_ref=text))
    comment.encode()
    read = LINK.sub("", TAGS.sub("", outside_code(comment)))
    assert not re.search(r"@\w|#\w|GH-\d", read)
    assert "<" not in read
    assert "://" not in read
    assert "\n" not in obstacle_title(hostile)
