"""What an Application may say: the CRD of Argo CD 3.5 as tables, with what 3.6 adds.

Other versions know fewer fields; what one of them does not know it throws away. `project` is required too, but changes
no rendering: `remarks.py` says where it is missing. What is empty although Argo CD needs it is for `sources.py` to say.
"""

from bot.discover.schema import Anything, Fields, ListOf, MapOf, Shape, Table, Text, Truth, Whole

TEXT = Text()
BLOCK = Text(is_block=True)
FLAG = Truth()
URL = Text(at_most=2048)
DURATION = Text(
    pattern=r"[-+]?[0-9]+|[-+]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+",
    says="a duration such as 5s or 3m, or a number of seconds",
    at_most=64,
)
_TEXTS = MapOf(BLOCK)
_NAMES = ListOf(TEXT)

HELM: dict[str, Shape] = {
    "valueFiles": _NAMES,
    "values": BLOCK,
    "valuesObject": Table(),
    "parameters": ListOf(Fields({"name": TEXT, "value": BLOCK, "forceString": FLAG})),
    "fileParameters": ListOf(Fields({"name": TEXT, "path": TEXT})),
    "releaseName": TEXT,
    "namespace": TEXT,
    "version": TEXT,
    "kubeVersion": TEXT,
    "apiVersions": _NAMES,
    **dict.fromkeys(
        ("passCredentials", "ignoreMissingValueFiles", "skipCrds", "skipTests", "skipSchemaValidation"), FLAG
    ),
}
_SELECTOR = Fields(
    dict.fromkeys(
        ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"), TEXT
    )
)
KUSTOMIZE: dict[str, Shape] = {
    "namePrefix": TEXT,
    "nameSuffix": TEXT,
    "namespace": TEXT,
    "images": _NAMES,
    "replicas": ListOf(Fields({"name": TEXT, "count": Anything()}, ("name", "count"))),
    "patches": ListOf(Fields({"path": TEXT, "patch": BLOCK, "target": _SELECTOR, "options": MapOf(FLAG)})),
    "components": _NAMES,
    "commonLabels": _TEXTS,
    "commonAnnotations": _TEXTS,
    "version": TEXT,
    "kubeVersion": TEXT,
    "apiVersions": _NAMES,
    **dict.fromkeys(
        (
            "forceCommonLabels",
            "forceCommonAnnotations",
            "commonAnnotationsEnvsubst",
            "labelWithoutSelector",
            "labelIncludeTemplates",
            "ignoreMissingComponents",
        ),
        FLAG,
    ),
}
_JSONNET_VARIABLES = ListOf(Fields({"name": TEXT, "value": BLOCK, "code": FLAG}, ("name", "value")))
DIRECTORY: dict[str, Shape] = {
    "recurse": FLAG,
    "include": TEXT,
    "exclude": TEXT,
    "jsonnet": Fields({"extVars": _JSONNET_VARIABLES, "tlas": _JSONNET_VARIABLES, "libs": _NAMES}),
    "disableExtensionFilter": FLAG,
}
PLUGIN: dict[str, Shape] = {
    "name": TEXT,
    "env": ListOf(Fields({"name": TEXT, "value": BLOCK}, ("name", "value"))),
    "parameters": ListOf(
        Fields({"name": TEXT, "string": BLOCK, "array": ListOf(BLOCK), "map": MapOf(BLOCK)})
    ),
}
_RENDERED: dict[str, Shape] = {
    "repoURL": URL,
    "path": TEXT,
    "targetRevision": TEXT,
    "helm": Fields(HELM),
    "kustomize": Fields(KUSTOMIZE),
    "directory": Fields(DIRECTORY),
    "plugin": Fields(PLUGIN),
}
_SOURCE = Fields({**_RENDERED, "chart": TEXT, "ref": TEXT, "name": TEXT, "tagPrefix": TEXT}, ("repoURL",))
_HYDRATOR = Fields(
    {
        "drySource": Fields(_RENDERED, ("repoURL", "targetRevision", "path")),
        "syncSource": Fields(
            {
                "targetBranch": Text(at_least=1),
                "path": Text(pattern=r".{2,}|[^./]", says="a directory below the root", at_least=1),
                "repoURL": URL,
            },
            ("targetBranch", "path"),
        ),
        "hydrateTo": Fields({"targetBranch": Text(at_least=1)}, ("targetBranch",)),
    },
    ("drySource", "syncSource"),
)
_SYNC_POLICY = Fields(
    {
        "automated": Fields(dict.fromkeys(("prune", "selfHeal", "allowEmpty", "enabled"), FLAG)),
        "syncOptions": _NAMES,
        "retry": Fields(
            {
                "limit": Whole(),
                "refresh": FLAG,
                "backoff": Fields({"duration": DURATION, "factor": Whole(), "maxDuration": DURATION}),
            }
        ),
        "managedNamespaceMetadata": Fields({"labels": _TEXTS, "annotations": _TEXTS}),
    }
)
_IGNORE_DIFFERENCES = ListOf(
    Fields(
        {
            **dict.fromkeys(("group", "kind", "name", "namespace"), TEXT),
            "jsonPointers": _NAMES,
            "jqPathExpressions": ListOf(BLOCK),
            "managedFieldsManagers": _NAMES,
        },
        ("kind",),
    )
)
APPLICATION = Fields(
    {
        "destination": Fields(dict.fromkeys(("server", "name", "namespace"), TEXT)),
        "project": TEXT,
        "source": _SOURCE,
        "sources": ListOf(_SOURCE),
        "sourceHydrator": _HYDRATOR,
        "syncPolicy": _SYNC_POLICY,
        "ignoreDifferences": _IGNORE_DIFFERENCES,
        "info": ListOf(Fields({"name": BLOCK, "value": BLOCK}, ("name", "value"))),
        "revisionHistoryLimit": Whole(),
    },
    ("destination",),
)
