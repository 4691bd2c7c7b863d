"""A repository of 300 kustomizations, the same from the same seed: what a platform team with 53 apps would have.

52 apps with a base and four overlays each, one shared base with 39 tenants on top of it, and six components, which no
one builds alone and which are not counted. Every kustomization can be built by `kustomize build` as it stands.
"""

import random
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.repos import commit, git, start

APPS, TENANTS, COMPONENTS = 52, 39, 6
ENVIRONMENTS = ("dev", "staging", "production-eu", "production-us")
KUSTOMIZATIONS = APPS * (1 + len(ENVIRONMENTS)) + 1 + TENANTS
ROOTS = APPS * len(ENVIRONMENTS) + TENANTS
_SEED = 20


class Change(StrEnum):
    """What a commit changes; the value is how the table calls it."""

    OVERLAY = "one overlay"
    BASE = f"one base, {TENANTS} overlays on it"
    NOTHING = "nothing rendered"

    @property
    def targets(self) -> int:
        """How many targets the plan has to find changed."""
        return {Change.OVERLAY: 1, Change.BASE: TENANTS, Change.NOTHING: 0}[self]


@dataclass(frozen=True, slots=True)
class Fleet:
    """`base` is the tip of `main`; every head is a commit of its own on top of it."""

    repo: Path
    base: str

    @classmethod
    def generate(cls, repo: Path) -> "Fleet":
        for path, text in files().items():
            file = repo / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        start(repo)
        base = commit(repo, "the fleet")
        git(repo, "gc", "--quiet")
        return cls(repo, base)

    def head(self, change: Change, number: int) -> str:
        """A commit that nobody has seen before; the working tree is back at `main` afterwards."""
        for path, text in edited(change, number).items():
            (self.repo / path).write_text(text)
        made = commit(self.repo, f"{change.value} {number}")
        git(self.repo, "reset", "--quiet", "--hard", self.base)
        return made

    def check_out(self, revision: str, directory: Path) -> None:
        """The plain files of a revision, for those who render without git."""
        git(self.repo, "worktree", "add", "--quiet", "--detach", str(directory), revision)


def edited(change: Change, number: int) -> dict[str, str]:
    """The one file that the change touches, as it is afterwards; another number is another edition of it."""
    path, old, new = {
        Change.OVERLAY: ("apps/app-07/overlays/staging/replicas.yaml", "replicas: 2", "replicas: {}"),
        Change.BASE: ("tenants/base/deployment.yaml", ":1.0.0", ":2.0.{}"),
        Change.NOTHING: ("README.md", "# Fleet", "# Fleet, edition {}"),
    }[change]
    return {path: files()[path].replace(old, new.format(number + 3), 1)}


def kustomizations(checkout: Path) -> list[Path]:
    """Directories that `kustomize build` can be run in."""
    found = sorted(file.parent for file in checkout.rglob("kustomization.yaml"))
    return [path for path in found if path.parent.name != "components"]


def files() -> dict[str, str]:
    """What `main` holds, by path."""
    chance = random.Random(_SEED)  # noqa: S311 - reproducible, not secret
    files = {"README.md": "# Fleet\n"}
    for number in range(COMPONENTS):
        files |= _component(f"components/extra-{number}", number)
    for number in range(APPS):
        name = f"app-{number:02}"
        files |= _base(f"apps/{name}/base", name, chance)
        for environment in ENVIRONMENTS:
            extras = chance.sample(range(COMPONENTS), k=chance.randint(0, 2))
            files |= _overlay(
                f"apps/{name}/overlays/{environment}", "../../base", (name, environment), sorted(extras)
            )
    files |= _base("tenants/base", "tenant", chance)
    for number in range(TENANTS):
        files |= _overlay(f"tenants/customer-{number:02}", "../base", ("tenant", f"customer-{number:02}"), [])
    return files


def _base(directory: str, name: str, chance: random.Random) -> dict[str, str]:
    port = chance.randint(8000, 9000)
    return {
        f"{directory}/kustomization.yaml": f"""\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
labels:
  - pairs:
      app.kubernetes.io/name: {name}
    includeSelectors: true
resources:
  - deployment.yaml
  - service.yaml
  - access.yaml
configMapGenerator:
  - name: {name}-config
    files:
      - config.ini
""",
        f"{directory}/deployment.yaml": _DEPLOYMENT.format(name=name, port=port),
        f"{directory}/service.yaml": f"""\
apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  ports:
    - name: http
      port: 80
      targetPort: {port}
""",
        f"{directory}/access.yaml": _ACCESS.format(name=name),
        f"{directory}/config.ini": "".join(f"setting{n} = {chance.randint(0, 999)}\n" for n in range(12)),
    }


def _overlay(directory: str, base: str, names: tuple[str, str], extras: list[int]) -> dict[str, str]:
    name, environment = names
    up = "../" * (directory.count("/") + 1)
    components = "".join(f"  - {up}components/extra-{extra}\n" for extra in extras)
    return {
        f"{directory}/kustomization.yaml": f"""\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: {name}-{environment}
resources:
  - {base}
{"components:" + chr(10) + components if components else ""}\
patches:
  - path: replicas.yaml
configMapGenerator:
  - name: {name}-environment
    envs:
      - settings.env
""",
        f"{directory}/replicas.yaml": f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: 2
""",
        f"{directory}/settings.env": f"ENVIRONMENT={environment}\nLOG_LEVEL=info\n",
    }


def _component(directory: str, number: int) -> dict[str, str]:
    return {
        f"{directory}/kustomization.yaml": f"""\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources:
  - policy.yaml
commonAnnotations:
  example.test/extra-{number}: "on"
""",
        f"{directory}/policy.yaml": f"""\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: extra-{number}
spec:
  podSelector: {{}}
  policyTypes:
    - Ingress
""",
    }


_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: 1
  template:
    spec:
      serviceAccountName: {name}
      containers:
        - name: main
          image: registry.example.test/{name}:1.0.0
          ports:
            - name: http
              containerPort: {port}
          envFrom:
            - configMapRef:
                name: {name}-environment
          readinessProbe:
            httpGet:
              path: /healthz
              port: http
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              memory: 256Mi
          volumeMounts:
            - name: config
              mountPath: /etc/app
      volumes:
        - name: config
          configMap:
            name: {name}-config
"""

_ACCESS = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {name}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {name}
rules:
  - apiGroups: [""]
    resources: [configmaps]
    verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {name}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {name}
subjects:
  - kind: ServiceAccount
    name: {name}
"""
