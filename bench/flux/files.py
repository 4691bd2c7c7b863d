"""What the generated Flux repository holds: one cluster, its infrastructure, and apps with bases and overlays.

    clusters/main/          what `flux bootstrap` leaves behind, the cluster's settings, the Kustomizations to begin with
    infrastructure/NAME/    26 controllers: a Kustomization each, 20 of them with a release
    apps/base/app-NN/       110 apps: 75 are a release of a chart, 35 are plain manifests with generated ConfigMaps
    apps/overlays/ENV/      each app once for staging and once for production: a Kustomization, patches, components
    apps/components/        what some overlays add
    charts/                 eight charts, see `bench.flux.charts`

Every name, count and choice follows from one seed.
"""

import random
from collections.abc import Iterator, Mapping

from bench.flux import charts

APPS, PLAIN_APPS, CONTROLLERS, PLAIN_CONTROLLERS = 110, 35, 26, 6
ENVIRONMENTS = ("staging", "production")
KUSTOMIZATIONS = 4 + CONTROLLERS + APPS * len(ENVIRONMENTS)
RELEASES = CONTROLLERS - PLAIN_CONTROLLERS + (APPS - PLAIN_APPS) * len(ENVIRONMENTS)
SETTINGS = "clusters/main/settings.yaml"
_SEED = 21


def files() -> dict[str, str]:
    """By path."""
    chance = random.Random(_SEED)  # noqa: S311 - reproducible, not secret
    return {
        "README.md": "# Estate\n",
        **_cluster(),
        **charts.files(),
        **_components(),
        **dict(_infrastructure(chance)),
        **dict(_apps(chance)),
    }


def app(number: int) -> str:
    return f"app-{number:03}"


