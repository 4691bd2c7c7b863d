"""What a plugin is told, whatever an Application says."""

import json
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.render.argocd.environment import Environment
from bot.render.errors import Unrenderable
from bot.render.helm.inputs import ClusterFacts
from bot.render.plugin.environment import plugin_environment

_TEXTS = st.text(max_size=20)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)
_ENTRIES = st.lists(
    st.dictionaries(st.sampled_from(["name", "value", "string", "array", "map", "more"]), _ANYTHING | _TEXTS, max_size=4),
    max_size=4,
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    block=st.fixed_dictionaries(
        {}, optional={"name": _ANYTHING, "env": _ENTRIES, "parameters": _ENTRIES | _ANYTHING}
    )
)
def test_whatever_a_block_holds_it_is_an_environment_or_a_reason(block: dict[str, Any]) -> None:
    try:
        made = plugin_environment(Environment({"ARGOCD_APP_NAME": "web"}), block, ClusterFacts())
    except Unrenderable:
        return
    assert all(
        isinstance(value, str) and "=" not in name and "\0" not in name for name, value in made.items()
    )
    told = json.loads(made["ARGOCD_APP_PARAMETERS"])
    given_names = [(each or {}).get("name") or "" for each in block.get("parameters") or []]
    assert [each["name"] for each in told or []] == given_names
    named = {name for name in made if name.startswith("PARAM_")}
    assert all(re.fullmatch(r"PARAM_[A-Z0-9_]*", name) for name in named)
