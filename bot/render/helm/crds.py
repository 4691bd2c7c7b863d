"""What Flux does not do with the objects of a chart's `crds/`, whatever a comparison of two renderings shows."""

from bot.model.plan import Action
from bot.model.release import CrdPolicy, Release


def not_applied(release: Release, action: Action, *, is_new: bool) -> str:
    """Why a difference in one of a rendering's `chart_crds` will not reach the cluster; empty where it will.

    `is_new` says that the release itself is new: then it is installed, and else upgraded.
    """
    if action is Action.REMOVED:
        return "Flux never deletes what a chart has in crds/"
    policy = release.install_crds if is_new else release.upgrade_crds
    field = f"spec.{'install' if is_new else 'upgrade'}.crds"
    if policy is CrdPolicy.SKIP:
        return f"Flux leaves out the chart's crds/ ({field} is Skip)"
    if policy is CrdPolicy.CREATE and action is not Action.ADDED:
        return f"Flux does not change CRDs that exist ({field} is Create)"
    return ""
