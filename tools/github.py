"""The forge's own description of itself: its OpenAPI document, webhook examples and webhook schema.

Only the tests of the stand-in forge need them. Invariant: a file is used only when the package it came from has
the checksum written here; nothing of a package is installed or executed.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.locate import cache_dir
from tools.once import make_once
from tools.steps import Command, Progress, ToolFailure, run
from tools.toolchain import npm

NAME = "github-description"
FILE_LIMIT_BYTES = 50_000_000


@dataclass(frozen=True)
class Package:
    """One pinned npm package, the one file of it that is wanted, and the name it gets."""

    spec: str
    integrity: str
    member: str
    file: str


PACKAGES = (
    Package(
        "@octokit/openapi@23.0.2",
        "sha512-pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==",
        "package/generated/api.github.com.json",
        "openapi.json",
    ),
    Package(
        "@octokit/webhooks-examples@7.6.1",
        "sha512-De6U3XB6O3DtCa7bKgCMzTHdeopqqZ6SNivMYJnK65ierKL1AnNIA0tkRYCRS7lwGT792d+Ps1WbfHlso6MynQ==",
        "package/api.github.com/index.json",
        "webhook-examples.json",
    ),
    Package(
        "@octokit/webhooks-schemas@7.6.1",
        "sha512-qW0Bwtb76r4m2WzVhKDyfEeEnt1GEQoRjkCqmq2ZeB0nNVDJ+Z2LBDS9FDPyduuMXf/ZTWiCJp9PFFHgRfBe3A==",
        "package/schema.json",
        "webhook-schema.json",
    ),
)


def description_dir() -> Path:
    key = hashlib.sha256(repr(PACKAGES).encode()).hexdigest()[:12]
    return cache_dir() / f"{NAME}-{key}"


def find_description(file: str) -> Path | None:
    """`openapi.json`, `webhook-examples.json` or `webhook-schema.json`, when they have been fetched."""
    path = description_dir() / file
    return path if path.is_file() else None


def ensure_description(progress: Progress) -> Path:
    final = description_dir()
    made = make_once(final, lambda staging: _fetch(staging, progress), progress)
    progress.say(f"{NAME}: {'fetched' if made else 'ready'}")
    return final


def _fetch(staging: Path, progress: Progress) -> None:
    start, env = npm(progress)
    for package in PACKAGES:
        with tempfile.TemporaryDirectory(prefix="longshore-npm-") as scratch:
            argv = [
                *start,
                "pack",
                "--ignore-scripts",
                "--silent",
                "--pack-destination",
                scratch,
                package.spec,
            ]
            run(Command(f"fetching {package.spec}", argv, cwd=Path(scratch), env=env), progress)
            archive = next(Path(scratch).glob("*.tgz"), None)
            if archive is None:
                raise ToolFailure(
                    f"{package.spec}: npm fetched nothing", "", "run it by hand: npm pack " + package.spec
                )
            extract(package, archive, staging / package.file)


def extract(package: Package, archive: Path, into: Path) -> None:
    """Copy the one wanted file out of a package whose checksum is right."""
    content = archive.read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != package.integrity:
        raise ToolFailure(
            f"{package.spec}: the checksum differs",
            f"expected {package.integrity}\nfound    {found}",
            "do not use it: the package source serves something else under this version",
        )
    with tarfile.open(archive, "r:gz") as packed:
        member = packed.getmember(package.member)
        source = packed.extractfile(member)
        if source is None or member.size > FILE_LIMIT_BYTES:
            raise ToolFailure(
                f"{package.spec}: {package.member} is no usable file", "", "pin another version"
            )
        with source, into.open("wb") as target:
            shutil.copyfileobj(source, target)
