"""The programs, each family one pinned Go module under `tools/go/`.

Invariant: a version is written in one place only, the family's go.mod; the cache key is taken from that file, its
go.sum, what we wrote ourselves, the build flags and the platform, so a changed pin is a new build and never a stale one.

To move a pin: `cd tools/go/NAME && GOTOOLCHAIN=local go get -tool PACKAGE@vVERSION` with every package of the family;
for kubernetes 1.N.P set the replaced modules to v0.N.P first, or `go get` takes newer ones.
"""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

GO_MODULES = Path(__file__).resolve().parent / "go"
FLAGS = ("-trimpath", "-buildvcs=false", "-pgo=off", "-mod=readonly")
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Family:
    """Programs that are built from one module.

    `binaries` maps a program's file name to its Go package; `required` are those without which a copy found on the
    machine is of no use to us; `stamps` are the variables in which a program looks for its own version;
    `files` maps a name beside `bin` to a directory of the module that is kept with the programs.
    """

    name: str
    module: str
    binaries: dict[str, str]
    of_plane: bool = False
    optional: frozenset[str] = frozenset()
    stamps: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    go_modules: Path = field(default=GO_MODULES)

    @property
    def directory(self) -> Path:
        return self.go_modules / self.name

    @property
    def required(self) -> list[str]:
        return [program for program in self.binaries if program not in self.optional]

    @cached_property
    def version(self) -> str:
        return _first(rf"^\s*(?:require\s+)?{re.escape(self.module)} v(\S+)", self._go_mod, self.directory)

    @cached_property
    def go_version(self) -> tuple[int, ...]:
        """The oldest Go the module says it can be built with."""
        return parse_version(_first(r"^go (\S+)", self._go_mod, self.directory))

    @cached_property
    def key(self) -> str:
        digest = hashlib.sha256()
        made_of = (
            *self.flags,
            *target_platform(),
            *self.binaries.items(),
            *self.files.items(),
            *self._own_sources,
        )
        for part in (self._go_mod, self._go_sum, *made_of):
            digest.update(repr(part).encode())
        return digest.hexdigest()[:12]

    @cached_property
    def flags(self) -> tuple[str, ...]:
        return (*FLAGS, f"-ldflags={self._ldflags}")

    @property
    def _ldflags(self) -> str:
        major, minor, *_ = self.version.split(".")
        stamps = [
            f"-X {variable}={value.format(version=self.version, major=major, minor=minor)}"
            for variable, value in self.stamps.items()
        ]
        return " ".join(["-s -w", *stamps])

    @cached_property
    def _go_mod(self) -> str:
        return (self.directory / "go.mod").read_text(encoding="utf-8")

    @property
    def _own_sources(self) -> list[tuple[str, bytes]]:
        """What of the family's programs is written here and not in its module."""
        packages = [package for package in self.binaries.values() if package.startswith("./")]
        return [
            (file.name, file.read_bytes())
            for p in packages
            for file in sorted((self.directory / p).glob("*.go"))
        ]

    @cached_property
    def _go_sum(self) -> str:
        path = self.directory / "go.sum"
        return path.read_text(encoding="utf-8") if path.exists() else ""


def target_platform() -> tuple[str, str]:
    """GOOS and GOARCH of this machine, known without asking Go."""
    machine = platform.machine().lower()
    return sys.platform, MACHINES.get(machine, machine)


def parse_version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _first(pattern: str, text: str, directory: Path) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"{directory / 'go.mod'}: no line matches {pattern!r}; restore the file from Git")
    return found.group(1)


KUBERNETES_STAMPS = {
    "gitVersion": "v{version}",
    "gitMajor": "{major}",
    "gitMinor": "{minor}",
    "gitCommit": "0" * 40,  # a module says its version, not its commit
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
}

KUBERNETES = Family(
    "kubernetes",
    "k8s.io/kubernetes",
    {
        name: f"k8s.io/kubernetes/cmd/{name}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
    },
    of_plane=True,
    optional=frozenset({"kubectl"}),
    # NB: clients, helm and the API server itself each read one of the two; unstamped they say v0.0.0-master.
    stamps={
        f"{package}.{name}": value
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for name, value in KUBERNETES_STAMPS.items()
    },
)

