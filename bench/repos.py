"""Git repositories that a bench makes for itself."""

import subprocess
from pathlib import Path

_TIMEOUT_S = 60.0
_IDENTITY = ("-c", "user.name=Bench", "-c", "user.email=bench@example.test", "-c", "commit.gpgsign=false")


def git(repo: Path, *arguments: str) -> str:
    argv = ["git", *arguments]
    answer = subprocess.run(argv, cwd=repo, check=True, capture_output=True, text=True, timeout=_TIMEOUT_S)
    return answer.stdout.strip()


def start(repo: Path) -> None:
    repo.mkdir(parents=True, exist_ok=True)
    git(repo, "init", "--quiet", "--initial-branch=main")


def commit(repo: Path, message: str) -> str:
    """Everything as it stands in the working tree, changed or not."""
    git(repo, "add", "--all")
    git(repo, *_IDENTITY, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return git(repo, "rev-parse", "HEAD")
