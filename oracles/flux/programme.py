"""What is tried: every feature alone, what Flux refuses, features in chance combinations, and whole layouts.

Invariant: the same seed gives the same repositories, but for the port in their URLs.
"""

from random import Random

from oracles.flux.app import App, small_app
from oracles.flux.features import FEATURES
from oracles.flux.features.generated import FEATURES as GENERATED
from oracles.flux.features.kustomize import FEATURES as KUSTOMIZE
from oracles.flux.layouts import CLUSTERS, seed_layout, usual_layout
from oracles.flux.refusals import REFUSED
from oracles.flux.scene import Scene, Script
from oracles.trials import Url, slug

VARIANTS = 3
"""How often each feature is tried alone; what it does differs from time to time."""


def worlds(url: Url, seed: int, combinations: int) -> list[list[Scene]]:
    """Scenes by the control plane that they share: two clusters of one repository need one each."""
    first, second = CLUSTERS
    scenes = [*_alone(url, seed), *_refused(url, seed), *_combined(url, seed, combinations)]
    return [[*scenes, *_layouts(url, first)], _layouts(url, second)]


def _layouts(url: Url, cluster: str) -> list[Scene]:
    makers = {f"fleet-{cluster}": seed_layout, f"usual-{cluster}": usual_layout}
    return [make(name, url(name), cluster) for name, make in makers.items()]


def _alone(url: Url, seed: int) -> list[Scene]:
    return [
        _scene(url, f"{slug(feature)}-{number}", (feature,), Random(f"{seed} {feature} {number}"))
        for feature in FEATURES
        for number in range(1, VARIANTS + 1)
    ]


def _combined(url: Url, seed: int, count: int) -> list[Scene]:
    scenes = []
    for number in range(1, count + 1):
        pick = Random(f"{seed} combination {number}")
        # A directory either has a kustomization of its own or gets one: what needs the one excludes the other.
        excluded = pick.choice([GENERATED, KUSTOMIZE])
        possible = [feature for feature in FEATURES if feature not in excluded]
        features = tuple(pick.sample(possible, k=pick.randint(2, 6)))
        scenes.append(_scene(url, f"together-{number}", features, pick))
    return scenes


def _scene(url: Url, name: str, features: tuple[str, ...], pick: Random) -> Scene:
    script = Script(name, url(name))
    app = small_app(script, pick)
    for feature in features:
        FEATURES[feature](app)
    app.put()
    return script.scene(features)


def _refused(url: Url, seed: int) -> list[Scene]:
    scenes = []
    for name, refused in REFUSED.items():
        script = Script(f"refused-{name}", url(f"refused-{name}"))
        app: App = small_app(script, Random(f"{seed} {name}"))
        refused.spoil(app)
        script.refusals["shop:helm" if refused.of_release else app.name] = refused.refusal
        app.put()
        scenes.append(script.scene((refused.feature,)))
    return scenes
