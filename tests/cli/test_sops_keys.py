"""Which repositories are decrypted is the operator's word, and what the keys are nobody's."""

from pathlib import Path

import pytest

from bot.cli.world import decryptors
from bot.config import Config
from bot.config.types import SecretUnreadable
from bot.errors import UserError
from bot.model.rendering import Trust
from tests.render.agekeys import make_key


def config(*entries: tuple[str, list[str]]) -> Config:
    repositories = [
        {"forge": "hub", "repository": name, "sops": {"ageKeys": keys}}
        if keys
        else {"forge": "hub", "repository": name}
        for name, keys in entries
    ]
    return Config.model_validate({"repositories": repositories})


async def test_only_what_the_operator_gave_keys_for_is_decrypted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = make_key(), make_key()
    file = tmp_path / "fleet.agekey"
    file.write_text(f"# public key: {one.recipient}\n{one.secret}\n")
    monkeypatch.setenv("OTHER_KEY", two.secret)
    found = await decryptors(
        config(
            ("acme/fleet", [f"${{file:{file}}}", "${env:OTHER_KEY}"]),
            ("acme/plain", []),
            ("acme/fleet", ["${env:OTHER_KEY}"]),
        )
    )
    assert found.keys() == {("hub", "acme/fleet")}
    held = found["hub", "acme/fleet"]
    assert held.trust is Trust.TRUSTED
    assert held.keys.environment() == {"SOPS_AGE_KEY": f"{one.secret}\n{two.secret}"}
    assert held.version
    assert not any(key.secret in repr(held) + held.identity for key in (one, two))


async def test_a_key_that_is_not_there_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GONE", raising=False)
    with pytest.raises(SecretUnreadable):
        await decryptors(config(("acme/fleet", ["${env:GONE}"])))


async def test_what_is_no_key_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRONG", "something-private")
    with pytest.raises(UserError) as caught:
        await decryptors(config(("acme/fleet", ["${env:WRONG}"])))
    assert "something-private" not in str(caught.value)
