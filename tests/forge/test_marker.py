"""Who may write a marker, and where it holds."""

import base64

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from bot.forge.marker import MAX_PAYLOAD_BYTES, MarkerKind, Place, Seal, derive_key
from bot.model.repo import RepoId

SECRET = b"0123456789abcdef"
PLACE = Place(RepoId("github", "acme/fleet"), 7)
PLAN = MarkerKind.PLAN


def make_body(text: str = "Nothing changes.", **payload: str) -> str:
    return Seal([SECRET]).stamp(PLACE, PLAN, payload or {"head": "abc"}, text)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=100), max_size=5), st.text(max_size=50))
def test_what_was_stamped_is_read_back(payload: dict[str, str], text: str) -> None:
    seal = Seal([SECRET])
    body = seal.stamp(PLACE, PLAN, payload, text)
    assert seal.read(PLACE, PLAN, body) == payload
    assert body.partition("\n")[2] == text


@pytest.mark.parametrize(
    "place",
    [
        Place(PLACE.repo, 8),
        Place(RepoId("github", "acme/other"), 7),
        Place(RepoId("elsewhere", "acme/fleet"), 7),
    ],
)
def test_a_marker_copied_to_another_place_means_nothing(place: Place) -> None:
    assert Seal([SECRET]).read(place, PLAN, make_body()) is None


def test_a_marker_of_another_kind_means_nothing() -> None:
    assert Seal([SECRET]).read(PLACE, MarkerKind.DELIVERY, make_body()) is None
    forged = make_body().replace("longshore:plan", "longshore:delivery")
    assert Seal([SECRET]).read(PLACE, MarkerKind.DELIVERY, forged) is None


def test_a_marker_below_the_first_line_means_nothing() -> None:
    assert Seal([SECRET]).read(PLACE, PLAN, "quoted from a manifest:\n" + make_body()) is None


def test_a_payload_that_was_changed_means_nothing() -> None:
    real = base64.b64encode(b'{"head":"abc"}').decode()
    forged = base64.b64encode(b'{"head":"abd"}').decode()
    body = make_body()
    assert real in body
    assert Seal([SECRET]).read(PLACE, PLAN, body.replace(real, forged)) is None


def test_line_ends_and_text_below_may_change() -> None:
    body = make_body().replace("\n", "\r\n") + "edited by somebody"
    assert Seal([SECRET]).read(PLACE, PLAN, body) == {"head": "abc"}


def test_the_old_secret_is_read_and_the_new_one_seals() -> None:
    rotated = Seal([b"f" * 16, SECRET])
    assert rotated.read(PLACE, PLAN, make_body()) == {"head": "abc"}
    assert Seal([SECRET]).read(PLACE, PLAN, rotated.stamp(PLACE, PLAN, {"a": "b"}, "")) is None


def test_a_repository_is_known_in_any_case() -> None:
    shouted = Place(RepoId("github", "Acme/Fleet"), 7)
    assert Seal([SECRET]).read(shouted, PLAN, make_body()) == {"head": "abc"}


@pytest.mark.parametrize("secrets", [[], [b"short"], [SECRET, b""]])
def test_a_weak_secret_is_refused(secrets: list[bytes]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Seal(secrets)


def test_a_payload_is_bounded() -> None:
    with pytest.raises(ValueError, match="at most"):
        make_body(digests="x" * MAX_PAYLOAD_BYTES)


@given(st.text(max_size=200))
def test_no_text_of_others_is_a_marker_nor_crashes(text: str) -> None:
    assert Seal([SECRET]).read(PLACE, PLAN, text) is None


def test_no_payload_can_end_the_html_comment() -> None:
    line = make_body(value="-->\n<script>--!>").partition("\n")[0]
    assert line.count("--") == 2
    assert line.endswith(" -->")


def test_a_key_serves_one_purpose() -> None:
    for purpose in (b"one", b"two"):
        reference = HKDF(SHA256(), length=32, salt=None, info=purpose).derive(SECRET)
        assert derive_key(SECRET, purpose) == reference
