"""What a Kustomization and a HelmRelease may say, by version: their CRDs as tables.

The served versions are as of kustomize-controller 1.9 and helm-controller 1.6. An object of an older version is read
as today's with the fields that were dropped since. `interval` and `prune` are required too, but change no rendering:
`remarks.py` says where they are missing.
"""

from dataclasses import replace

from bot.discover.names import NAME, NAMESPACE
from bot.discover.schema import Anything, Fields, ListOf, MapOf, Shape, Table, Text, Truth, Whole

TEXT = Text()
BLOCK = Text(is_block=True)
FLAG = Truth()
REFERRED_NAMESPACE = replace(NAMESPACE, at_least=0)
"""Empty, too, where it is the namespace of the object that refers."""

DURATION = Text(
    pattern=r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+", says="a duration such as 90s or 1h30m", at_least=1, at_most=64
)
SECRET = Fields({"name": NAME}, ("name",))

_TEXTS = MapOf(BLOCK)
_METADATA = Fields({"labels": _TEXTS, "annotations": _TEXTS})
_SELECTOR = Fields(
    dict.fromkeys(
        ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"), TEXT
    )
)
_PATCHES = ListOf(Fields({"patch": BLOCK, "target": _SELECTOR}, ("patch",)))
_IMAGES = ListOf(Fields({"name": TEXT, "newName": TEXT, "newTag": TEXT, "digest": TEXT}, ("name",)))
_OPERATION = Fields(
    {
        "op": Text(("test", "remove", "add", "replace", "move", "copy")),
        "path": TEXT,
        "from": TEXT,
        "value": Anything(),
    },
    ("op", "path"),
)
_OLD_PATCHES: dict[str, Shape] = {
    "patchesStrategicMerge": ListOf(Table()),
    "patchesJson6902": ListOf(
        Fields({"patch": ListOf(_OPERATION), "target": _SELECTOR}, ("patch", "target"))
    ),
}
_DEPENDS_ON = ListOf(Fields({"name": NAME, "namespace": REFERRED_NAMESPACE, "readyExpr": BLOCK}, ("name",)))
_HEALTH_EXPRS = ListOf(
    Fields(
        {"apiVersion": TEXT, "kind": TEXT, "current": BLOCK, "inProgress": BLOCK, "failed": BLOCK},
        ("apiVersion", "current"),
    )
)
_IGNORE = ListOf(Fields({"paths": ListOf(TEXT), "target": _SELECTOR}, ("paths",)))
_KUBE_CONFIG = Fields({"secretRef": Fields({"name": NAME, "key": TEXT}, ("name",)), "configMapRef": SECRET})
_VALUES_KIND = Text(("Secret", "ConfigMap"))


def _reference(*kinds: str) -> Fields:
    return Fields(
        {"apiVersion": TEXT, "kind": Text(kinds), "name": NAME, "namespace": REFERRED_NAMESPACE},
        ("kind", "name"),
    )


_KUSTOMIZATION: dict[str, Shape] = {
    "sourceRef": _reference("GitRepository", "OCIRepository", "Bucket", "ExternalArtifact"),
    "path": TEXT,
    "targetNamespace": NAMESPACE,
    "namePrefix": Text(at_least=1, at_most=200),
    "nameSuffix": Text(at_least=1, at_most=200),
    "commonMetadata": _METADATA,
    "patches": _PATCHES,
    "images": _IMAGES,
    "components": ListOf(TEXT),
    "ignoreMissingComponents": FLAG,
    "buildMetadata": ListOf(Text(("originAnnotations", "transformerAnnotations"))),
    "postBuild": Fields(
        {
            "substitute": _TEXTS,
            "substituteFrom": ListOf(
                Fields({"kind": _VALUES_KIND, "name": NAME, "optional": FLAG}, ("kind", "name"))
            ),
            "substituteStrategy": Text(("WithVariables", "Always")),
        }
    ),
    "decryption": Fields(
        {"provider": Text(("sops",)), "secretRef": SECRET, "serviceAccountName": TEXT}, ("provider",)
    ),
    "interval": DURATION,
    "retryInterval": DURATION,
    "timeout": DURATION,
    "prune": FLAG,
    "wait": FLAG,
    "force": FLAG,
    "suspend": FLAG,
    "deletionPolicy": Text(("MirrorPrune", "Delete", "WaitForTermination", "Orphan")),
    "dependsOn": _DEPENDS_ON,
    "healthChecks": ListOf(
        Fields({"apiVersion": TEXT, "kind": TEXT, "name": TEXT, "namespace": TEXT}, ("kind", "name"))
    ),
    "healthCheckExprs": _HEALTH_EXPRS,
    "kubeConfig": _KUBE_CONFIG,
    "serviceAccountName": TEXT,
    "ignore": _IGNORE,
}
KUSTOMIZATION = Fields(_KUSTOMIZATION, ("sourceRef",))
OLD_KUSTOMIZATION = Fields(
    {**_KUSTOMIZATION, **_OLD_PATCHES, "validation": Text(("none", "client", "server"))}, ("sourceRef",)
)

