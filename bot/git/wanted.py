"""What of a repository is wanted: the ref that a manifest names, in the words of Flux, Argo CD or kustomize."""

import re
from dataclasses import dataclass
from hashlib import sha256

from bot.git.errors import BadRef
from bot.model.release import GitRef
from bot.model.repo import Sha

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF = re.compile(r"(?![-+^/])(?!.*(?:\.\.|@\{|//))[^\s~^:?*\[\\\x00-\x20\x7f]{1,250}(?<![/.])(?<!\.lock)")
_DEFAULT_BRANCH = "master"
"""Of Flux; what the forge calls its own default branch does not count there."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One of: a `commit`, perhaps of one `branch` only; the newest tag within `semver`; or `ref`, as `git fetch` takes it.

    `shown` is what people call it. `otherwise` is the ref that counts where there is none of those. Tags are versions of
    three parts, unless `is_lenient`.
    """

    shown: str
    ref: str = ""
    commit: Sha | None = None
    branch: str = ""
    semver: str = ""
    otherwise: str = ""
    is_lenient: bool = False

    @property
    def kept_as(self) -> str:
        """The ref under which a mirror keeps the answer."""
        spelled = f"{self.ref}\0{self.commit or ''}\0{self.branch}\0{self.semver}\0{self.otherwise}"
        if self.is_lenient:
            spelled = f"lenient\0{spelled}"
        return f"refs/wanted/{sha256(spelled.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}"


def wanted_by_controller(ref: GitRef) -> Wanted:
    """Raises `BadRef`."""
    if ref.revision:
        return _wanted_by_argocd(ref)
    if ref.commit:
        if not _COMMIT.fullmatch(ref.commit):
            raise BadRef(f"{ref.commit[:80]!r} is no whole commit id", hint="all 40 digits, in lower case")
        if ref.branch:
            _checked(ref.branch)
        return Wanted(f"commit {ref.commit[:12]}", commit=Sha(ref.commit), branch=ref.branch)
    if ref.name:
        name = ref.name.removesuffix("^{}")
        if not name.startswith("refs/"):
            raise BadRef(f"{ref.name[:80]!r} is no full name of a ref", hint="it begins with `refs/`")
        return Wanted(name, ref=_checked(name))
    if ref.semver:
        return Wanted(f"the newest tag within {ref.semver[:80]!r}", semver=ref.semver)
    if ref.tag:
        return Wanted(f"tag {ref.tag}", ref=f"refs/tags/{_checked(ref.tag)}")
    branch = ref.branch or _DEFAULT_BRANCH
    return Wanted(f"branch {branch}", ref=f"refs/heads/{_checked(branch)}")


def _wanted_by_argocd(ref: GitRef) -> Wanted:
    """The newest tag within a range, else what is called so: a branch before a tag. Raises `BadRef`."""
    name = ref.revision
    if ref.semver:
        shown = f"the newest tag within {ref.semver[:80]!r}"
        otherwise = name if _REF.fullmatch(name) and name.isprintable() else ""
        return Wanted(shown, semver=ref.semver, otherwise=otherwise, is_lenient=True)
    if name == "HEAD" or name.startswith("refs/") or _COMMIT.fullmatch(name):
        return wanted_by_kustomize("" if name == "HEAD" else name)
    return Wanted(name, ref=f"refs/heads/{_checked(name)}", otherwise=name)


def wanted_by_kustomize(revision: str) -> Wanted:
    """A tag, a branch or a commit, the first that there is; empty for the default branch. Raises `BadRef`."""
    if not revision:
        return Wanted("its default branch", ref="HEAD")
    if _COMMIT.fullmatch(revision):
        return Wanted(f"commit {revision[:12]}", commit=Sha(revision))
    return Wanted(revision, ref=_checked(revision))


def _checked(name: str) -> str:
    if not _REF.fullmatch(name) or not name.isprintable():
        raise BadRef(f"{name[:80]!r} is no name that a ref can have")
    return name
