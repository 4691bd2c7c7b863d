"""What the mask hides, no message tells."""

import base64

from bot.engines.direct.scrub import scrubbed

PLAIN = "correct-horse-battery"
ENCODED = base64.b64encode(PLAIN.encode()).decode()
SECRET = {
    "kind": "Secret",
    "metadata": {"name": "db"},
    "data": {"password": ENCODED, "list": ["abcd1234", "shown"]},
}
MASKED = {
    "kind": "Secret",
    "metadata": {"name": "db"},
    "data": {"password": "***1", "list": ["***2", "shown"]},
}


def test_a_secret_value_is_cut_out_encoded_or_not() -> None:
    said = scrubbed(
        f"webhook: {PLAIN} or {ENCODED} or abcd1234 is weak; shown is fine for db", SECRET, MASKED
    )
    assert said == "webhook: *** or *** or *** is weak; shown is fine for db"


def test_a_mask_of_another_shape_hides_more_and_never_less() -> None:
    assert PLAIN not in scrubbed(f"{PLAIN} {ENCODED}", SECRET, {"kind": "Secret"})
    assert PLAIN not in scrubbed(f"{PLAIN} {ENCODED}", SECRET, {**MASKED, "data": "***"})
