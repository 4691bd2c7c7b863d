"""What an AppProject may say: its CRD as of Argo CD 3.5, with what 3.6 adds, as a table."""

from bot.discover.argocd.specs import FLAG, TEXT
from bot.discover.schema import Fields, ListOf, Shape, Text, Whole

_KIND: dict[str, Shape] = {"group": TEXT, "kind": TEXT}
_KINDS = ListOf(Fields(_KIND, ("group", "kind")))
_NAMED_KINDS = ListOf(Fields({**_KIND, "name": TEXT}, ("group", "kind")))
_NAMES = ListOf(TEXT)
_ROLE = Fields(
    {
        "name": TEXT,
        "description": Text(is_block=True),
        "policies": _NAMES,
        "groups": _NAMES,
        "jwtTokens": ListOf(Fields({"iat": Whole(), "exp": Whole(), "id": TEXT}, ("iat",))),
    },
    ("name",),
)
_WINDOW = Fields(
    {
        **dict.fromkeys(("kind", "schedule", "duration", "timeZone"), TEXT),
        **dict.fromkeys(("applications", "namespaces", "clusters"), _NAMES),
        **dict.fromkeys(("manualSync", "andOperator", "syncOverrun"), FLAG),
        "description": Text(is_block=True),
    }
)
_POLICY = Fields(
    {
        "repos": ListOf(Fields({"url": TEXT}, ("url",))),
        "gpg": Fields({"mode": TEXT, "keys": _NAMES}, ("mode", "keys")),
    },
    ("repos", "gpg"),
)
PROJECT = Fields(
    {
        "description": Text(is_block=True),
        "sourceRepos": _NAMES,
        "sourceNamespaces": _NAMES,
        "destinations": ListOf(Fields(dict.fromkeys(("server", "name", "namespace"), TEXT))),
        "permitOnlyProjectScopedClusters": FLAG,
        "clusterResourceWhitelist": _NAMED_KINDS,
        "clusterResourceBlacklist": _NAMED_KINDS,
        "namespaceResourceWhitelist": _KINDS,
        "namespaceResourceBlacklist": _KINDS,
        "destinationServiceAccounts": ListOf(
            Fields(
                dict.fromkeys(("server", "namespace", "defaultServiceAccount"), TEXT),
                ("server", "defaultServiceAccount"),
            )
        ),
        "roles": ListOf(_ROLE),
        "syncWindows": ListOf(_WINDOW),
        "orphanedResources": Fields(
            {"warn": FLAG, "ignore": ListOf(Fields(dict.fromkeys(("group", "kind", "name"), TEXT)))}
        ),
        "signatureKeys": ListOf(Fields({"keyID": TEXT}, ("keyID",))),
        "sourceIntegrity": Fields({"git": Fields({"policies": ListOf(_POLICY)}, ("policies",))}, ("git",)),
    }
)
