"""One change, planned: what `longshore plan` prints and the plan loop posts."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.model.manifests import digest
from bot.model.objects import Digest
from bot.model.plan import Plan, Side
from bot.model.rendering import Diagnostic
from bot.model.target import TargetId
from bot.planning.claims import with_disputes
from bot.planning.compare import compare
from bot.planning.expand import expand_both
from bot.planning.expansion import Expansion, Finding, Traced
from bot.planning.judge import judge
from bot.planning.order import new_troubles
from bot.planning.renderings import Renderings
from bot.render.helm.inputs import ClusterFacts


@dataclass(frozen=True, slots=True)
class Change:
    """Both sides found and traced, nothing rendered that need not be: enough to say whether a plan still holds."""

    base: Side
    head: Side
    before: Expansion
    after: Expansion
    trees: tuple[Tree, Tree]
    repository: Repository
    verdicts: tuple[Diagnostic, ...] = ()
    """On the secrets in the files that changed, and on the order that targets ask for."""
    finding: Finding = field(default_factory=Finding)
    facts: Mapping[str, ClusterFacts] = field(default_factory=dict)
    """What is known of the clusters for which the change touches a release: its charts may ask."""

    @property
    def inputs(self) -> Digest:
        """Equal for two changes whose plans are equal in every word that concerns targets."""
        sides = [
            sorted((str(name), traced.key) for name, traced in side.targets.items())
            for side in (self.before, self.after)
        ]
        facts = sorted((cluster, repr(known)) for cluster, known in self.facts.items())
        # NB: names of files may be no UTF-8, which neither JSON nor a digest takes; repr spells them out.
        return digest(
            [
                repr(sides),
                repr(facts),
                repr([(d.severity.value, d.message, d.file, d.line) for d in self.remarks]),
            ]
        )

    @property
    def remarks(self) -> tuple[Diagnostic, ...]:
        """What the finders have to say of the head, then the verdicts. What they said of the base the change has mended."""
        return tuple(dict.fromkeys((*self.after.diagnostics, *self.verdicts)))


async def look(
    repository: Repository, base: Side, head: Side, finding: Finding, renderings: Renderings
) -> Change:
    """Find and trace both sides. Raises only where the trees themselves cannot be read."""
    trees = await asyncio.gather(repository.tree(base.tree), repository.tree(head.tree))
    (before, after), verdicts = await asyncio.gather(
        expand_both(repository, *trees, finding, renderings), judge(repository, *trees)
    )
    verdicts += new_troubles(before.targets, after.targets)
    if _has_applications(after):
        from bot.planning.argocd.refusals import new_refusals  # noqa: PLC0415 - few repositories have any

        verdicts += new_refusals(before.targets, _found_anew(before, after))
    facts = {cluster: await renderings.facts(cluster) for cluster in sorted(_asked(before, after))}
    return Change(base, head, before, after, trees, repository, verdicts, finding, facts)


def _asked(before: Expansion, after: Expansion) -> set[str]:
    """The clusters of the releases that differ."""
    sides = [
        {(name, traced.key) for name, traced in side.items() if traced.asks_cluster}
        for side in (_found_anew(after, before), _found_anew(before, after))
    ]
    return {name.cluster for name, _ in sides[0] ^ sides[1]}


def _found_anew(other: Expansion, expansion: Expansion) -> dict[TargetId, Traced]:
    """The targets that were not taken over whole from one side to the other."""
    return {
        name: traced for name, traced in expansion.targets.items() if other.targets.get(name) is not traced
    }


async def make_plan(change: Change, renderings: Renderings) -> Plan:
    """Render what differs, and compare."""
    compared = await compare(change.before, change.after, change.trees, renderings)
    targets = await with_disputes(compared, change.after, change.trees[1], change.repository, renderings)
    if _has_applications(change.after):
        from bot.planning.argocd.refusals import with_refusals  # noqa: PLC0415 - as above

        targets = with_refusals(targets, change.after, change.finding, compared.heads)
    return Plan(change.base, change.head, targets, renderings.protections, change.remarks)


def _has_applications(expansion: Expansion) -> bool:
    return any(traced.target.argocd is not None for traced in expansion.targets.values())
