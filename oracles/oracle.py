"""One whom we are held against, as the command and the report know them."""

import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path

from oracles.trials import Known, Say, Trial
from tools.programs import Family


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to try. `only` is looked for in the names of repositories; `keep` is where their Git stays behind."""

    seed: int
    combinations: int
    only: str | None = None
    keep: Path | None = None

    def has(self, name: str) -> bool:
        return self.only is None or re.search(self.only, name) is not None


@dataclass(frozen=True, slots=True)
class Oracle:
    """`nouns` are what a repository is judged by; `known` the deviations that have a reason, by the feature that brings
    them. `tried` gets what to try and a directory of its own.
    """

    name: str
    nouns: str
    families: tuple[Family, ...]
    known: Mapping[str, Known]
    tried: Callable[[Wanted, Path, Say], Coroutine[None, None, list[Trial]]]

    @property
    def programs(self) -> str:
        """With their versions, as they call themselves."""
        names = [family.name.removeprefix("flux-") for family in self.families]
        return ", ".join(
            f"{_SPOKEN.get(name, f'{name}-controller')} {family.version}"
            for name, family in zip(names, self.families, strict=True)
        )


_SPOKEN = {"argocd": "Argo CD"}
