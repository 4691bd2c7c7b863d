"""The fields of an ApplicationSet and of its generators.

What is not written here is left out by the API server. Neither third-level combinations nor unknown generators are:
whoever reads them finds an empty generator.
"""

from bot.render.applicationset.application import APPLICATION
from bot.render.applicationset.shapes import Fields, ListOf, MapOf, Raw, Shape, Text, Truth, Whole

_TEXT, _TEXTS, _TRUTH, _NUMBER = Text(), ListOf(Text()), Truth(), Whole(is_pointer=True)

SELECTOR = Fields(
    {
        "matchLabels": MapOf(Text()),
        "matchExpressions": ListOf(
            Fields({"key": _TEXT, "operator": _TEXT, "values": _TEXTS}, ("key", "operator"))
        ),
    }
)

_SECRET = Fields({"secretName": _TEXT, "key": _TEXT}, ("secretName", "key"))
_CA = Fields({"configMapName": _TEXT, "key": _TEXT}, ("configMapName", "key"))
_BASIC = Fields({"username": _TEXT, "passwordRef": _SECRET}, ("username", "passwordRef"))
_BEARER = Fields({"tokenRef": _SECRET}, ("tokenRef",))


def _provider(texts: str, truths: str = "", required: str = "", **more: Shape) -> Fields:
    fields: dict[str, Shape] = dict.fromkeys(texts.split(), _TEXT)
    return Fields({**fields, **dict.fromkeys(truths.split(), _TRUTH), **more}, tuple(required.split()))


_PULL_REQUEST: dict[str, Shape] = {
    "github": _provider(
        "owner repo api appSecretName", required="owner repo", tokenRef=_SECRET, labels=_TEXTS
    ),
    "gitlab": _provider(
        "project api pullRequestState",
        "insecure",
        "project",
        tokenRef=_SECRET,
        labels=_TEXTS,
        caRef=_CA,
    ),
    "gitea": _provider("owner repo api", "insecure", "owner repo api", tokenRef=_SECRET, labels=_TEXTS),
    "bitbucketServer": _provider(
        "project repo api",
        "insecure",
        "project repo api",
        basicAuth=_BASIC,
        bearerToken=_BEARER,
        caRef=_CA,
    ),
    "bitbucket": _provider("owner repo api", required="owner repo", basicAuth=_BASIC, bearerToken=_BEARER),
    "azuredevops": _provider(
        "organization project repo api",
        required="organization project repo",
        tokenRef=_SECRET,
        labels=_TEXTS,
    ),
    "filters": ListOf(_provider("branchMatch targetBranchMatch titleMatch")),
    "continueOnRepoNotFoundError": _TRUTH,
}
_SCM_PROVIDER: dict[str, Shape] = {
    "github": _provider(
        "organization api appSecretName",
        "allBranches excludeArchivedRepos",
        "organization",
        tokenRef=_SECRET,
    ),
    "gitlab": _provider(
        "group api topic",
        "includeSubgroups allBranches insecure includeArchivedRepos",
        "group",
        includeSharedProjects=Truth(is_pointer=True),
        tokenRef=_SECRET,
        caRef=_CA,
    ),
    "bitbucket": _provider("owner user", "allBranches", "owner user appPasswordRef", appPasswordRef=_SECRET),
    "bitbucketServer": _provider(
        "project api",
        "allBranches insecure",
        "project api",
        basicAuth=_BASIC,
        bearerToken=_BEARER,
        caRef=_CA,
    ),
    "gitea": _provider(
        "owner api", "allBranches insecure excludeArchivedRepos", "owner api", tokenRef=_SECRET
    ),
    "azureDevOps": _provider(
        "organization api teamProject",
        "allBranches",
        "organization teamProject accessTokenRef",
        accessTokenRef=_SECRET,
    ),
    "awsCodeCommit": _provider(
        "role region",
        "allBranches",
        tagFilters=ListOf(Fields({"key": _TEXT, "value": _TEXT}, ("key",))),
    ),
    "filters": ListOf(
        _provider("repositoryMatch labelMatch branchMatch", "", "", pathsExist=_TEXTS, pathsDoNotExist=_TEXTS)
    ),
    "cloneProtocol": _TEXT,
}
_PATHS = ListOf(Fields({"path": _TEXT, "exclude": _TRUTH}, ("path",)))
_OFTEN: dict[str, Shape] = {"requeueAfterSeconds": _NUMBER, "template": APPLICATION, "values": MapOf(_TEXT)}

