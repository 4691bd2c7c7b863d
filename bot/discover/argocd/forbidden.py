"""What an AppProject forbids an Application, as sentences that say which field of the project it is and the way out.

Only what is sure is said: a project, cluster or namespace that is not known here forbids nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bot.discover.argocd.clusters import IN_CLUSTER_SERVER
from bot.discover.argocd.context import ArgoContext
from bot.discover.argocd.destinations import Found, found_by
from bot.discover.argocd.projects import Project
from bot.discover.argocd.rules import (
    Place,
    forbidding_kinds,
    may_permit_place,
    permits_namespace_of_application,
    permits_repository,
)
from bot.discover.repository import without_login
from bot.discover.schema import shown
from bot.model.argocd import ArgoSettings, Destination
from bot.model.objects import ObjectId
from bot.model.rendering import Diagnostic, Severity
from bot.model.target import Target

_SHOWN = 3
_Judge = Callable[[Project], str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one Application asks for: `sources` are pairs of a field's path and the URL in it."""

    settings: ArgoSettings
    sources: tuple[tuple[str, str], ...]


def why_forbidden(wanted: Wanted, context: ArgoContext) -> Iterator[str]:
    """Each thing that its project forbids the Application as a whole: Argo CD then syncs nothing of it."""
    settings = wanted.settings
    for field, url in wanted.sources:
        yield from _said(settings, context, partial(_source, field=field, url=url, context=context))
    place = settings.destination
    yield from _said(
        settings, context, partial(_place, goes_to=place, namespace=place.namespace, context=context)
    )
    yield from _said(settings, context, partial(_home, namespace=settings.ref.namespace))


def forbidden_objects(
    target: Target, context: ArgoContext, objects: Iterable[ObjectId]
) -> tuple[Diagnostic, ...]:
    """Errors for the objects that Argo CD will not apply, by kind and reason; warnings where that is not sure.

    Each object has the namespace that it will really have, which only those of cluster-wide kinds lack.
    """
    if target.argocd is None:
        return ()
    settings, refused = target.argocd, dict[str, list[ObjectId]]()
    for identity in objects:
        for reason in _said(
            settings, context, partial(_object, identity=identity, settings=settings, context=context)
        ):
            refused.setdefault(reason, []).append(identity)
    origin, severity = target.origin, severity_of(context)
    return tuple(
        Diagnostic(severity, f"{settings.ref} holds {_list(found)}, {reason}", origin.file, origin.line)
        for reason, found in refused.items()
    )


def severity_of(context: ArgoContext) -> Severity:
    """Of what a project forbids."""
    return Severity.WARNING if context.lending else Severity.ERROR


def _said(settings: ArgoSettings, context: ArgoContext, judge: _Judge) -> Iterator[str]:
    """Where a project is declared more than once, what all declarations forbid."""
    reasons = [judge(project) for project in context.projects.named(settings.project)]
    if reasons and all(reasons):
        perhaps = (
            f"; a global project may allow it all the same, as {shown(context.lending)} seems to name some"
        )
        yield reasons[0] + (perhaps if context.lending else "")


def _source(project: Project, field: str, url: str, context: ArgoContext) -> str:
    """What is declared for a project alone is allowed there without a word."""
    own = [each for each in context.repositories if each.project in (None, project.ref.name)]
    if any(each.url is None for each in own):
        return ""
    allowed = [*project.spec.get("sourceRepos", ()), *(each.url for each in own)]
    if permits_repository({"sourceRepos": allowed}, url):
        return ""
    return f"has {shown(without_login(url))} in {field}, which {project.ref} does not allow: add it to spec.sourceRepos there"


def _place(project: Project, goes_to: Destination, namespace: str, context: ArgoContext) -> str:
    """Which cluster it is may be known in part: a Secret that is not declared here says the rest.

    A cluster that is declared for a project alone is allowed there without a word.
    """
    found = found_by(goes_to, context, "")
    if found.unknown_because:
        return ""
    # A Secret outside of Git may give the cluster that Argo CD runs in another name.
    is_called_so = found.cluster is not None or found.server != IN_CLUSTER_SERVER
    place = Place(found.server or None, (found.name if is_called_so else "") or None, namespace)
    where = f"{shown(found.name or without_login(found.server))}, namespace {shown(namespace)}"
    own = (each for each in context.clusters if each.project == project.ref.name)
    allowed = [
        *project.spec.get("destinations", ()),
        *({"server": each.server, "namespace": "*"} for each in own),
    ]
    if not may_permit_place({"destinations": allowed}, place):
        return (
            f"goes to {where}, where {project.ref} does not let it: add the place to spec.destinations there"
        )
    if found.cluster is not None and not _is_scoped(project, found, context):
        return (
            f"goes to {where}, which is not a cluster of {project.ref} alone, as "
            "spec.permitOnlyProjectScopedClusters there demands: write `project` into the Secret of the cluster"
        )
    return ""


def _is_scoped(project: Project, found: Found, context: ArgoContext) -> bool:
    """Whether the cluster may be one of the project's own, where it has to be."""
    return project.spec.get("permitOnlyProjectScopedClusters") is not True or any(
        not each.is_known
        or (each.project == project.ref.name and (each.name == found.name or each.server == found.server))
        for each in context.clusters
    )


def _home(project: Project, namespace: str) -> str:
    """Argo CD's own namespace, which is that of the project, is always allowed."""
    patterns = project.spec.get("sourceNamespaces", ())
    if not (namespace and project.ref.namespace) or namespace == project.ref.namespace:
        return ""
    if permits_namespace_of_application(patterns, namespace):
        return ""
    return (
        f"lies in namespace {shown(namespace)}, from where {project.ref} takes no Application: "
        "add it to spec.sourceNamespaces there"
    )


def _object(project: Project, identity: ObjectId, settings: ArgoSettings, context: ArgoContext) -> str:
    listed = forbidding_kinds(project.spec, identity)
    if listed:
        way_out = "take it out of" if listed.endswith("Blacklist") else "add it to"
        return f"which {project.ref} does not allow: {way_out} {listed} there"
    if identity.namespace and identity.namespace != settings.destination.namespace:
        elsewhere = _place(project, settings.destination, identity.namespace, context)
        return f"which {elsewhere}" if elsewhere else ""
    return ""


def _list(found: Sequence[ObjectId]) -> str:
    names = ", ".join(map(str, found[:_SHOWN]))
    return f"{names} and {len(found) - _SHOWN} more" if len(found) > _SHOWN else names