def is_release(number: int) -> bool:
    """Every third app or so is plain, until there are enough of them."""
    return not (number % 3 == 1 and number // 3 < PLAIN_APPS)


def _cluster() -> dict[str, str]:
    directory = "clusters/main"
    return {
        f"{directory}/flux-system/kustomization.yaml": _listing(["gotk-sync.yaml"]),
        f"{directory}/flux-system/gotk-sync.yaml": _SYNC,
        SETTINGS: _SETTINGS,
        f"{directory}/infrastructure.yaml": _flux("infrastructure", "infrastructure"),
        f"{directory}/apps.yaml": "---\n".join(
            _flux(environment, f"apps/overlays/{environment}") + _PARENT_PATCH for environment in ENVIRONMENTS
        ),
    }


def _components() -> dict[str, str]:
    network = "apps/components/isolated"
    observed = "apps/components/observed"
    return {
        f"{network}/kustomization.yaml": _COMPONENT + "resources:\n  - policy.yaml\n",
        f"{network}/policy.yaml": _POLICY,
        f"{observed}/kustomization.yaml": _COMPONENT + _OBSERVED,
    }


def _infrastructure(chance: random.Random) -> Iterator[tuple[str, str]]:
    names = [f"controller-{number:02}" for number in range(CONTROLLERS)]
    yield "infrastructure/kustomization.yaml", _listing([f"{name}/flux.yaml" for name in names])
    for number, name in enumerate(names):
        directory = f"infrastructure/{name}"
        yield f"{directory}/flux.yaml", _flux(name, f"{directory}/app") + _variables(name, "infrastructure")
        main = "manifests.yaml" if number < PLAIN_CONTROLLERS else "release.yaml"
        yield (
            f"{directory}/app/kustomization.yaml",
            _listing(["namespace.yaml", main], namespace=name),
        )
        yield (
            f"{directory}/app/namespace.yaml",
            f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n",
        )
        text = (
            _plain(name, chance)
            if number < PLAIN_CONTROLLERS
            else _release(name, ("operator", "gateway", "exporter")[number % 3], chance)
        )
        yield f"{directory}/app/{main}", text


def _apps(chance: random.Random) -> Iterator[tuple[str, str]]:
    for number in range(APPS):
        yield from (_release_base if is_release(number) else _plain_base)(number, chance)
    for environment in ENVIRONMENTS:
        names = [f"{app(number)}/flux.yaml" for number in range(APPS)]
        yield f"apps/overlays/{environment}/kustomization.yaml", _listing(names)
        for number in range(APPS):
            yield from _overlay(number, environment, chance)


def _release_base(number: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    name, directory = app(number), f"apps/base/{app(number)}"
    chart = charts.NAMES[chance.randrange(len(charts.NAMES))]
    yield f"{directory}/kustomization.yaml", _listing(["release.yaml"])
    yield f"{directory}/release.yaml", _release(name, chart, chance)


def _plain_base(number: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    name, directory = app(number), f"apps/base/{app(number)}"
    yield f"{directory}/kustomization.yaml", _listing(["manifests.yaml"]) + _GENERATOR.replace("@name", name)
    yield f"{directory}/manifests.yaml", _plain(name, chance)
    yield f"{directory}/config.ini", "".join(f"setting{n} = {chance.randint(0, 999)}\n" for n in range(12))


def _overlay(number: int, environment: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Every second release takes values from a ConfigMap that the overlay generates."""
    name, directory = app(number), f"apps/overlays/{environment}/{app(number)}"
    components = sorted(chance.sample(["isolated", "observed"], k=chance.randint(0, 2)))
    named = "".join(f"  - ../../../components/{component}\n" for component in components)
    kind, patch = ("HelmRelease", _RELEASE_PATCH) if is_release(number) else ("Deployment", _PLAIN_PATCH)
    yield f"{directory}/flux.yaml", _flux(f"{environment}-{name}", directory) + _variables(name, environment)
    has_values = is_release(number) and number % 2 == 0
    yield (
        f"{directory}/kustomization.yaml",
        _listing([f"../../../base/{name}"], namespace=environment)
        + (f"components:\n{named}" if named else "")
        + f"patches:\n  - path: patch.yaml\n    target:\n      kind: {kind}\n"
        + (_VALUES_GENERATOR.replace("@name", name) if has_values else ""),
    )
    fields = {"@name": name, "@replicas": str(2 + number % 3)}
    yield f"{directory}/patch.yaml", _filled(patch + (_VALUES_FROM if has_values else ""), fields)
    if has_values:
        settings = "".join(f"  SETTING_{n}: value {chance.randint(0, 999)}\n" for n in range(8))
        yield f"{directory}/values.yaml", f"settings:\n{settings}"
        yield f"{directory}/names.yaml", _NAME_REFERENCE


def _plain(name: str, chance: random.Random) -> str:
    return _PLAIN.replace("@name", name).replace("@port", str(chance.randint(8000, 9000)))


def _release(name: str, chart: str, chance: random.Random) -> str:
    fields = {"@name": name, "@chart": chart, "@port": str(chance.randint(8000, 9000))}
    return _filled(_RELEASE, fields)


def _filled(text: str, fields: Mapping[str, str]) -> str:
    for field, value in fields.items():
        text = text.replace(field, value)
    return text


def _flux(name: str, path: str) -> str:
    return _filled(_KUSTOMIZATION, {"@name": name, "@path": path})


def _variables(name: str, environment: str) -> str:
    return _filled(_POST_BUILD, {"@name": name, "@stage": environment})


def _listing(resources: list[str], namespace: str = "") -> str:
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    place = f"namespace: {namespace}\n" if namespace else ""
    return head + place + "resources:\n" + "".join(f"  - {resource}\n" for resource in resources)


_SYNC = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: flux-system
  namespace: flux-system
spec:
  interval: 1m
  ref:
    branch: main
  url: https://git.example.test/acme/estate.git
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: flux-system
  namespace: flux-system
spec:
  interval: 10m
  path: ./clusters/main
  prune: true
  sourceRef:
    kind: GitRepository
    name: flux-system
"""

_SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: cluster-settings
  namespace: flux-system
data:
  CLUSTER_NAME: main
  CLUSTER_DOMAIN: edition-1.example.test
  CLUSTER_REGION: eu-central
"""

_KUSTOMIZATION = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: @name
  namespace: flux-system
spec:
  interval: 30m
  path: ./@path
  prune: true
  sourceRef:
    kind: GitRepository
    name: flux-system
"""

_PARENT_PATCH = """\
  patches:
    - target:
        group: kustomize.toolkit.fluxcd.io
        kind: Kustomization
      patch: |
        - op: add
          path: /spec/retryInterval
          value: 2m
        - op: add
          path: /spec/timeout
          value: 5m
"""

_POST_BUILD = """\
  postBuild:
    substitute:
      APP: @name
      STAGE: @stage
    substituteFrom:
      - kind: ConfigMap
        name: cluster-settings
"""

_RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: @name
spec:
  interval: 1h
  chart:
    spec:
      chart: ./charts/@chart
      sourceRef:
        kind: GitRepository
        name: flux-system
        namespace: flux-system
  install:
    remediation:
      retries: 3
  upgrade:
    cleanupOnFail: true
    remediation:
      strategy: rollback
      retries: 3
  values:
    domain: ${APP}.${CLUSTER_DOMAIN}
    port: @port
    image:
      tag: 1.0.0
    labels:
      example.test/stage: ${STAGE:=none}
      example.test/region: ${CLUSTER_REGION}
    environment:
      LOG_LEVEL: info
      CLUSTER: ${CLUSTER_NAME}
    resources:
      requests:
        cpu: 100m
        memory: 128Mi
"""

_VALUES_FROM = """\
  valuesFrom:
    - kind: ConfigMap
      name: @name-values
"""

_VALUES_GENERATOR = """\
configMapGenerator:
  - name: @name-values
    files:
      - values.yaml
configurations:
  - names.yaml
"""

_NAME_REFERENCE = """\
nameReference:
  - kind: ConfigMap
    version: v1
    fieldSpecs:
      - path: spec/valuesFrom/name
        kind: HelmRelease
"""

_GENERATOR = """\
configMapGenerator:
  - name: @name-config
    files:
      - config.ini
"""

_PLAIN = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: @name
---
apiVersion: v1
kind: Service
metadata:
  name: @name
spec:
  selector:
    app.kubernetes.io/name: @name
  ports:
    - name: http
      port: 80
      targetPort: @port
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: @name
spec:
  rules:
    - host: ${APP}.${CLUSTER_DOMAIN}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: @name
                port:
                  name: http
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: @name
  labels:
    app.kubernetes.io/name: @name
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: @name
  template:
    metadata:
      labels:
        app.kubernetes.io/name: @name
    spec:
      serviceAccountName: @name
      containers:
        - name: main
          image: registry.example.test/NAME:1.0.0
          ports:
            - name: http
              containerPort: @port
          env:
            - name: STAGE
              value: ${STAGE:=none}
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              memory: 256Mi
"""

_RELEASE_PATCH = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: @name
spec:
  values:
    replicas: @replicas
    autoscaling:
      maximum: 6
"""

_PLAIN_PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: @name
spec:
  replicas: @replicas
"""

_COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"

_POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ${APP}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/instance: ${APP}
  policyTypes:
    - Ingress
"""

_OBSERVED = """\
commonAnnotations:
  example.test/observed: "true"
"""
