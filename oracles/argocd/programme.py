"""What is tried: every feature alone, what Argo CD refuses, features in chance combinations, and whole layouts.

Invariant: the same seed gives the same repositories, but for the ports in their URLs.
"""

from collections.abc import Iterator
from random import Random

from oracles.argocd.app import App, Kind, small_app
from oracles.argocd.clusters import IN_CLUSTER_SERVER, NAMESPACE
from oracles.argocd.features import ANY, FEATURES
from oracles.argocd.features.charts import FEATURES as CHARTS
from oracles.argocd.features.combinators import FEATURES as COMBINATORS
from oracles.argocd.features.elsewhere import FEATURES as ELSEWHERE
from oracles.argocd.features.generators import FEATURES as GENERATORS
from oracles.argocd.features.nested import FEATURES as NESTED
from oracles.argocd.features.templates import FEATURES as TEMPLATES
from oracles.argocd.layouts import LAYOUTS
from oracles.argocd.refusals import REFUSED
from oracles.argocd.scene import SET, Ground, Scene, Script, argo
from oracles.argocd.set_refusals import REFUSED as REFUSED_SETS
from oracles.argocd.sets import elements, small_set
from oracles.trials import slug

VARIANTS = 2
"""How often each feature is tried alone; what it does differs from time to time."""
WHOLE = {**NESTED, **CHARTS, **ELSEWHERE}
SETS = {**GENERATORS, **COMBINATORS, **TEMPLATES}


def scenes(ground: Ground, seed: int, combinations: int) -> list[Scene]:
    """Every repository, for one control plane."""
    make = Programme(ground, seed)
    found = [*make.alone(), *make.sets(), *make.whole(), *make.refused(), *make.refused_sets()]
    layouts = [layout(name, ground) for name, layout in LAYOUTS.items()]
    return [*found, *(make.combined(number) for number in range(1, combinations + 1)), *layouts]


class Programme:
    """Makes the scenes."""

    def __init__(self, ground: Ground, seed: int) -> None:
        self._ground = ground
        self._seed = seed

    def alone(self) -> Iterator[Scene]:
        for kind, features in FEATURES.items():
            for feature in features:
                yield from (self._alone(kind, feature, number) for number in range(1, VARIANTS + 1))
        for feature in ANY:
            yield from (self._alone(kind, feature, number) for number, kind in enumerate(Kind, 1))

    def _alone(self, kind: Kind, feature: str, number: int) -> Scene:
        script, pick = self._begun(f"{slug(feature)}-{number}", feature)
        _put(_app(script, pick, kind, (feature,)))
        return script.scene((feature,))

    def sets(self) -> Iterator[Scene]:
        """In both dialects."""
        for feature, add in SETS.items():
            for number in range(1, VARIANTS + 1):
                script, pick = self._begun(f"{slug(feature)}-{number}", feature)
                made = small_set(script, pick, is_go=number % 2 == 0)
                add(made)
                made.put()
                yield script.scene((feature,))

    def whole(self) -> Iterator[Scene]:
        for feature, add in WHOLE.items():
            script, pick = self._begun(slug(feature), feature)
            add(script, pick)
            yield script.scene((feature,))

    def refused(self) -> Iterator[Scene]:
        for name, refused in REFUSED.items():
            script, pick = self._begun(f"no-{name}", name)
            app = small_app(script, pick, refused.kind)
            refused.spoil(app)
            script.refusals[app.full_name] = refused.refusal
            _put(app)
            yield script.scene((refused.feature,))

    def refused_sets(self) -> Iterator[Scene]:
        for name, refused in REFUSED_SETS.items():
            script, pick = self._begun(f"no-set-{name}", name)
            made = small_set(script, pick, is_go=refused.is_go)
            refused.spoil(made)
            script.refusals[script.named(made.name)] = refused.refusal
            made.put()
            yield script.scene((refused.feature,))

    def combined(self, number: int) -> Scene:
        """Several features of one kind, and chance says how the Application comes about."""
        script, pick = self._begun(f"together-{number}", f"combination {number}")
        kind = pick.choice(list(Kind))
        possible = [*FEATURES[kind], *ANY]
        features = tuple(pick.sample(possible, k=pick.randint(2, 5)))
        app = _app(script, pick, kind, features)
        pick.choice([_put, _put_below, _put_by_set])(app)
        return script.scene(features)

    def _begun(self, name: str, chance: str) -> tuple[Script, Random]:
        return Script(name, self._ground), Random(f"{self._seed} {chance} {name}")


def _app(script: Script, pick: Random, kind: Kind, features: tuple[str, ...]) -> App:
    app = small_app(script, pick, kind)
    every = {**FEATURES[kind], **ANY}
    for feature in features:
        every[feature](app)
    return app


def _put(app: App) -> None:
    app.put_files()
    app.script.root(f"bootstrap/{app.name}.yaml", app.application())


def _put_below(app: App) -> None:
    app.put_files()
    app.script.root("bootstrap/root.yaml", app.script.parent("root", "children"))
    app.script.write(f"children/{app.name}.yaml", app.application())


def _put_by_set(app: App) -> None:
    """Two of it, of which one goes elsewhere."""
    app.put_files()
    script = app.script
    spec = app.written_spec()
    spec["destination"] = {"server": IN_CLUSTER_SERVER, "namespace": "{{.home}}"}
    homes = [{"name": app.name, "home": script.name}, {"name": "other", "home": NAMESPACE}]
    metadata = {key: value for key, value in app.metadata.items() if key == "labels"}
    template = {"metadata": {"name": f"{script.name}--{{{{.name}}}}", **metadata}, "spec": spec}
    generators = [elements(*homes)]
    made = argo(
        SET, script.named("set"), {"goTemplate": True, "generators": generators, "template": template}
    )
    script.root("bootstrap/set.yaml", made)
    script.applications |= {app.full_name, script.named("other")}
