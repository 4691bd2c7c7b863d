"""The generators that need nothing but the ApplicationSet and the clusters: `list` and `clusters`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from bot.model.argocd import ArgoCluster
from bot.model.manifests import MAX_INPUT_BYTES, KubeLoader, parsed
from bot.render.applicationset.context import Context
from bot.render.applicationset.errors import NotKnown, Ungenerated
from bot.render.applicationset.params import MapList, Params, Texts, copied
from bot.render.applicationset.selector import check, selects

IN_CLUSTER = "in-cluster"
IN_CLUSTER_SERVER = "https://kubernetes.default.svc"
_SECRET_TYPE = {"argocd.argoproj.io/secret-type": "cluster"}
_NOT_OF_NAMES = re.compile(r"[^-a-z0-9.]")
_MAX_NAME = 253


def normalized(name: str) -> str:
    """Fit for the name of an object, as the controller makes it."""
    lowered = "".join(letter.lower()[0] for letter in name)
    return _NOT_OF_NAMES.sub("-", lowered)[:_MAX_NAME].strip("-.")


def first_document(data: bytes) -> Any:
    """The first document of YAML, None where it is empty. Raises `NotKnown` with the bare problem."""
    if len(data) > MAX_INPUT_BYTES:
        raise NotKnown(f"is larger than {MAX_INPUT_BYTES // 1024**2} MiB")
    try:
        return next((document.value for document in parsed(data, KubeLoader)), None)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = str(getattr(error, "problem", None) or "is not YAML")[:200]
        raise NotKnown(f"line {mark.line + 1}: {problem}" if mark else problem) from None


async def list_sets(generator: Mapping[str, Any], context: Context, at: str) -> list[Params]:
    found = []
    for index, element in enumerate(generator.get("elements", ())):
        field = f"{at}.elements[{index}]"
        if element is not None and not isinstance(element, dict):
            raise Ungenerated("must be a mapping", field)
        plain = copied(element or {})
        found.append(plain if context.is_go else dict(_text_element(plain, field)))
    text = generator.get("elementsYaml", "")
    context.count_bytes(len(text), f"{at}.elementsYaml")
    return found + _yaml_elements(text, f"{at}.elementsYaml")


def _text_element(element: Params, at: str) -> Iterator[tuple[str, str]]:
    for name, value in element.items():
        if name != "values":
            yield name, _text(value, f"{at}.{name}")
        elif isinstance(value, dict):
            for key, each in value.items():
                yield f"values.{key}", _text(each, f"{at}.values.{key}")
        else:
            raise Ungenerated("must be a mapping", f"{at}.values")


def _text(value: Any, at: str) -> str:
    if not isinstance(value, str):
        raise Ungenerated("must be text, which is all that templates without goTemplate take", at)
    return value


def _yaml_elements(text: str, at: str) -> list[Params]:
    if not text:
        return []
    try:
        value = first_document(text.encode("utf-8", "surrogateescape"))
    except NotKnown as error:
        raise Ungenerated(error.message, at) from None
    if value is None:
        return []
    if not isinstance(value, list) or not all(each is None or isinstance(each, dict) for each in value):
        raise Ungenerated("must be a list of mappings", at)
    return [copied(each or {}) for each in value]


async def cluster_sets(generator: Mapping[str, Any], context: Context, at: str) -> list[Params]:
    selector = generator.get("selector", {})
    check(selector, f"{at}.selector", any_value=False)
    selected = [
        each for each in await _clusters(context, at) if selects(selector, {**each.labels, **_SECRET_TYPE})
    ]
    by_name: dict[str, ArgoCluster] = {}
    for cluster in selected:
        if not cluster.is_known:
            raise Ungenerated(cluster.unknown_because, at)
        by_name[cluster.name] = cluster
    sets = [_cluster_params(each, context) for each in by_name.values()]
    is_everything = not (selector.get("matchLabels") or selector.get("matchExpressions"))
    if is_everything and all(each.server != IN_CLUSTER_SERVER for each in by_name.values()):
        sets.append(_params(IN_CLUSTER, IN_CLUSTER_SERVER, ""))
    await context.with_values(sets, generator.get("values", {}), at)
    return [{"clusters": MapList(sets)}] if generator.get("flatList") else sets


async def _clusters(context: Context, at: str) -> list[ArgoCluster]:
    try:
        found = await context.world.clusters()
    except NotKnown as error:
        raise Ungenerated(error.message, at, hint=error.hint) from None
    if found.missing:
        raise Ungenerated(f"{found.missing}", at)
    return sorted(found.known, key=lambda each: (each.secret, each.name))


def _params(name: str, server: str, project: str) -> Params:
    return {"name": name, "nameNormalized": normalized(name), "server": server, "project": project}


def _cluster_params(cluster: ArgoCluster, context: Context) -> Params:
    params = _params(cluster.name, cluster.server, cluster.project)
    labels = {**cluster.labels, **_SECRET_TYPE}
    if context.is_go:
        metadata: Params = {"annotations": Texts(cluster.annotations)} if cluster.annotations else {}
        params["metadata"] = {**metadata, "labels": Texts(labels)}
    else:
        params.update({f"metadata.annotations.{key}": value for key, value in cluster.annotations.items()})
        params.update({f"metadata.labels.{key}": value for key, value in labels.items()})
    return params
