"""What the sources of Flux may say: the CRDs of source-controller 1.9 as tables.

An object of an older version is read as today's with the fields that were dropped since. The form of a URL is not
held against its pattern: what is fetched, and from where, is for others to judge.
"""

from collections.abc import Mapping

from bot.discover.flux.specs import (
    BLOCK,
    CHART,
    CHART_REQUIRED,
    DURATION,
    FLAG,
    OLD_CHART,
    SECRET,
    TEXT,
)
from bot.discover.names import NAME
from bot.discover.schema import Fields, ListOf, MapOf, Shape, Text, Truth

_URL = Text(at_least=1, at_most=2048)
_PROVIDER = Text(("generic", "aws", "azure", "gcp"))
_ACCESS = Fields({"namespaceSelectors": ListOf(Fields({"matchLabels": MapOf(TEXT)}))})
_COMMON: dict[str, Shape] = {
    "interval": DURATION,
    "timeout": DURATION,
    "suspend": FLAG,
    "secretRef": SECRET,
    "serviceAccountName": TEXT,
    "proxySecretRef": SECRET,
    "certSecretRef": SECRET,
    "insecure": Truth(),
    "ignore": BLOCK,
    "accessFrom": _ACCESS,
}

_GIT: dict[str, Shape] = {
    **_COMMON,
    "url": _URL,
    "ref": Fields(dict.fromkeys(("branch", "tag", "semver", "name", "commit"), TEXT)),
    "include": ListOf(Fields({"repository": SECRET, "fromPath": TEXT, "toPath": TEXT}, ("repository",))),
    "recurseSubmodules": FLAG,
    "sparseCheckout": ListOf(TEXT),
    "provider": Text(("generic", "aws", "azure", "github")),
    "verify": Fields({"mode": Text(("head", "HEAD", "Tag", "TagAndHEAD")), "secretRef": SECRET}),
    "gitImplementation": Text(("go-git", "libgit2")),
}
_OCI: dict[str, Shape] = {
    **_COMMON,
    "url": _URL,
    "ref": Fields(dict.fromkeys(("tag", "semver", "semverFilter", "digest"), TEXT)),
    "layerSelector": Fields({"mediaType": TEXT, "operation": Text(("extract", "copy"))}),
    "provider": _PROVIDER,
    "verify": Fields(
        {
            "provider": Text(("cosign", "notation")),
            "secretRef": SECRET,
            "trustedRootSecretRef": SECRET,
            "matchOIDCIdentity": ListOf(Fields({"issuer": TEXT, "subject": TEXT}, ("issuer", "subject"))),
        }
    ),
}
_HELM: dict[str, Shape] = {
    **_COMMON,
    "url": _URL,
    "type": Text(("default", "oci")),
    "provider": _PROVIDER,
    "passCredentials": FLAG,
}
_BUCKET: dict[str, Shape] = {
    **_COMMON,
    "bucketName": TEXT,
    "endpoint": TEXT,
    "prefix": TEXT,
    "region": TEXT,
    "provider": _PROVIDER,
    "sts": Fields({"provider": TEXT, "endpoint": TEXT, "secretRef": SECRET, "certSecretRef": SECRET}),
}
_ARTIFACT: dict[str, Shape] = {
    "sourceRef": Fields({"apiVersion": TEXT, "kind": TEXT, "name": NAME, "namespace": TEXT}, ("kind", "name"))
}
_OLD_CHART_OBJECT: dict[str, Shape] = {**OLD_CHART, "suspend": FLAG, "accessFrom": _ACCESS}

SOURCES: Mapping[str, Fields] = {
    "GitRepository": Fields(_GIT, ("url",)),
    "OCIRepository": Fields(_OCI, ("url",)),
    "HelmRepository": Fields(_HELM, ("url",)),
    "HelmChart": Fields({**CHART, "suspend": FLAG, "accessFrom": _ACCESS}, CHART_REQUIRED),
    "Bucket": Fields(_BUCKET, ("bucketName", "endpoint")),
    "ExternalArtifact": Fields(_ARTIFACT),
}
OLD_SOURCES: Mapping[str, Fields] = {**SOURCES, "HelmChart": Fields(_OLD_CHART_OBJECT, CHART_REQUIRED)}
