from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diff.objects import compare
from bot.model.plan import ImageChange
from tests.diff.build import manifest, masked

DIGESTS = tuple(f"sha256:{letter * 64}" for letter in "ab")


def images(old: Any, new: Any) -> tuple[ImageChange, ...]:
    [change] = compare(*(masked(manifest("HelmRelease", spec={"values": values})) for values in (old, new)))
    return change.images


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ({"tag": "1.4.1"}, {"tag": "1.5.0"}, ("acme/web:1.4.1", "acme/web:1.5.0")),
        ({"tag": 1.25}, {"tag": 1.26}, ("acme/web:1.25", "acme/web:1.26")),
        ({"tag": "1"}, {"tag": "1", "digest": DIGESTS[0]}, ("acme/web:1", f"acme/web:1@{DIGESTS[0]}")),
        (
            {"tag": f"1@{DIGESTS[0]}"},
            {"tag": f"1@{DIGESTS[1]}"},
            (f"acme/web:1@{DIGESTS[0]}", f"acme/web:1@{DIGESTS[1]}"),
        ),
        (
            {"tag": "1", "registry": "quay.example"},
            {"tag": "1", "registry": "ghcr.example"},
            ("quay.example/acme/web:1", "ghcr.example/acme/web:1"),
        ),
        ({"tag": "1"}, {"tag": "1", "repository": "acme/site"}, ("acme/web:1", "acme/site:1")),
    ],
)
def test_an_image_in_parts_is_put_together(
    old: dict[str, Any], new: dict[str, Any], shown: tuple[str, str]
) -> None:
    whole = {"repository": "acme/web"}
    assert images({"image": whole | old}, {"image": whole | new}) == (ImageChange(*shown),)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"tag": "1"}, {"tag": "2"}),
        ({"repository": "acme/web", "tag": "1"}, {"repository": "acme/web"}),
        ({"repository": "acme/web", "tag": "${TAG}"}, {"repository": "acme/web", "tag": "${TAG:=2}"}),
        ({"repository": "https://acme.example/web", "tag": "1"}, {"repository": "https://acme.example/web", "tag": "2"}),
        ({"repository": "acme/web", "tag": True}, {"repository": "acme/web", "tag": False}),
        ({"repository": ["acme/web"], "tag": "1"}, {"repository": ["acme/web"], "tag": "2"}),
    ],
)  # fmt: skip
def test_what_is_not_written_out_on_both_sides_is_not_guessed(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert images({"image": old}, {"image": new}) == ()


def test_sidecars_are_matched_by_name_and_one_image_is_named_once() -> None:
    def sidecars(*named: tuple[str, str]) -> dict[str, Any]:
        return {
            "sidecars": [{"name": n, "image": {"repository": f"acme/{n}", "tag": tag}} for n, tag in named]
        }

    assert images(sidecars(("a", "1"), ("b", "1")), sidecars(("b", "2"), ("a", "1"))) == (
        ImageChange("acme/b:1", "acme/b:2"),
    )
    assert images(sidecars(("a", "1"), ("a", "1")), sidecars(("a", "2"), ("a", "2"))) == (
        ImageChange("acme/a:1", "acme/a:2"),
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["image", "repository", "tag", "digest", "name"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_no_shape_of_values_is_too_odd(old: Any, new: Any) -> None:
    for change in compare(
        *(masked(manifest("HelmRelease", spec={"values": {"image": values}})) for values in (old, new))
    ):
        assert all(image.old != image.new for image in change.images)
