"""`python -m tests.sandbox.demo [--forge github|gitlab] [--keep] [--dir DIR]`: what `make demo` runs."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from tests.sandbox.demo.narrator import DemoFailed, Narrator
from tests.sandbox.demo.setting import Setting, opened
from tests.sandbox.demo.story import Story
from tests.sandbox.forge import StandInGitLab

INTERRUPTED = 130
TAIL_LINES = 12


async def play(directory: Path, narrator: Narrator, kind: str, *, keep: bool) -> None:
    """Raises what went wrong, after the logs were put into `directory`."""
    async with opened(narrator, directory, kind) as setting:
        try:
            await Story(setting).tell()
        except BaseException:
            await asyncio.to_thread(setting.clusters.keep_logs)
            raise
        summarise(narrator)
        if keep:
            await stay(setting)


def summarise(narrator: Narrator) -> None:
    ends = [began_s for _, began_s in narrator.chapters[1:]] + [narrator.elapsed_s]
    spans = [
        (title, end_s - began_s) for (title, began_s), end_s in zip(narrator.chapters, ends, strict=True)
    ]
    narrator.chapter("What happened")
    narrator.table([(title, f"{span_s:5.1f} s") for title, span_s in spans])
    narrator.say(f"in all {narrator.elapsed_s:.0f} s, on real git, webhooks, queue and API servers")


async def stay(setting: Setting) -> None:
    narrator = setting.narrator
    narrator.chapter("Yours to play with")
    narrator.look(f"git clone {setting.push_url}")
    narrator.look(f"its requests: {setting.forge.url}/{setting.repository.full_name}")
    for name, cluster in setting.clusters.all.items():
        narrator.look(f"{name}: export KUBECONFIG={cluster.access.admin_kubeconfig}")
    narrator.look(
        f"Longshore: http://127.0.0.1:{setting.bot.port}/readyz and /metrics; {setting.bot.log.path}"
    )
    narrator.say(
        "A push to main is delivered. With the token of the URL above, a request is opened and merged by:"
    )
    for line in _commands(setting):
        narrator.say(f"  {line}")
    narrator.say("Ctrl-C ends everything and leaves nothing behind.")
    await asyncio.Event().wait()


def _commands(setting: Setting) -> list[str]:
    api, path = setting.forge.api_url, setting.repository.full_name
    if isinstance(setting.forge, StandInGitLab):
        url = f"{api}/projects/{quote(path, safe='')}/merge_requests"
        curl = f"curl -H 'PRIVATE-TOKEN: TOKEN' {url}"
        wanted = "title=...&source_branch=BRANCH&target_branch=main"
        return [f"{curl} -d '{wanted}'", f"{curl}/3", f"{curl}/3/merge -X PUT"]
    curl = f"curl -H 'Authorization: Bearer TOKEN' {api}/repos/{path}/pulls"
    wanted = """{"title": "...", "head": "BRANCH", "base": "main"}"""
    return [f"{curl} -d '{wanted}'", f"{curl}/3/merge -X PUT"]


async def run(options: argparse.Namespace, narrator: Narrator, directory: Path) -> int:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await play(directory, narrator, options.forge, keep=options.keep)
    except asyncio.CancelledError:
        narrator.say("interrupted; everything was ended")
        return 0 if options.keep else INTERRUPTED
    except Exception as error:  # noqa: BLE001 - whatever it is, the watcher is told, with where to look
        tell_failure(narrator, directory, error)
        return 1
    return 0


def tell_failure(narrator: Narrator, directory: Path, error: Exception) -> None:
    said = str(error) if isinstance(error, DemoFailed) else f"{type(error).__name__}: {error}"
    narrator.chapter("The demo failed")
    narrator.say(said)
    for log in sorted(directory.glob("**/*.log")):
        if log.name in {"bot.log", "build-plane.log", "build-kustomize.log"}:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            narrator.quote(f"the end of {log}:", "\n".join(lines[-TAIL_LINES:]))
    narrator.look(f"all logs: {directory}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="stay up at the end, until Ctrl-C")
    parser.add_argument(
        "--forge", choices=["github", "gitlab"], default="github", help="which forge to stand in"
    )
    parser.add_argument(
        "--dir", type=Path, help="an empty directory to work in; it stays (default: a temporary one)"
    )
    options = parser.parse_args()
    if options.dir and options.dir.exists() and any(options.dir.iterdir()):
        parser.error(f"--dir {options.dir} is not empty")
    # NB: short and absolute: the store's socket is in it.
    directory = options.dir.resolve() if options.dir else Path(tempfile.mkdtemp(prefix="longshore-demo-"))
    directory.mkdir(parents=True, exist_ok=True)
    status = asyncio.run(run(options, Narrator(), directory))
    if options.dir is None and status != 1:
        shutil.rmtree(directory, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
