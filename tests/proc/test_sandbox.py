"""One test per layer: a program that tries, and the layer that stops it."""

import os
import socket
import sys
from pathlib import Path

import pytest

from bot.proc.confine import Confinement, Layers, Limits
from bot.proc.errors import ProgramFailed
from bot.proc.protections import protections
from bot.proc.run import Command, Completed, run
from bot.proc.sandbox import layers

MARKER = "PLANTED-HOST-SECRET-7f3a"
PYTHON = Path(os.path.realpath(sys.executable))
PYTHON_FILES = tuple(
    {Path(sys.base_prefix), Path("/lib"), Path("/usr/lib"), Path("/lib64"), Path("/etc/ld.so.cache")}
)
LANDLOCK_ONLY = Layers(landlock_abi=layers().landlock_abi)
NAMESPACE_ONLY = Layers(network_namespace=True)

needs_landlock = pytest.mark.skipif(not layers().landlock_abi, reason="this kernel has no Landlock")
needs_namespace = pytest.mark.skipif(not layers().network_namespace, reason="namespaces are not allowed here")


async def attempt(script: str, *, held: Layers, write: tuple[Path, ...] = ()) -> Completed:
    """Run Python code that exits 42 when it is refused with OSError."""
    wrapped = (
        f"import os, sys, socket\ntry:\n  {script}\nexcept OSError as e:\n  print(e.errno)\n  sys.exit(42)"
    )
    readable = tuple(path for path in PYTHON_FILES if path.exists())
    loader = tuple(path for path in (Path("/lib"), Path("/usr/lib"), Path("/lib64")) if path.exists())
    confinement = Confinement(
        held, read=readable, write=write, execute=(PYTHON, *loader, Path(sys.base_prefix))
    )
    command = Command([PYTHON, "-I", "-S", "-c", wrapped], confinement=confinement, accept=frozenset({0, 42}))
    return await run(command)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "host-secret"
    file.write_text(MARKER)
    return file


@needs_landlock
async def test_landlock_lets_nothing_be_read_that_was_not_granted(secret: Path) -> None:
    done = await attempt(f"print(open({str(secret)!r}).read())", held=LANDLOCK_ONLY)
    assert done.exit_code == 42
    assert MARKER.encode() not in done.stdout


@needs_landlock
async def test_landlock_does_not_follow_a_granted_link_to_what_was_not_granted(
    secret: Path, tmp_path: Path
) -> None:
    granted = tmp_path / "granted"
    granted.mkdir()
    (granted / "link").symlink_to(secret)
    done = await attempt(f"print(open('{granted}/link').read())", held=LANDLOCK_ONLY, write=(granted,))
    assert done.exit_code == 42


@needs_landlock
async def test_landlock_lets_files_be_written_only_where_granted(tmp_path: Path) -> None:
    granted = tmp_path / "granted"
    granted.mkdir()
    good = await attempt(f"open('{granted}/x', 'w').write('1')", held=LANDLOCK_ONLY, write=(granted,))
    bad = await attempt(f"open('{tmp_path}/x', 'w').write('1')", held=LANDLOCK_ONLY, write=(granted,))
    assert (good.exit_code, bad.exit_code) == (0, 42)


@needs_landlock
async def test_landlock_lets_no_other_program_be_started(tmp_path: Path) -> None:
    (tmp_path / "program").write_text("#!/bin/sh\n")
    (tmp_path / "program").chmod(0o755)
    done = await attempt(f"os.execv('{tmp_path}/program', ['x'])", held=LANDLOCK_ONLY, write=(tmp_path,))
    assert done.exit_code == 42


@needs_landlock
async def test_landlock_refuses_tcp_even_to_a_server_that_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = await attempt(
            f"socket.create_connection(('127.0.0.1', {server.getsockname()[1]}))", held=LANDLOCK_ONLY
        )
    assert (done.exit_code, done.stdout) == (42, b"13\n")


@needs_namespace
async def test_the_namespace_has_no_network_for_udp_either() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        target = ("127.0.0.1", server.getsockname()[1])
        done = await attempt(
            f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', {target})", held=NAMESPACE_ONLY
        )
    assert done.exit_code == 42


async def test_without_any_layer_the_same_program_reads_the_file(secret: Path) -> None:
    """Shows that the other tests see the layers at work and not some accident."""
    done = await attempt(f"print(open({str(secret)!r}).read())", held=Layers())
    assert MARKER.encode() in done.stdout


async def test_a_layer_that_the_kernel_refuses_is_an_error_and_not_less_protection(tmp_path: Path) -> None:
    missing = Confinement(LANDLOCK_ONLY, read=(tmp_path / "missing",), limits=Limits())
    if not missing.layers.landlock_abi:
        pytest.skip("this kernel has no Landlock")
    with pytest.raises(ProgramFailed) as caught:
        await run(Command(["/bin/true"], confinement=missing))
    assert caught.value.exit_code == 125


def test_the_protections_say_what_the_probe_found() -> None:
    shown = {p.name: p.active for p in protections()}
    held = layers()
    assert shown["landlock"] is (held.landlock_abi > 0)
    assert shown["no-network"] or not held.network_namespace
    assert shown["limits"]
