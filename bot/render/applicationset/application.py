"""The fields of an Application, as an ApplicationSet's template has them and as the controller writes them."""

from bot.render.applicationset.shapes import Fields, ListOf, MapOf, Raw, Shape, Text, Truth, Whole

_TEXT, _TEXTS, _TRUTH, _NUMBER = Text(), ListOf(Text()), Truth(), Whole(is_pointer=True)
_LABELS = MapOf(Text())

_JSONNET_VARIABLES = ListOf(Fields({"name": _TEXT, "value": _TEXT, "code": _TRUTH}, ("name", "value")))
_DIRECTORY = Fields(
    {
        "recurse": _TRUTH,
        "jsonnet": Fields(
            {"extVars": _JSONNET_VARIABLES, "tlas": _JSONNET_VARIABLES, "libs": _TEXTS}, is_value=True
        ),
        "exclude": _TEXT,
        "include": _TEXT,
    }
)
_HELM = Fields(
    {
        "valueFiles": _TEXTS,
        "parameters": ListOf(Fields({"name": _TEXT, "value": _TEXT, "forceString": _TRUTH})),
        "releaseName": _TEXT,
        "values": _TEXT,
        "fileParameters": ListOf(Fields({"name": _TEXT, "path": _TEXT})),
        "version": _TEXT,
        "passCredentials": _TRUTH,
        "ignoreMissingValueFiles": _TRUTH,
        "skipCrds": _TRUTH,
        "valuesObject": Raw(is_mapping=True),
        "namespace": _TEXT,
        "kubeVersion": _TEXT,
        "apiVersions": _TEXTS,
        "skipTests": _TRUTH,
        "skipSchemaValidation": _TRUTH,
    }
)
_KUSTOMIZE_TARGET = Fields(
    dict.fromkeys(
        ("group", "version", "kind", "name", "namespace", "annotationSelector", "labelSelector"), _TEXT
    )
)
_KUSTOMIZE = Fields(
    {
        "namePrefix": _TEXT,
        "nameSuffix": _TEXT,
        "images": _TEXTS,
        "commonLabels": _LABELS,
        "version": _TEXT,
        "commonAnnotations": _LABELS,
        "forceCommonLabels": _TRUTH,
        "forceCommonAnnotations": _TRUTH,
        "namespace": _TEXT,
        "commonAnnotationsEnvsubst": _TRUTH,
        "replicas": ListOf(Fields({"name": _TEXT, "count": Whole(or_text=True)}, ("name", "count"))),
        "patches": ListOf(
            Fields({"path": _TEXT, "patch": _TEXT, "target": _KUSTOMIZE_TARGET, "options": MapOf(_TRUTH)})
        ),
        "components": _TEXTS,
        "ignoreMissingComponents": _TRUTH,
        "labelWithoutSelector": _TRUTH,
        "kubeVersion": _TEXT,
        "apiVersions": _TEXTS,
        "labelIncludeTemplates": _TRUTH,
    }
)
_PAIRS = ListOf(Fields({"name": _TEXT, "value": _TEXT}, ("name", "value")))
_PLUGIN = Fields(
    {
        "name": _TEXT,
        "env": _PAIRS,
        "parameters": ListOf(
            Fields(
                {
                    "name": _TEXT,
                    "string": Text(is_pointer=True),
                    "map": MapOf(_TEXT, is_pointer=True),
                    "array": ListOf(_TEXT, is_pointer=True),
                }
            )
        ),
    }
)
_WAYS: dict[str, Shape] = {
    "helm": _HELM,
    "kustomize": _KUSTOMIZE,
    "directory": _DIRECTORY,
    "plugin": _PLUGIN,
}
_SOURCE = Fields(
    {
        "repoURL": _TEXT,
        "path": _TEXT,
        "targetRevision": _TEXT,
        **_WAYS,
        "chart": _TEXT,
        "ref": _TEXT,
        "name": _TEXT,
        "tagPrefix": _TEXT,
    },
    ("repoURL",),
)
_HYDRATOR = Fields(
    {
        "drySource": Fields(
            {"repoURL": _TEXT, "targetRevision": _TEXT, "path": _TEXT, **_WAYS},
            ("repoURL", "targetRevision", "path"),
        ),
        "syncSource": Fields(
            {"targetBranch": _TEXT, "path": _TEXT, "repoURL": _TEXT}, ("targetBranch", "path")
        ),
        "hydrateTo": Fields({"targetBranch": _TEXT}, ("targetBranch",)),
    },
    ("drySource", "syncSource"),
)
_SYNC_POLICY = Fields(
    {
        "automated": Fields(
            {name: Truth(is_pointer=True) for name in ("prune", "selfHeal", "allowEmpty", "enabled")}
        ),
        "syncOptions": _TEXTS,
        "retry": Fields(
            {
                "limit": Whole(),
                "backoff": Fields({"duration": _TEXT, "factor": _NUMBER, "maxDuration": _TEXT}),
                "refresh": _TRUTH,
            }
        ),
        "managedNamespaceMetadata": Fields({"labels": _LABELS, "annotations": _LABELS}),
    }
)
APPLICATION_SPEC = Fields(
    {
        "source": _SOURCE,
        "destination": Fields({"server": _TEXT, "namespace": _TEXT, "name": _TEXT}),
        "project": _TEXT,
        "syncPolicy": _SYNC_POLICY,
        "ignoreDifferences": ListOf(
            Fields(
                {
                    "group": _TEXT,
                    "kind": _TEXT,
                    "name": _TEXT,
                    "namespace": _TEXT,
                    "jsonPointers": _TEXTS,
                    "jqPathExpressions": _TEXTS,
                    "managedFieldsManagers": _TEXTS,
                },
                ("kind",),
            )
        ),
        "info": _PAIRS,
        "revisionHistoryLimit": _NUMBER,
        "sources": ListOf(_SOURCE),
        "sourceHydrator": _HYDRATOR,
    },
    ("destination", "project"),
)
METADATA = Fields(
    {
        "name": _TEXT,
        "namespace": _TEXT,
        "labels": _LABELS,
        "annotations": _LABELS,
        "finalizers": _TEXTS,
    }
)
APPLICATION = Fields({"metadata": METADATA, "spec": APPLICATION_SPEC}, ("metadata", "spec"))
"""A template, and what is made of one."""