_LEAVES: dict[str, Shape] = {
    "list": Fields({"elements": ListOf(Raw()), "template": APPLICATION, "elementsYaml": _TEXT}),
    "clusters": Fields(
        {"selector": SELECTOR, "template": APPLICATION, "values": MapOf(_TEXT), "flatList": _TRUTH}
    ),
    "git": Fields(
        {
            "repoURL": _TEXT,
            "directories": _PATHS,
            "files": _PATHS,
            "revision": _TEXT,
            "pathParamPrefix": _TEXT,
            **_OFTEN,
        },
        ("repoURL", "revision"),
    ),
    "scmProvider": Fields({**_SCM_PROVIDER, **_OFTEN}),
    "clusterDecisionResource": Fields(
        {"configMapRef": _TEXT, "name": _TEXT, "labelSelector": SELECTOR, **_OFTEN}, ("configMapRef",)
    ),
    "pullRequest": Fields({**_PULL_REQUEST, **_OFTEN}),
}
_PLUGIN_GENERATOR = Fields(
    {
        "configMapRef": Fields({"name": _TEXT}, ("name",)),
        "input": Fields({"parameters": MapOf(Raw())}),
        **_OFTEN,
    },
    ("configMapRef",),
)
_TERMINAL = Fields({**_LEAVES, "selector": SELECTOR, "plugin": _PLUGIN_GENERATOR})
_NESTED = Fields(
    {**_LEAVES, "matrix": Raw(), "merge": Raw(), "selector": SELECTOR, "plugin": _PLUGIN_GENERATOR}
)
GENERATOR = Fields(
    {
        **_LEAVES,
        "matrix": Fields({"generators": ListOf(_NESTED), "template": APPLICATION}, ("generators",)),
        "merge": Fields(
            {"generators": ListOf(_NESTED), "mergeKeys": _TEXTS, "template": APPLICATION},
            ("generators", "mergeKeys"),
        ),
        "selector": SELECTOR,
        "plugin": _PLUGIN_GENERATOR,
    }
)
KINDS = tuple(name for name in GENERATOR.fields if name != "selector")
"""Of generators, in the order in which the controller asks those of one entry."""
NESTED_MATRIX = Fields({"generators": ListOf(_TERMINAL)})
NESTED_MERGE = Fields({"generators": ListOf(_TERMINAL), "mergeKeys": _TEXTS})
WITH_VALUES = frozenset(
    {"clusters", "git", "scmProvider", "clusterDecisionResource", "pullRequest", "plugin"}
)

_STEP = Fields(
    {
        "matchExpressions": ListOf(Fields({"key": _TEXT, "operator": _TEXT, "values": _TEXTS})),
        "maxUpdate": Whole(or_text=True),
    }
)
APPLICATION_SET_SPEC = Fields(
    {
        "goTemplate": _TRUTH,
        "generators": ListOf(GENERATOR),
        "template": APPLICATION,
        "syncPolicy": Fields(
            {
                "preserveResourcesOnDeletion": _TRUTH,
                "applicationsSync": Text(("create-only", "create-update", "create-delete", "sync")),
            }
        ),
        "strategy": Fields(
            {
                "type": _TEXT,
                "rollingSync": Fields({"steps": ListOf(_STEP)}),
                "deletionOrder": _TEXT,
            }
        ),
        "preservedFields": Fields({"annotations": _TEXTS, "labels": _TEXTS}),
        "goTemplateOptions": _TEXTS,
        "applyNestedSelectors": _TRUTH,
        "ignoreApplicationDifferences": ListOf(
            Fields({"name": _TEXT, "jsonPointers": _TEXTS, "jqPathExpressions": _TEXTS})
        ),
        "templatePatch": _TEXT,
    },
    ("generators", "template"),
)
