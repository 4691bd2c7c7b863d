"""The generated Argo CD repository with its changes: 100 Applications on 10 clusters."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.argocd.files import APPLICATIONS, APPS_OF_A_KIND, ENVIRONMENTS, URL, cluster, files
from bench.repos import commit, git, start

_OVERLAY = "apps/kustomize/shop-3/overlays/production/patch.yaml"
_VALUES = "apps/helm/site-2/values-production.yaml"


class Change(StrEnum):
    """What a commit changes; the value is how the table calls it."""

    SCOPED = "an overlay and a values file, of ten Applications"
    EVERYTHING = "a setting that everything uses"
    CLUSTER = "one more cluster"
    NOTHING = "nothing that is delivered"

    @property
    def verdicts(self) -> dict[str, int]:
        """How many Applications a plan has to find in which state."""
        changed = {Change.SCOPED: 2 * ENVIRONMENTS["production"], Change.EVERYTHING: APPLICATIONS}.get(
            self, 0
        )
        added = 2 * APPS_OF_A_KIND if self is Change.CLUSTER else 0
        return {"changed": changed, "added": added, "unchanged": APPLICATIONS - changed}


@dataclass(frozen=True, slots=True)
class Estate:
    """`base` is the tip of `main`; every head is a commit of its own on top of it."""

    repo: Path
    base: str

    @classmethod
    def generate(cls, repo: Path) -> "Estate":
        for path, text in files().items():
            _write(repo / path, text)
        start(repo)
        git(repo, "remote", "add", "origin", URL)
        base = commit(repo, "the estate")
        git(repo, "gc", "--quiet")
        return cls(repo, base)

    def head(self, change: Change, number: int) -> str:
        """A commit that nobody has seen before; the working tree is back at `main` afterwards."""
        for path, text in edited(change, number).items():
            _write(self.repo / path, text)
        made = commit(self.repo, f"{change.value} {number}")
        git(self.repo, "reset", "--quiet", "--hard", self.base)
        return made


def edited(change: Change, number: int) -> dict[str, str]:
    """The files that the change touches, and what they hold then; another number is another edition of them."""
    known = files()
    edition = number + 10
    match change:
        case Change.SCOPED:
            return {
                path: known[path].replace("replicas: 4", f"replicas: {edition}")
                for path in (_OVERLAY, _VALUES)
            }
        case Change.EVERYTHING:
            shared = ("shared/kustomization.yaml", "shared/values.yaml")
            return {path: known[path].replace("edition-1.", f"edition-{edition}.") for path in shared}
        case Change.CLUSTER:
            name = f"dev-{edition}"
            return {f"argocd/clusters/{name}.yaml": cluster(name, "dev")}
        case Change.NOTHING:
            return {"README.md": f"# Estate, edition {edition}\n"}


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
