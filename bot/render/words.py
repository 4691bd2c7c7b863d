"""What kustomize says when it fails, without what it quotes.

Its errors repeat whole patches, literals and objects, secrets included, so they cannot be shown as they are. Only
phrases known to carry no value come through; where none is recognised, a person is told how to see the rest.
"""

import re

_ID = r"[\w.\[\]/~:-]{1,200}"
_PATH = r"[\w./@+~-]{1,200}"
_FIELD = r"[\w./\[\]=*~-]{1,120}"

_YAML_PROBLEMS = (
    "mapping values are not allowed in this context",
    "could not find expected '.'",
    "found character that cannot start any token",
    r"did not find expected (?:'[\w,:{}\[\]-]{1,12}'|[\w<> -])+",
    "found unexpected end of stream",
    "block sequence entries are not allowed in this context",
)

_PHRASES = re.compile(
    "|".join(
        (
            rf"accumulating (?:resources|components) from '{_PATH}'",
            rf"merging resources from '{_PATH}'",
            rf"couldn't make target for path '{_PATH}'",
            rf"may not add resource with an already registered id: {_ID}",
            rf"no resource matches strategic merge patch \"{_ID}\"",
            rf"failed to find unique target for patch {_ID}",
            rf"no matches for Id {_ID}",
            rf"multiple matches for Id {_ID}",
            r"trouble configuring builtin \w+",
            r"unable to parse SM or JSON patch",
            r"illegally qualifies as both an SM and JSON patch",
            r"must specify one of patch and path",
            r"patch and path can't be set at the same time",
            r"(?:add|remove|replace|test|move|copy) operation does not apply",
            rf"doc is missing (?:path|key): \"?{_FIELD}\"?",
            r"(?:configmap|secret) [\w.-]{1,200} illegally repeats the key",
            r"invalid literal source|env source files|literal sources|file sources",
            r"missing metadata\.name in object|missing kind in object|missing Resource metadata",
            rf"nothing selected by {_ID}",
            rf"fieldPath `{_FIELD}` is missing for replacement source {_ID}",
            rf"unable to find field \"{_FIELD}\" in replacement target",
            rf"expected kind (?:!= )?'\w+' for path '{_PATH}'(?: but got '\w+')?",
            r"kustomization\.yaml is empty",
            r"invalid Kustomization",
            r"json: cannot unmarshal \w+ into Go (?:struct field|value of type) [\w.\[\]*]+(?: of type [\w.\[\]*]+)?",
            r"json: unknown field \"\w+\"",
            r"MalformedYAMLError",
            rf"yaml: (?:line \d+: )?(?:{'|'.join(_YAML_PROBLEMS)})",
            rf"in File: {_PATH}",
            rf"(?:open|read|lstat|stat) {_PATH}: (?:no such file or directory|is a directory|permission denied)",
            r"cannot be mapped to a field in the set of known resources",
            r"does not exist; cannot merge or replace|already exists; must specify merge or replace",
            rf"considering field '{_FIELD}' of object {_ID}",
            r"expected sequence or mapping node",
            rf"resource with name {_ID} does not match a config with the following GVK",
            r"Found multiple kustomization files under",
            r"cycle detected",
            r"should be kustomize\.config\.k8s\.io/\w+",
            rf"unable to load builtin {_ID}",
            r"external plugins disabled",
            r"document contains excessive aliasing",
        )
    )
)
_MAX_PHRASES = 8
_MAX_CHARS = 900


def presentable(stderr: str, root: str) -> str:
    """The recognised phrases in their order, with paths relative to `root`; empty where none is recognised."""
    text = stderr.replace(f"{root}/", "").replace(root, ".")
    phrases: list[str] = []
    for match in _PHRASES.finditer(text):
        phrase = match.group()
        if phrase not in phrases:
            # The last one is the cause: where kustomizations nest deeply, what leads there is left out.
            phrases[_MAX_PHRASES - 1 :] = [phrase]
    return "; ".join(phrases)[:_MAX_CHARS]
