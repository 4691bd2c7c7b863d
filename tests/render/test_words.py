import pytest

from bot.render.words import presentable

ROOT = "/tmp/longshore-x/repository"


ID = "Secret.v1.[noGrp]/no.[noNs]"

SAID = {
    f"Error: accumulation err='accumulating resources from '../base': read {ROOT}/base: is a directory': "
    f"couldn't make target for path '{ROOT}/base': kustomization.yaml is empty": (
        "accumulating resources from '../base'; read base: is a directory; "
        "couldn't make target for path 'base'; kustomization.yaml is empty"
    ),
    f'Error: no resource matches strategic merge patch "{ID}": no matches for Id {ID}; failed to find unique target': (
        f'no resource matches strategic merge patch "{ID}"; no matches for Id {ID}'
    ),
    "Error: trouble configuring builtin PatchTransformer with config: `\npatch: hunter2\n`: unable to parse SM or JSON "
    'patch from [patch: "hunter2"]': "trouble configuring builtin PatchTransformer; unable to parse SM or JSON patch",
    "Error: loading KV pairs: literal sources [hunter2]: invalid literal source hunter2, expected key=value": (
        "literal sources; invalid literal source"
    ),
    "Error: missing kind in object {{ } {{hunter2 } map[] map[]}}": "missing kind in object",
    "Error: MalformedYAMLError: yaml: line 3: could not find expected ':' in File: a.yaml": (
        "MalformedYAMLError; yaml: line 3: could not find expected ':'; in File: a.yaml"
    ),
    "Error: fieldPath `data.q` is missing for replacement source ConfigMap.[noVer].[noGrp]/[noName].[noNs]": (
        "fieldPath `data.q` is missing for replacement source ConfigMap.[noVer].[noGrp]/[noName].[noNs]"
    ),
    "Error: something quite new: hunter2": "",
    "": "",
}


@pytest.mark.parametrize("stderr", SAID)
def test_only_phrases_that_hold_no_value_come_through(stderr: str) -> None:
    assert presentable(stderr, ROOT) == SAID[stderr]


def test_it_is_never_long() -> None:
    noise = "".join(
        f"Error: no matches for Id ConfigMap.v1.[noGrp]/{'x' * 150}{i}.[noNs]\n" for i in range(5_000)
    )
    assert len(presentable(noise, ROOT)) <= 900


def test_what_yaml_expected_is_shown_whole() -> None:
    stderr = "yaml: line 3: did not find expected ',' or ']'"
    assert presentable(stderr, "/work") == stderr
    assert presentable("yaml: line 3: did not find expected '-' indicator", "/work").endswith("'-' indicator")