_CRDS = Text(("Skip", "Create", "CreateReplace"))
_APPLY = Text(("enabled", "disabled", "auto"))
_STRATEGY = Fields(
    {"name": Text(("RemediateOnFailure", "RetryOnFailure")), "retryInterval": DURATION}, ("name",)
)
_REMEDIATION: dict[str, Shape] = {
    "retries": Whole(),
    "ignoreTestFailures": FLAG,
    "remediateLastFailure": FLAG,
}
_WAITS: dict[str, Shape] = {
    "timeout": DURATION,
    **dict.fromkeys(("disableHooks", "disableWait", "disableWaitForJobs"), FLAG),
}
_ACTION: dict[str, Shape] = {
    **_WAITS,
    "strategy": _STRATEGY,
    "crds": _CRDS,
    **dict.fromkeys(("disableTakeOwnership", "disableOpenAPIValidation", "disableSchemaValidation"), FLAG),
}
_VALUES_FROM = ListOf(
    Fields(
        {
            "kind": _VALUES_KIND,
            "name": NAME,
            "valuesKey": Text(
                pattern=r"[\-._a-zA-Z0-9]+", says="a key of a ConfigMap or Secret", at_most=253
            ),
            "targetPath": Text(
                pattern=r"([a-zA-Z0-9_\-.\\/]|\[[0-9]{1,5}\])+",
                says="a path such as image.tag or list[0]",
                at_most=250,
            ),
            "optional": FLAG,
            "literal": FLAG,
        },
        ("kind", "name"),
    )
)
_VERIFY = Fields(
    {
        "provider": Text(("cosign", "notation")),
        "secretRef": SECRET,
        "matchOIDCIdentity": ListOf(Fields({"issuer": TEXT, "subject": TEXT}, ("issuer", "subject"))),
    }
)
CHART: dict[str, Shape] = {
    "chart": Text(at_least=1, at_most=2048),
    "version": TEXT,
    "sourceRef": _reference("HelmRepository", "GitRepository", "Bucket"),
    "interval": DURATION,
    "reconcileStrategy": Text(("ChartVersion", "Revision")),
    "valuesFiles": ListOf(TEXT),
    "ignoreMissingValuesFiles": FLAG,
    "verify": _VERIFY,
}
"""What a HelmChart and the chart of a HelmRelease have in common."""

CHART_REQUIRED = ("chart", "sourceRef")
OLD_CHART: dict[str, Shape] = {**CHART, "valuesFile": TEXT}


def _post_renderers(patches: dict[str, Shape]) -> Shape:
    return ListOf(Fields({"kustomize": Fields({"patches": _PATCHES, "images": _IMAGES, **patches})}))


def _template(chart: dict[str, Shape]) -> Shape:
    return Fields({"metadata": _METADATA, "spec": Fields(chart, CHART_REQUIRED)}, ("spec",))


_HELM_RELEASE: dict[str, Shape] = {
    "chart": _template(CHART),
    "chartRef": _reference("OCIRepository", "HelmChart", "ExternalArtifact"),
    "releaseName": Text(
        pattern=r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?",
        says="a name that Helm takes for a release",
        at_least=1,
        at_most=53,
    ),
    "targetNamespace": NAMESPACE,
    "storageNamespace": NAMESPACE,
    "values": Table(),
    "valuesFrom": _VALUES_FROM,
    "postRenderers": _post_renderers({}),
    "postRenderStrategy": Text(("nohooks", "combined", "separate")),
    "commonMetadata": _METADATA,
    "install": Fields(
        {
            **_ACTION,
            "remediation": Fields(_REMEDIATION),
            "serverSideApply": FLAG,
            **dict.fromkeys(("replace", "skipCRDs", "createNamespace"), FLAG),
        }
    ),
    "upgrade": Fields(
        {
            **_ACTION,
            "remediation": Fields({**_REMEDIATION, "strategy": Text(("rollback", "uninstall"))}),
            "serverSideApply": _APPLY,
            "chartNameChangeStrategy": Text(("InPlaceUpdate", "Reinstall")),
            **dict.fromkeys(("force", "preserveValues", "cleanupOnFail"), FLAG),
        }
    ),
    "rollback": Fields(
        {
            **_WAITS,
            "serverSideApply": _APPLY,
            **dict.fromkeys(("force", "recreate", "cleanupOnFail"), FLAG),
        }
    ),
    "uninstall": Fields(
        {
            "timeout": DURATION,
            "deletionPropagation": Text(("background", "foreground", "orphan")),
            **dict.fromkeys(("disableHooks", "disableWait", "keepHistory"), FLAG),
        }
    ),
    "test": Fields(
        {
            "enable": FLAG,
            "ignoreFailures": FLAG,
            "timeout": DURATION,
            "filters": ListOf(Fields({"name": Text(at_least=1, at_most=253), "exclude": FLAG}, ("name",))),
        }
    ),
    "interval": DURATION,
    "timeout": DURATION,
    "suspend": FLAG,
    "dependsOn": _DEPENDS_ON,
    "serviceAccountName": Text(at_least=1, at_most=253),
    "kubeConfig": _KUBE_CONFIG,
    "driftDetection": Fields({"mode": Text(("enabled", "warn", "disabled")), "ignore": _IGNORE}),
    "healthCheckExprs": _HEALTH_EXPRS,
    "waitStrategy": Fields({"name": Text(("poller", "legacy"))}, ("name",)),
    "maxHistory": Whole(),
    "persistentClient": FLAG,
}
HELM_RELEASE = Fields(_HELM_RELEASE)
OLD_HELM_RELEASE = Fields(
    {**_HELM_RELEASE, "chart": _template(OLD_CHART), "postRenderers": _post_renderers(_OLD_PATCHES)}
)
