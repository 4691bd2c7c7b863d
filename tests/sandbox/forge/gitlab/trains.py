"""Merge trains: merge requests that wait in line, each tried on top of those before it."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.pipelines import Pipeline


@dataclass(eq=False, slots=True)
class Car:
    """`state` is fresh, merged or skip_merged (taken off)."""

    id: int
    pull: Pull
    user: User
    created_at: datetime
    updated_at: datetime
    state: str = "fresh"
    pipeline: Pipeline | None = None
    merged_at: datetime | None = None


@dataclass(slots=True)
class Trains:
    """`turn` is held while a train moves: cars are merged one after the other, whoever told of their pipelines."""

    cars: list[Car] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def of(self, repository: Repository, branch: str | None = None) -> list[Car]:
        return [c for c in self.cars if c.pull.repository is repository and branch in (None, c.pull.base)]

    def waiting(self, repository: Repository, branch: str) -> list[Car]:
        return [car for car in self.of(repository, branch) if car.state == "fresh"]
