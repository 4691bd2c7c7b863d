"""Applications of charts that lie in a Helm repository."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from oracles.argocd.charts import CHART
from oracles.argocd.scene import Script
from oracles.argocd.sets import elements, small_set

Whole = Callable[[Script, Random], None]


def _chart(script: Script, version: str, **helm: Any) -> dict[str, Any]:
    block = {"helm": helm} if helm else {}
    return {"repoURL": script.ground.charts, "chart": CHART, "targetRevision": version, **block}


def _put(script: Script, spec: dict[str, Any]) -> None:
    script.root("bootstrap/web.yaml", script.application("web", spec))


def version(script: Script, pick: Random) -> None:
    _put(script, {"source": _chart(script, pick.choice(["1.0.0", "2.1.0-rc.1"]))})


def ranges(script: Script, pick: Random) -> None:
    """The newest version that each one allows."""
    for number, wanted in enumerate(
        pick.sample(["1.*", "^1.0.0", "~1.2", ">=1.0.0 <2", "*", "1.x", ">=2.0.0-0"], k=4)
    ):
        name = f"web-{number}"
        script.root(f"bootstrap/{name}.yaml", script.application(name, {"source": _chart(script, wanted)}))


def values(script: Script, pick: Random) -> None:
    parameters = [{"name": "greeting", "value": pick.choice(["parameter", "1"])}]
    _put(script, {"source": _chart(script, "1.2.0", valuesObject={"more": [1]}, parameters=parameters)})


def own_file(script: Script, _pick: Random) -> None:
    """A file of values that the chart brings along."""
    _put(script, {"source": _chart(script, "1.2.0", valueFiles=["extra.yaml"])})


def referenced(script: Script, pick: Random) -> None:
    """Values in Git, for a chart that is elsewhere."""
    script.files["values/web.yaml"] = json.dumps({"greeting": "from Git"})
    chart = _chart(
        script, "^1.0.0", valueFiles=["$values/values/web.yaml", *pick.choice([[], ["extra.yaml"]])]
    )
    _put(script, {"sources": [chart, {"repoURL": script.url, "targetRevision": "main", "ref": "values"}]})


def of_a_set(script: Script, pick: Random) -> None:
    made = small_set(script, pick, is_go=pick.choice([True, False]))
    made.generators = [elements({"name": "one", "version": "1.0.0"}, {"name": "two", "version": "2.*"})]
    made.app_name = made.at("name")
    made.source = _chart(script, made.at("version"), releaseName=made.at("name"))
    made.names = {"one", "two"}
    made.put()


FEATURES: dict[str, Whole] = {
    "chart: version": version,
    "chart: ranges": ranges,
    "chart: values": values,
    "chart: a file of its own": own_file,
    "chart: values of a ref": referenced,
    "chart: of an ApplicationSet": of_a_set,
}
