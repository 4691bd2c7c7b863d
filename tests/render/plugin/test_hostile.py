"""Programs that try what they must not, as an author's input may make them: nothing of it works, and all of it ends."""

import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bot.proc.private import MARK, own_directory, private_directory
from bot.render.sandbox import Sandbox
from tests.render.argocd.applications import application, data, failure
from tests.render.plugin.programs import needs_confinement, plugin, python, quickly, rendered, shell
from tests.render.trees import Content

pytestmark = needs_confinement

MARKER = "PLANTED-HOST-SECRET-91c4"
FILES: dict[str, Content] = {"app/a.txt": "a", "secret/b.txt": "b"}
MINE = application(plugin={"name": "mine"})


async def tried(sandbox: Sandbox, attempt: str) -> str:
    """What becomes of a statement that should end with an error of the system."""
    script = f"""
import socket, sys
said = 'done'
try:
    {attempt}
except OSError as error:
    said = type(error).__name__
config_map('web', said=said)
"""
    return str(data(await rendered(sandbox, FILES, MINE, plugin(python(script))))["said"])


async def test_nothing_of_the_machine_is_read(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(MARKER)
    assert await tried(sandbox, f"open({str(secret)!r}).read()") == "PermissionError"
    assert await tried(sandbox, "os.listdir('/root')") == "PermissionError"
    assert await tried(sandbox, "open('/proc/1/environ').read()") == "PermissionError"
    assert await tried(sandbox, "open('/etc/passwd').read()") == "PermissionError"


async def test_what_else_is_rendered_at_the_same_time_is_not_read(sandbox: Sandbox) -> None:
    with private_directory() as other:
        (other / "decrypted").write_text(MARKER)
        assert await tried(sandbox, f"open({str(other / 'decrypted')!r}).read()") == "PermissionError"
        assert await tried(sandbox, f"os.listdir({str(other)!r})") == "PermissionError"
        assert await tried(sandbox, f"os.listdir({str(own_directory())!r})") == "PermissionError"
        assert await tried(sandbox, f"open({str(own_directory() / MARK)!r}).read()") == "PermissionError"


async def test_nothing_is_written(sandbox: Sandbox, tmp_path: Path) -> None:
    for place in ("a.txt", "new.txt", "../new.txt", "/tmp/longshore-test", str(tmp_path / "new")):
        assert await tried(sandbox, f"open({place!r}, 'w').write('x')") == "PermissionError"
    assert await tried(sandbox, "os.mkdir('new')") == "PermissionError"
    assert await tried(sandbox, "os.unlink('a.txt')") == "PermissionError"
    assert await tried(sandbox, "os.symlink('/etc', 'link')") == "PermissionError"
    assert not (tmp_path / "new").exists()


async def test_there_is_no_network(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert (
            await tried(sandbox, f"socket.create_connection(('127.0.0.1', {port}), 2)") == "PermissionError"
        )
    assert await tried(sandbox, "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)") == "PermissionError"


async def test_a_socket_with_a_path_is_not_reached_either(sandbox: Sandbox, tmp_path: Path) -> None:
    """As the store's own, which anybody of our user may connect to."""
    path = tmp_path / "store.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        said = await tried(sandbox, f"socket.socket(socket.AF_UNIX).connect({str(path)!r})")
    assert said == "PermissionError"


async def test_our_environment_is_not_there(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGSHORE_SECRET", MARKER)
    script = "config_map('web', names=' '.join(sorted(n for n in os.environ if 'ARGOCD' not in n)))"
    named = data(await rendered(sandbox, FILES, MINE, plugin(python(script))))["names"]
    assert set(named.split()) <= {"KUBE_API_VERSIONS", "KUBE_VERSION", "LC_CTYPE"}


async def test_files_of_the_repository_are_not_executed(sandbox: Sandbox) -> None:
    files = {"app/run.sh": "#!/bin/sh\necho no\n"}
    for script in ("./run.sh", "chmod +x run.sh && ./run.sh"):
        assert "ended with exit code" in failure(await rendered(sandbox, files, MINE, plugin(shell(script))))


async def test_output_without_end_is_ended(sandbox: Sandbox) -> None:
    held = replace(sandbox, max_output_bytes=100_000)
    began = time.monotonic()
    said = failure(await rendered(held, FILES, MINE, plugin(shell("while :; do echo 'a: b'; done"))))
    assert "wrote more than 100000 bytes, and was ended" in said
    assert time.monotonic() - began < 20


async def test_a_program_without_end_is_ended(sandbox: Sandbox) -> None:
    held = replace(sandbox, timeout_s=1.0)
    said = failure(await rendered(held, FILES, MINE, plugin(shell("sleep 50 & sleep 60"))))
    assert "took longer than 1 s, and was ended" in said


async def test_a_fork_bomb_is_ended(sandbox: Sandbox) -> None:
    script = "import time\nfor _ in range(8): os.fork()\ntime.sleep(15)"
    said = failure(await quickly(sandbox, FILES, MINE, plugin(python(script))))
    assert "started more than 64 processes at once, and was ended" in said or "exit code 1" in said


async def test_memory_without_end_is_ended(sandbox: Sandbox) -> None:
    held = replace(sandbox, limits=replace(sandbox.limits, memory_bytes=128 << 20))
    said = failure(await rendered(held, FILES, MINE, plugin(python("x = bytearray(300 << 20)"))))
    assert "ended with exit code 1" in said


@pytest.mark.parametrize(
    "text",
    ["a: &a [x]\nb: &b [*a, *a]\n" + "".join(f"c{n}: &c{n} [*{'b' if n == 0 else f'c{n - 1}'}, *b]\n" for n in range(40)),
     "[" * 5_000, "%YAML 9.9\n---\n", "\0", "\ufeff---\n- - -", "!!python/object:os.system x"],
    ids=["bomb", "deep", "version", "zero", "list", "tag"],
)  # fmt: skip
async def test_output_that_means_harm_is_an_answer_too(sandbox: Sandbox, text: str) -> None:
    found = await rendered(sandbox, {"app/out": text}, MINE, plugin(shell("cat out")))
    assert "the plugin 'mine' printed what is no" in failure(found)


async def test_what_it_leaves_running_does_not_go_on(sandbox: Sandbox) -> None:
    began = time.monotonic()
    script = "(sleep 30; echo late) & echo '{kind: A, apiVersion: v1, metadata: {name: a}}'"
    found = await quickly(sandbox, FILES, MINE, plugin(shell(script)))
    assert len(found.objects) == 1
    assert time.monotonic() - began < 15
