"""What AppProjects forbid: of whole Applications, also where only the project changes, and of the objects they bring."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.discover.argocd import forbidden_objects
from bot.discover.objects import DeclaredObject
from bot.model.objects import ObjectId
from bot.model.plan import Action, TargetPlan
from bot.model.rendering import Diagnostic, MaskedRendering, Severity
from bot.model.target import TargetId
from bot.planning.argocd.clusters import ControlPlane, home_of
from bot.planning.argocd.files import InFiles, is_argocd
from bot.planning.expansion import Expansion, Finding, Traced
from bot.render.helm.scope import Scopes


def new_refusals(
    before: Mapping[TargetId, Traced], after: Mapping[TargetId, Traced]
) -> tuple[Diagnostic, ...]:
    """Errors about Applications that stay as they are: the change forbids them something all the same."""
    found: list[Diagnostic] = []
    for name, traced in sorted(after.items()):
        known = before.get(name)
        if traced.target.argocd is None or known is None or known.key != traced.key:
            continue  # of one that changes everything is said beside it
        told = {remark.message for remark in known.notices}
        found += [
            remark
            for remark in traced.notices
            if remark.severity is Severity.ERROR and remark.message not in told
        ]
    return tuple(found)


def with_refusals(
    plans: Sequence[TargetPlan],
    after: Expansion,
    finding: Finding,
    heads: Mapping[TargetId, MaskedRendering],
) -> tuple[TargetPlan, ...]:
    """The plans, with an error on each Application that brings objects which its project forbids.

    `heads` are what those that differ render to after the change.
    """
    planes: dict[str, ControlPlane] = {}
    told: dict[TargetId, tuple[Diagnostic, ...]] = {}
    for plan in plans:
        traced = after.targets.get(plan.target.id)
        brought = [c.id for c in plan.changes if c.action is not Action.REMOVED]
        if traced is None or traced.target.argocd is None or not brought:
            continue
        cluster = traced.parent.cluster if traced.parent else home_of(traced.target.origin.file, finding)
        if cluster not in planes:
            planes[cluster] = _plane(cluster, after, finding)
        context = planes[cluster].context
        if context.projects.declared:
            rendering = heads[plan.target.id]
            scopes = Scopes(each.manifest for each in rendering.objects)
            wanted = set(brought)
            placed = [
                _placed(found.id, is_cluster_wide=scopes.is_cluster_scoped(found.manifest))
                for found in rendering.objects
                if found.id in wanted
            ]
            told[plan.target.id] = forbidden_objects(plan.target, context, placed)
    return tuple(
        replace(plan, diagnostics=(*plan.diagnostics, *told[plan.target.id]))
        if told.get(plan.target.id)
        else plan
        for plan in plans
    )


def _placed(identity: ObjectId, *, is_cluster_wide: bool) -> ObjectId:
    return replace(identity, namespace="") if is_cluster_wide else identity


def _plane(cluster: str, after: Expansion, finding: Finding) -> ControlPlane:
    assert after.files is not None
    plane = ControlPlane(cluster, InFiles.of(after.files), finding)
    held: dict[str, list[DeclaredObject]] = defaultdict(list)
    for name, traced in after.targets.items():
        held[name.cluster] += [o for o in after.held.get(traced.key, ()) if is_argocd(o.manifest)]
    plane.add(held[cluster])
    return plane
