"""An ApplicationSet and what it may look at, to the Applications that Argo CD's controller would write.

Whatever goes wrong makes the whole set unknown, as one error keeps the controller from changing anything: a generator
that errs must never read as the removal of what it generated.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import LongshoreError, Temporary
from bot.git.errors import MissingObject
from bot.model.manifests import canonical_json
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic, TraceEntry
from bot.render.applicationset.application import APPLICATION
from bot.render.applicationset.context import Context
from bot.render.applicationset.dialect import Dialect, Plain, render_all
from bot.render.applicationset.errors import NothingGenerated, Ungenerated
from bot.render.applicationset.finish import check, finished
from bot.render.applicationset.params import Params
from bot.render.applicationset.patch import FIELD as PATCH
from bot.render.applicationset.patch import patched
from bot.render.applicationset.replace import replaced, templates
from bot.render.applicationset.rollout import remarks
from bot.render.applicationset.shapes import admitted
from bot.render.applicationset.spec import APPLICATION_SET_SPEC, KINDS
from bot.render.applicationset.templates import GoTemplates, Templates
from bot.render.applicationset.transform import Given, transformed
from bot.render.applicationset.world import World

FINALIZER = "resources-finalizer.argocd.argoproj.io"
MAX_APPLICATIONS = 5_000
MAX_BYTES = 64 * 1024 * 1024
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Generated:
    """`applications` are by name, as Argo CD writes them; none where there is a `problem`.

    `problem` is why it is not known which they are, to be read behind its `field` and a colon, and `hint` the way out.
    `entries` are what was read or looked for in the tree at hand, also where there is a problem. `is_open`: something took part
    that may be another one tomorrow. `is_empty`: nothing went wrong, and there is nothing. `remarks` say what Argo CD does not do with them.
    """

    applications: tuple[Manifest, ...] = ()
    entries: tuple[TraceEntry, ...] = ()
    problem: str = ""
    hint: str = ""
    field: str = ""
    is_open: bool = False
    is_empty: bool = False
    remarks: tuple[Diagnostic, ...] = ()


async def generate(manifest: Manifest, world: World, go_templates: Templates) -> Generated:
    """Never raises for what a manifest or a file may hold, but for what may work later and for objects not yet fetched."""
    metadata = manifest.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    context = Context(
        world, Plain(), go_templates.for_one_set(), namespace if isinstance(namespace, str) else ""
    )
    try:
        spec = admitted(manifest.get("spec"), APPLICATION_SET_SPEC, "spec")
        context.options = tuple(spec.get("goTemplateOptions", ()))
        context.dialect = _dialect(spec, context)
        made = await _applications(spec, context)
        check(made)
    except Ungenerated as error:
        return _unknown(error, context)
    except RecursionError:
        return _unknown(Ungenerated("something in it is nested too deep", "spec"), context)
    except UnicodeEncodeError:
        return _unknown(Ungenerated("something in it, or a parameter, is no Unicode text", "spec"), context)
    except (MissingObject, Temporary):
        raise
    except Exception as error:  # noqa: BLE001 - one set's input takes no other along
        return _unknown(_unforeseen(error), context)
    ordered = tuple(sorted(made, key=lambda each: str(each["metadata"]["name"])))
    return Generated(ordered, context.entries, is_open=context.is_open, remarks=tuple(remarks(spec, ordered)))


def _dialect(spec: Mapping[str, Any], context: Context) -> Dialect:
    return GoTemplates(context.templates, context.options) if spec.get("goTemplate") else Plain()


def _unforeseen(error: Exception) -> Ungenerated:
    log.error("the generation of an ApplicationSet broke", exc_info=error)
    if isinstance(error, LongshoreError):
        return Ungenerated(error.message, "spec", hint=error.hint)
    return Ungenerated(
        f"something broke in Longshore ({type(error).__name__}); it is in the log, please report it", "spec"
    )


def _unknown(error: Ungenerated, context: Context) -> Generated:
    return Generated(
        entries=context.entries,
        problem=error.message,
        hint=error.hint,
        field=error.field,
        is_open=context.is_open,
        is_empty=isinstance(error, NothingGenerated),
    )


async def _applications(spec: Mapping[str, Any], context: Context) -> list[Manifest]:
    made: list[Manifest] = []
    size = 0
    for index, generator in enumerate(spec["generators"]):
        at = f"spec.generators[{index}]"
        if not any(kind in generator for kind in KINDS):
            raise Ungenerated("names no generator that Longshore knows", at)
        for given in await transformed(generator, spec["template"], context, at):
            for application in await _rendered(spec, given, context):
                made.append(finished(application, context.namespace))
                size += len(canonical_json(made[-1]))
                if len(made) > MAX_APPLICATIONS or size > MAX_BYTES:
                    raise Ungenerated("it generates more than Longshore takes", at)
    if not made:
        raise NothingGenerated(
            "it generates no Applications, which would make Argo CD delete all that it made",
            "spec.generators",
            hint="delete the ApplicationSet if that is meant",
        )
    return made


async def _rendered(spec: Mapping[str, Any], given: Given, context: Context) -> Sequence[dict[str, Any]]:
    """One Application for each set of parameters. A set without any leaves the template as it stands."""
    asked = dict(templates(given.template, APPLICATION, "spec.template"))
    patch = spec.get("templatePatch")
    if patch is not None and "{{" in patch:
        asked.setdefault(patch, PATCH)
    keeps = bool(spec.get("syncPolicy", {}).get("preserveResourcesOnDeletion"))
    found = []
    for params, made in zip(given.sets, await _made(asked, given.sets, context), strict=True):
        application = dict(given.template)
        if params:
            application = replaced(given.template, APPLICATION, made, "spec.template")
            if not keeps and not application["metadata"].get("finalizers"):
                application["metadata"] = {**application["metadata"], "finalizers": [FINALIZER]}
        found.append(application if patch is None else patched(application, made.get(patch, patch)))
    return found


async def _made(
    asked: Mapping[str, str], sets: Sequence[Params], context: Context
) -> Sequence[Mapping[str, str]]:
    """What becomes of each text. What only a set without parameters cannot give is asked of the others alone."""
    full = [each for each in sets if each]
    if len(full) == len(sets) or PATCH not in asked.values():
        return await _aligned(asked, sets, full, context)
    of_patch = {text: field for text, field in asked.items() if field == PATCH}
    empty = await render_all(context.dialect, of_patch, [{}])
    return [made or empty[0] for made in await _aligned(asked, sets, full, context)]


async def _aligned(
    asked: Mapping[str, str], sets: Sequence[Params], full: Sequence[Params], context: Context
) -> Sequence[Mapping[str, str]]:
    rendered = iter(await render_all(context.dialect, asked, full))
    return [next(rendered) if each else {} for each in sets]
