"""One holder at a time, on a real API server, with clocks that do not agree."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.kube.applyset import Parent
from bot.kube.client import KubeClient
from bot.kube.lease import LEASE, Holder, LeaseHeld, LeaseLost, held
from bot.kube.parent import CONFIG_MAP
from bot.kube.resources import Write

WRITE = Write("apply", CONFIG_MAP, "shop", "x")


class AheadClock:
    """Real time plus what the test adds."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime:
        return datetime(1999, 1, 1, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_s

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@pytest.fixture
def parent(cluster_namespace: str) -> Parent:
    return Parent(cluster_namespace, "longshore-apps")


async def test_the_next_holder_comes_in_as_soon_as_one_has_finished(
    client: KubeClient, parent: Parent
) -> None:
    epochs = []
    for worker in ("one", "two", "one"):
        async with held(client, parent, Holder(worker, AheadClock())) as lease:
            epochs.append(lease.epoch)
            assert lease.remaining_s() > 25
    assert epochs == [1, 2, 3]


async def test_nobody_comes_in_while_it_is_held(client: KubeClient, parent: Parent) -> None:
    one, two = Holder("one", AheadClock()), Holder("two", AheadClock())
    async with held(client, parent, one):
        for holder in (two, one):
            with pytest.raises(LeaseHeld):
                async with held(client, parent, holder):
                    pass


async def test_a_holder_that_died_is_followed_after_its_renewals_were_missed_for_a_whole_duration(
    client: KubeClient, parent: Parent
) -> None:
    dead, heir_clock = Holder("dead", AheadClock()), AheadClock()
    async with held(client, parent, dead) as lease:
        heir = Holder("heir", heir_clock)
        with pytest.raises(LeaseHeld):
            async with held(client, parent, heir):
                pass
        heir_clock.ahead_s = 31
        with pytest.raises(LeaseHeld):
            async with held(client, parent, heir):
                pass
        heir_clock.ahead_s = 33
        async with held(client, parent, heir) as taken:
            assert taken.epoch == lease.epoch + 1


async def test_a_renewal_starts_the_wait_anew(client: KubeClient, parent: Parent) -> None:
    slow_clock, heir_clock = AheadClock(), AheadClock()
    slow, heir = Holder("slow", slow_clock), Holder("heir", heir_clock)
    async with held(client, parent, slow) as lease:
        with pytest.raises(LeaseHeld):
            async with held(client, parent, heir):
                pass
        slow_clock.ahead_s = 20
        await lease.admit(WRITE)
        assert lease.remaining_s() > 25
        heir_clock.ahead_s = 33
        with pytest.raises(LeaseHeld):
            async with held(client, parent, heir):
                pass


async def test_a_holder_that_reads_for_long_keeps_its_lease(client: KubeClient, parent: Parent) -> None:
    async with held(client, parent, Holder("reader", AheadClock(), duration_s=6)) as lease:
        await asyncio.sleep(4.5)
        assert lease.remaining_s() > 3


async def test_a_holder_that_slept_writes_nothing_more(client: KubeClient, parent: Parent) -> None:
    sleeper_clock = AheadClock()
    sleeper = Holder("sleeper", sleeper_clock)
    async with held(client, parent, sleeper) as lease:
        assert (await lease.admit(WRITE)) < 30
        sleeper_clock.ahead_s = 29
        with pytest.raises(LeaseLost):
            await lease.admit(WRITE)


async def test_a_holder_whose_lease_was_taken_finds_out_when_it_renews(
    client: KubeClient, parent: Parent
) -> None:
    one_clock = AheadClock()
    one = Holder("one", one_clock)
    async with held(client, parent, one) as lease:
        found = await client.find(LEASE, parent.namespace, parent.name)
        assert found is not None
        await client.replace(LEASE, {**found, "spec": {**found["spec"], "holderIdentity": "thief"}})
        one_clock.ahead_s = 20
        with pytest.raises(LeaseLost):
            await lease.admit(WRITE)


async def test_an_epoch_outruns_the_one_in_the_record_when_the_lease_was_deleted(
    client: KubeClient, parent: Parent
) -> None:
    async with held(client, parent, Holder("one", AheadClock())) as lease:
        await lease.outrun(41)
        assert lease.epoch == 42
    async with held(client, parent, Holder("two", AheadClock())) as lease:
        assert lease.epoch == 43
