"""Encrypts with the real sops program, as a person would."""

import subprocess
from pathlib import Path

from bot.model.rendering import Trust
from bot.proc.programs import find
from bot.render.sops.decrypt import Decryptor
from bot.render.sops.keys import AgeKeys
from tests.render.agekeys import AgeKey

TIMEOUT_S = 30


def encrypt(key: AgeKey, data: bytes, as_format: str, *options: str, rules: Path | None = None) -> bytes:
    """Runs in `/`, so that no `.sops.yaml` takes part but the one that is named."""
    config = ["--config", str(rules)] if rules else []
    command = [str(find("sops")), *config, "encrypt", "--age", key.recipient, "--input-type", as_format]
    command += ["--output-type", as_format, "--filename-override", "file", *options]
    done = subprocess.run(
        command, input=data, cwd=Path("/"), env={}, capture_output=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def edit(key: AgeKey, file: Path, command: str, *arguments: str, options: tuple[str, ...] = ()) -> None:
    """What `sops set` and `sops rotate` make of a file in place: values that stay keep their ciphertext with `set`."""
    done = subprocess.run(
        [str(find("sops")), command, *options, str(file), *arguments],
        cwd=Path("/"),
        env={"SOPS_AGE_KEY": key.secret},
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def decryptor(*keys: AgeKey) -> Decryptor:
    return Decryptor.here(AgeKeys.parse(*(key.secret for key in keys)), Trust.TRUSTED)