FAMILIES: tuple[Family, ...] = (
    Family(
        "kustomize",
        "sigs.k8s.io/kustomize/kustomize/v5",
        {"kustomize": "sigs.k8s.io/kustomize/kustomize/v5", "kustomize-builder": "./builder"},
        optional=frozenset({"kustomize-builder"}),
    ),
    Family("etcd", "go.etcd.io/etcd/server/v3", {"etcd": "go.etcd.io/etcd/server/v3"}, of_plane=True),
    KUBERNETES,
    Family("kwok", "sigs.k8s.io/kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}, of_plane=True),
    Family(
        "helm",
        "helm.sh/helm/v4",
        {"helm": "helm.sh/helm/v4/cmd/helm", "helm-builder": "./builder"},
        optional=frozenset({"helm-builder"}),
        stamps={"helm.sh/helm/v4/internal/version.version": "v{version}"},
    ),
    Family(
        "argocd-template",
        "github.com/Masterminds/sprig/v3",
        {"argocd-template": "./renderer"},
    ),
    Family("sops", "github.com/getsops/sops/v3", {"sops": "github.com/getsops/sops/v3/cmd/sops"}),
    Family(
        "jsonnet", "github.com/google/go-jsonnet", {"jsonnet": "github.com/google/go-jsonnet/cmd/jsonnet"}
    ),
    Family(
        "registry",
        "github.com/distribution/distribution/v3",
        {"registry": "github.com/distribution/distribution/v3/cmd/registry"},
    ),
)

PEERS: tuple[Family, ...] = (
    Family(
        "flate",
        "github.com/home-operations/flate",
        {"flate": "github.com/home-operations/flate/cmd/flate"},
    ),
)
"""What `make bench` compares with: built by name only, and nothing of ours ever runs it."""


def _controller(name: str) -> Family:
    """One of Flux's controllers, with the definitions of the kinds it acts on."""
    module = f"github.com/fluxcd/{name}-controller"
    return Family(f"flux-{name}", module, {f"{name}-controller": module}, files={"crds": "config/crd/bases"})


FLUX: tuple[Family, ...] = (_controller("source"), _controller("kustomize"), _controller("helm"))
"""Two differ from upstream, because what upstream asks for cannot be had as a module: `fluxcd/pkg/kustomize` is one
patch newer, and helm is not Flux's fork of it.
"""

ARGOCD = Family(
    "argocd",
    "github.com/argoproj/argo-cd/v3",
    {"argocd": "github.com/argoproj/argo-cd/v3/cmd"},
    stamps={"github.com/argoproj/argo-cd/v3/common.version": "{version}"},
    files={"crds": "manifests/crds"},
)
"""One program that is the repo-server, either controller or the command, as its environment says. Versions from 3.3 on
ask for a gitops-engine that cannot be had as a module.
"""

GITEA = Family(
    "gitea",
    "gitea.dev",
    {"gitea": "gitea.dev"},
    stamps={"main.Version": "{version}"},
    files={name: name for name in ("options", "public", "templates")},
)
"""With what it reads while it runs, but for the pages' scripts. Its database is in Go: no C compiler is needed. One
module differs from upstream, because what upstream asks for cannot be had: the client of GitLab that imports use.
"""

ORACLES: tuple[Family, ...] = (*FLUX, ARGOCD, GITEA)
"""What `make oracles` holds us against: built by name only, and nothing of ours ever runs it.

Their own replaces do not count for us, so each module repeats them.
"""

EVERY: tuple[Family, ...] = (*FAMILIES, *PEERS, *ORACLES)

GROUPS: dict[str, tuple[Family, ...]] = {
    **{family.name: (family,) for family in EVERY},
    "plane": tuple(family for family in FAMILIES if family.of_plane),
    "flux": FLUX,
    "oracles": ORACLES,
    "all": FAMILIES,
}


def family_of(program: str) -> Family:
    for family in EVERY:
        if program in family.binaries:
            return family
    known = ", ".join(name for family in EVERY for name in family.binaries)
    raise ValueError(f"no program is called {program!r}; known are {known}")
