"""What a change does to an encrypted file, told without a key."""

from dataclasses import dataclass, field
from typing import Any

from bot.model.rendering import Severity
from bot.policy.encrypted import judge_encrypted

PATH = "clusters/live/db.yaml"


@dataclass(frozen=True)
class File:
    keys: tuple[tuple[str, str], ...] = (("data.a", "1"), ("data.b", "2"))
    mac: str = "m"
    settings: dict[str, Any] = field(
        default_factory=lambda: {"age": ["age1x"], "lastmodified": "1", "version": "3"}
    )

    def metadata(self) -> dict[str, Any]:
        return self.settings


def said(before: File | None, after: File | None) -> tuple[Severity, str]:
    (verdict,) = judge_encrypted(PATH, before, after)
    assert verdict.file == PATH
    return verdict.severity, verdict.message


def test_a_changed_a_new_and_a_dropped_key_are_named() -> None:
    after = File((("data.a", "9"), ("data.c", "3"), ("data.b", "2")), "n")
    assert said(File((*File().keys, ("data.z", "0"))), after) == (
        Severity.NOTICE,
        "encrypted with SOPS: changed data.a; added data.c; removed data.z",
    )


def test_all_values_anew_are_called_re_encrypted() -> None:
    _, message = said(File(), File((("data.a", "8"), ("data.b", "9")), "n"))
    assert message == (
        "encrypted with SOPS: re-encrypted: all 2 values; without a key it cannot be told which of them changed"
    )


def test_new_recipients_of_the_same_values_are_named() -> None:
    after = File(mac="m", settings={"age": ["age1y"], "pgp": ["F"], "mac_only_encrypted": True})
    assert said(File(), after)[1] == (
        "encrypted with SOPS: its values are as they were; now also for age age1y; no longer for age age1x; "
        "now also for pgp F; mac_only_encrypted was not set, is True"
    )


def test_what_is_encrypted_now_says_for_whom() -> None:
    assert said(None, File()) == (Severity.NOTICE, "encrypted with SOPS for age age1x: data.a, data.b")


def test_what_is_not_encrypted_any_more_is_an_error() -> None:
    severity, message = said(File(), None)
    assert severity is Severity.ERROR
    assert "is not any more" in message


def test_an_edit_without_sops_is_a_warning() -> None:
    severity, message = said(File(), File((("data.a", "1"), ("data.b", "7"))))
    assert severity is Severity.WARNING
    assert "edited without sops (changed data.b)" in message


def test_what_was_never_encrypted_is_not_spoken_of() -> None:
    assert judge_encrypted(PATH, None, None) == ()


def test_long_lists_are_cut() -> None:
    many = File(tuple((f"k{n}" + "x" * 500, "1") for n in range(50)))
    assert len(said(None, many)[1]) < 1000
