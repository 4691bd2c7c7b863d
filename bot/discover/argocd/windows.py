"""Sync windows of an AppProject: times at which Argo CD syncs, or does not."""

from bot.discover.argocd.rules import fits
from bot.discover.fields import text
from bot.discover.schema import shown
from bot.model.argocd import ArgoSettings
from bot.model.objects import Manifest

_SHOWN = 3


def windows_of(spec: Manifest, settings: ArgoSettings) -> list[Manifest]:
    """Those that are for the Application: by any of the lists that they have, or, with `andOperator`, by all of them."""
    goes_to = settings.destination
    asked = {
        "applications": (settings.ref.name,),
        # As it is written: what a cluster is called elsewhere is not looked up.
        "clusters": tuple(filter(None, (goes_to.name, goes_to.server))),
        "namespaces": (goes_to.namespace,),
    }
    found = []
    for window in spec.get("syncWindows", ()):
        verdicts = [_is_one_of(window[name], values) for name, values in asked.items() if window.get(name)]
        if verdicts and (all(verdicts) if window.get("andOperator") is True else any(verdicts)):
            found.append(window)
    return found


def described(windows: list[Manifest]) -> str:
    shown_ones = [
        f"{text(each, 'kind')} at {shown(text(each, 'schedule'))} for {text(each, 'duration')[:20]}"
        for each in windows[:_SHOWN]
    ]
    more = f" and {len(windows) - _SHOWN} more" if len(windows) > _SHOWN else ""
    return f"{', '.join(shown_ones)}{more}"


def _is_one_of(patterns: list[str], values: tuple[str, ...]) -> bool:
    return any(fits(pattern, value) for pattern in patterns for value in values)
