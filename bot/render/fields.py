"""The allow-list: every field of a kustomization and of a built-in plugin that may be used, and which of them name files.

kustomize ignores the case of field names and reads files through more than thirty of them. Whatever is not in these
tables, spelt exactly so, is refused: a field that a later kustomize adds cannot name a file behind our back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Use(StrEnum):
    """What kustomize does with the text of a field that names something."""

    RESOURCE = "resource"
    """A file of manifests, or a directory with a kustomization."""
    COMPONENT = "component"
    """A directory with a kustomization."""
    FILE = "file"
    SOURCE = "source"
    """`path` or `key=path`."""
    PATCH = "patch"
    """A path, or the patch itself."""
    PLUGIN = "plugin"
    """A file or directory of plugin configurations, or such a configuration itself."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value: nothing below it can name a file."""


@dataclass(frozen=True, slots=True)
class Each:
    item: "Shape"


@dataclass(frozen=True, slots=True)
class Fields:
    fields: Mapping[str, "Shape"]


Shape = Use | Anything | Each | Fields

KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

_FREE = Anything()
_FIELD_SPECS: dict[str, Shape] = {"fieldSpecs": _FREE}
_PATCH = Fields({"path": Use.FILE, "patch": _FREE, "target": _FREE, "options": _FREE})
_REPLACEMENT = Fields({"path": Use.FILE, "source": _FREE, "targets": _FREE, "sourceValue": _FREE})
_CONFIG_MAP: dict[str, Shape] = {
    "name": _FREE,
    "namespace": _FREE,
    "behavior": _FREE,
    "literals": _FREE,
    "files": Each(Use.SOURCE),
    "envs": Each(Use.FILE),
    "env": Use.FILE,
    "options": _FREE,
}
_SECRET: dict[str, Shape] = {**_CONFIG_MAP, "type": _FREE}

KUSTOMIZATION = Fields(
    {
        **dict.fromkeys(
            (
                "apiVersion",
                "kind",
                "metadata",
                "namePrefix",
                "nameSuffix",
                "namespace",
                "commonLabels",
                "labels",
                "commonAnnotations",
                "images",
                "imageTags",
                "replicas",
                "vars",
                "sortOptions",
                "generatorOptions",
                "buildMetadata",
            ),
            _FREE,
        ),
        "resources": Each(Use.RESOURCE),
        "bases": Each(Use.RESOURCE),
        "components": Each(Use.COMPONENT),
        "crds": Each(Use.FILE),
        "configurations": Each(Use.FILE),
        "openapi": Fields({"path": Use.FILE, "version": _FREE}),
        "patches": Each(_PATCH),
        "patchesJson6902": Each(_PATCH),
        "patchesStrategicMerge": Each(Use.PATCH),
        "replacements": Each(_REPLACEMENT),
        "configMapGenerator": Each(Fields(_CONFIG_MAP)),
        "secretGenerator": Each(Fields(_SECRET)),
        "generators": Each(Use.PLUGIN),
        "transformers": Each(Use.PLUGIN),
        "validators": Each(Use.PLUGIN),
        # What these hold is for `bot/render/inflation/declared.py` to say.
        **dict.fromkeys(("helmCharts", "helmGlobals", "helmChartInflationGenerator"), _FREE),
    }
)

PLUGIN_DIRECTORY = frozenset({"apiVersion", "kind", "metadata", "resources"})
"""A directory of plugin configurations may only list them: what it could change in them, the trace would not see."""

OVERLAY = Fields(
    {
        **dict.fromkeys(
            (
                "namespace",
                "namePrefix",
                "nameSuffix",
                "images",
                "commonMetadata",
                "ignoreMissingComponents",
                "buildMetadata",
            ),
            _FREE,
        ),
        "patches": Each(Fields({"patch": _FREE, "target": _FREE, "options": _FREE})),
        "components": Each(Use.COMPONENT),
    }
)
"""What a finder may lay over a kustomization: the fields of a Flux Kustomization, in kustomize's words."""

ARGOCD_OVERLAY = Fields(
    {
        **dict.fromkeys(
            (
                "namespace",
                "namePrefix",
                "nameSuffix",
                "images",
                "replicas",
                "commonLabels",
                "forceCommonLabels",
                "labelWithoutSelector",
                "labelIncludeTemplates",
                "commonAnnotations",
                "forceCommonAnnotations",
                "ignoreMissingComponents",
            ),
            _FREE,
        ),
        "patches": Each(_PATCH),
        "components": Each(Use.COMPONENT),
    }
)
"""The same of Argo CD, in the words of an Application's `kustomize`: its patches may lie in files."""

_PLUGIN_HEAD: dict[str, Shape] = dict.fromkeys(("apiVersion", "kind", "metadata"), _FREE)

_PLUGIN_FIELDS: dict[str, dict[str, Shape]] = {
    "AnnotationsTransformer": {"annotations": _FREE, **_FIELD_SPECS},
    "ConfigMapGenerator": _CONFIG_MAP,
    "HashTransformer": {},
    "IAMPolicyGenerator": dict.fromkeys(("cloud", "kubernetesService", "serviceAccount", "projectId"), _FREE),
    "ImageTagTransformer": {"imageTag": _FREE, **_FIELD_SPECS},
    "LabelTransformer": {"labels": _FREE, **_FIELD_SPECS},
    "NamespaceTransformer": {"unsetOnly": _FREE, "setRoleBindingSubjects": _FREE, **_FIELD_SPECS},
    "PatchJson6902Transformer": {"target": _FREE, "path": Use.FILE, "jsonOp": _FREE},
    "PatchStrategicMergeTransformer": {"paths": Each(Use.PATCH), "patches": _FREE},
    "PatchTransformer": dict(_PATCH.fields),
    "PrefixSuffixTransformer": {"prefix": _FREE, "suffix": _FREE, **_FIELD_SPECS},
    "PrefixTransformer": {"prefix": _FREE, **_FIELD_SPECS},
    "ReplacementTransformer": {"replacements": Each(_REPLACEMENT)},
    "ReplicaCountTransformer": {"replica": _FREE, **_FIELD_SPECS},
    "SecretGenerator": _SECRET,
    "SuffixTransformer": {"suffix": _FREE, **_FIELD_SPECS},
    "ValueAddTransformer": {"value": _FREE, "targets": _FREE, "targetFilePath": Use.FILE},
}

PLUGINS: Mapping[str, Shape] = {
    "HelmChartInflationGenerator": _FREE,
    **{kind: Fields({**_PLUGIN_HEAD, **fields}) for kind, fields in _PLUGIN_FIELDS.items()},
}
