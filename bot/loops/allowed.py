"""What the operator lets a repository do, said on the pull request rather than found out after the merge."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.config import Allow, Config
from bot.engines.base import Admits
from bot.model.manifests import digest
from bot.model.objects import Digest, ObjectId
from bot.model.plan import Plan, TargetPlan, TargetStatus
from bot.model.rendering import Diagnostic, Severity
from bot.model.repo import RepoId
from bot.model.target import EngineKind, Target, TargetId
from bot.planning.expansion import Traced


def rules_for(config: Config, repo: RepoId, branch: str, target: Target) -> tuple[Allow, ...]:
    """The cluster's `allow` entries that cover something of this repository, branch and path."""
    cluster = config.clusters.get(target.id.cluster)
    entries = [entry for entry in cluster.allow if entry.lets_write] if cluster else []
    return tuple(entry for entry in entries if entry.admits_source(repo.path, branch, target.path))


def admits(rules: Sequence[Allow]) -> Admits:
    """Whether any of the rules lets an object be written."""

    def judge(identity: ObjectId, *, namespaced: bool) -> bool:
        return any(rule.admits_object(identity, namespaced=namespaced) for rule in rules)

    return judge


def why_not(target: Target, repo: RepoId, branch: str) -> str:
    """The sentence for a target that no rule covers."""
    return (
        f"cluster {target.id.cluster} does not allow {repo.path}, branch {branch}, path {target.path or '.'}: "
        f"the operator can add it to clusters.{target.id.cluster}.allow"
    )


def with_permissions(plan: Plan, config: Config, repo: RepoId, branch: str) -> Plan:
    """The plan, with a warning on each target that changes and will be refused when it is delivered."""
    return replace(plan, targets=tuple(_told(target, config, repo, branch) for target in plan.targets))


def refused(targets: Mapping[TargetId, Traced], config: Config, repo: RepoId, branch: str) -> Digest:
    """Equal while the same targets are refused: a plan that says so does not outlive the operator's answer."""
    ours = (t.target for _, t in sorted(targets.items()) if t.target.engine is EngineKind.DIRECT)
    return digest([repr(t.id) for t in ours if t.id.cluster and not rules_for(config, repo, branch, t)])


def _told(planned: TargetPlan, config: Config, repo: RepoId, branch: str) -> TargetPlan:
    target = planned.target
    if (
        target.engine is not EngineKind.DIRECT
        or not target.id.cluster
        or planned.status is TargetStatus.UNCHANGED
        or target.unknown_because
        or rules_for(config, repo, branch, target)
    ):
        return planned
    warning = Diagnostic(
        Severity.WARNING,
        f"will not be delivered: {why_not(target, repo, branch)}",
        target.origin.file,
        target.origin.line,
    )
    return replace(planned, diagnostics=(*planned.diagnostics, warning))
