"""From a generator to its sets of parameters: what it gives by itself, combined with others, and then selected."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.model.manifests import canonical_json
from bot.render.applicationset.application import APPLICATION
from bot.render.applicationset.context import Context
from bot.render.applicationset.dialect import render_all
from bot.render.applicationset.errors import NotKnown, Ungenerated
from bot.render.applicationset.forge import pull_request_sets
from bot.render.applicationset.git import git_sets
from bot.render.applicationset.leaves import cluster_sets, list_sets
from bot.render.applicationset.owned import repository_sets
from bot.render.applicationset.params import Params, flat_texts, joined, overlaid
from bot.render.applicationset.replace import replaced, templates
from bot.render.applicationset.selector import check, selects
from bot.render.applicationset.shapes import admitted, filled_up
from bot.render.applicationset.spec import (
    GENERATOR,
    KINDS,
    NESTED_MATRIX,
    NESTED_MERGE,
    WITH_VALUES,
)

Generator = Mapping[str, Any]
_Leaf = Callable[[Generator, Context, str], Awaitable[list[Params]]]
_LEAVES: Mapping[str, _Leaf] = {
    "list": list_sets,
    "clusters": cluster_sets,
    "git": git_sets,
    "pullRequest": pull_request_sets,
    "scmProvider": repository_sets,
}
_UNKNOWN = {
    "clusterDecisionResource": "asks the cluster for a decision, which is not in Git",
    "plugin": "asks a plugin, whose answer is not in Git",
}
_MATRIX_CHILDREN = 2


@dataclass(frozen=True, slots=True)
class Given:
    """What one generator gives, and the template for it."""

    sets: list[Params]
    template: Mapping[str, Any]
    field: str


async def transformed(
    generator: Generator, base: Mapping[str, Any], context: Context, at: str, params: Params | None = None
) -> list[Given]:
    """Each of the generators of one entry. With `params` its texts are templates of these. Raises `Ungenerated`."""
    selector = generator.get("selector")
    if selector is not None:
        check(selector, f"{at}.selector", any_value=True)
    kinds = [kind for kind in KINDS if kind in generator]
    interpolated = await _interpolated(generator, params, context, at) if params and kinds else generator
    found = []
    for kind in kinds:
        sets = await _sets(kind, interpolated[kind], context, f"{at}.{kind}")
        if selector is not None:
            sets = [each for each in sets if selects(selector, flat_texts(each))]
        template = filled_up(generator[kind].get("template"), base, APPLICATION)
        found.append(Given(sets, template, f"{at}.{kind}"))
    return found


async def _sets(kind: str, generator: Generator, context: Context, at: str) -> list[Params]:
    if kind in _UNKNOWN:
        raise Ungenerated(f"{_UNKNOWN[kind]}", at)
    if kind == "matrix":
        return await _matrix(generator, context, at)
    if kind == "merge":
        return await _merge(generator, context, at)
    sets = await _LEAVES[kind](generator, context, at)
    if kind in ("list", "clusters"):
        context.count(len(sets), at)
    return sets


async def _matrix(generator: Generator, context: Context, at: str) -> list[Params]:
    children = generator.get("generators", ())
    if len(children) != _MATRIX_CHILDREN:
        raise Ungenerated("needs exactly two generators", f"{at}.generators")
    found: list[Params] = []
    for one in await _child(children[0], context, f"{at}.generators[0]", None):
        for other in await _child(children[1], context, f"{at}.generators[1]", one):
            found.append(_combined(one, other, context, at))
            context.count(1, at)
    return found


def _combined(one: Params, other: Params, context: Context, at: str) -> Params:
    try:
        if not context.is_go:
            return joined(one, other)
        both: Params = {}
        overlaid(both, other)
        overlaid(both, one)
    except NotKnown as error:
        raise Ungenerated(error.message, at) from None
    return both


async def _merge(generator: Generator, context: Context, at: str) -> list[Params]:
    children = generator.get("generators", ())
    if len(children) < _MATRIX_CHILDREN:
        raise Ungenerated("needs two generators or more", f"{at}.generators")
    keys = frozenset(generator.get("mergeKeys", ()))
    if not keys:
        raise Ungenerated("needs mergeKeys", f"{at}.mergeKeys")
    every = [
        await _child(each, context, f"{at}.generators[{index}]", {}) for index, each in enumerate(children)
    ]
    base, *others = [_by_keys(each, keys, f"{at}.generators[{index}]") for index, each in enumerate(every)]
    for other in others:
        for key, params in base.items():
            if key in other:
                _override(params, other[key], context, at)
    return list(base.values())


def _override(params: Params, other: Params, context: Context, at: str) -> None:
    try:
        overlaid(params, other) if context.is_go else params.update(other)
    except NotKnown as error:
        raise Ungenerated(error.message, at) from None


def _by_keys(sets: Sequence[Params], keys: frozenset[str], at: str) -> dict[bytes, Params]:
    """Raises `Ungenerated` where two sets have the same values for the keys. A key that is missing is as good as null."""
    found: dict[bytes, Params] = {}
    for params in sets:
        key = canonical_json({name: _number_as_go(params.get(name)) for name in keys})
        if key in found:
            names = ", ".join(sorted(keys))
            raise Ungenerated(f"two sets of parameters have the same {names[:200]}", at)
        found[key] = params
    return found


def _number_as_go(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


async def _child(child: Generator, context: Context, at: str, params: Params | None) -> list[Params]:
    generator = {**child, **dict(_nested(child, at))}
    found = await transformed(generator, {}, context, at, params)
    if not found:
        raise Ungenerated("names no generator that may stand there", at)
    if len(found) > 1:
        raise Ungenerated(f"must be one generator, not {len(found)}", at)
    return found[0].sets


def _nested(child: Generator, at: str) -> Iterator[tuple[str, Any]]:
    """Combinations below another one. The API server takes them as they are, so that nothing in them is required."""
    for kind, shape in (("matrix", NESTED_MATRIX), ("merge", NESTED_MERGE)):
        if kind in child:
            yield kind, admitted(child[kind], shape, f"{at}.{kind}", is_partial=True)


async def _interpolated(generator: Generator, params: Params, context: Context, at: str) -> Generator:
    """The generator with the other one's parameters in its templates. `values` keep those that lack one."""
    asked = dict(templates(_without_values(generator), GENERATOR, at))
    (made,) = await render_all(context.dialect, asked, [params])
    found: dict[str, Any] = replaced(generator, GENERATOR, made, at)
    await _fill_values(generator, found, params, context, at)
    return found


def _without_values(generator: Generator) -> dict[str, Any]:
    found = {}
    for kind, value in generator.items():
        if kind in WITH_VALUES:
            found[kind] = {name: each for name, each in value.items() if name != "values"}
        elif kind in ("matrix", "merge"):
            inside = [_without_values(each) for each in value.get("generators", ())]
            found[kind] = {**value, "generators": inside}
        else:
            found[kind] = value
    return found


async def _fill_values(
    generator: Generator, found: dict[str, Any], params: Params, context: Context, at: str
) -> None:
    for kind, value in generator.items():
        if kind in WITH_VALUES and "values" in value:
            found[kind]["values"] = await context.known_values(value["values"], params, f"{at}.{kind}")
        elif kind in ("matrix", "merge"):
            for index, each in enumerate(value.get("generators", ())):
                inside = found[kind]["generators"][index]
                await _fill_values(each, inside, params, context, f"{at}.{kind}.generators[{index}]")
