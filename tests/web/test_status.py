"""Health and readiness: alive is not ready, and what is missing is named."""

from bot.model.plan import Protection
from bot.model.steps import StepKey, Wake
from bot.store import keys
from bot.store.connection import Store
from bot.store.embedded import EmbeddedStore
from bot.store.queue import Outcome, Queue, Verdict
from bot.store.shared import Shared, WorkerReport
from bot.web.status import protections
from tests.web.conftest import Client


async def test_the_process_is_alive_whatever_is_missing(client: Client, server: EmbeddedStore) -> None:
    await server.stop()
    async with client.get("/healthz") as response:
        assert response.status == 200


async def test_it_is_not_ready_without_a_worker(client: Client) -> None:
    async with client.get("/readyz") as response:
        assert response.status == 503
        assert (await response.json())["notReady"] == ["worker: none has been heard of lately"]


async def test_it_is_not_ready_without_its_store(client: Client, server: EmbeddedStore) -> None:
    await server.stop()
    async with client.get("/readyz") as response:
        assert response.status == 503
        (missing,) = (await response.json())["notReady"]
        assert missing.startswith("store: ")


async def test_ready_tells_protections_and_how_much_was_given_up_but_no_names(
    client: Client, shared: Shared, queue: Queue, store: Store
) -> None:
    await shared.report(
        WorkerReport("w1", "1.0", 0.0, (Protection("landlock", active=True, detail="ABI 4"),))
    )
    step = StepKey("plan", "gh:acme/fleet#7")
    await queue.wake(Wake(step, "opened"))
    (job,) = await store.redis.zrange(keys.QUEUE_INTERACTIVE, 0, -1)
    run = await queue.begin(step, job.decode(), "t")
    assert run is not None
    await queue.finish(run, Outcome(Verdict.PARKED, "ValueError: bug [run t]"))
    async with client.get("/readyz") as response:
        assert response.status == 200
        facts = await response.json()
    assert facts["ready"] is True
    assert facts["protections"] == [{"name": "landlock", "active": True, "detail": "ABI 4"}]
    assert (facts["workers"], facts["queue"]["parked"]) == (1, 1)
    assert "acme" not in str(facts)


def test_a_protection_counts_only_where_every_worker_has_it() -> None:
    strong, weak = (
        Protection("landlock", active=True),
        Protection("landlock", active=False, detail="kernel 5.4"),
    )
    for order in ((strong, weak), (weak, strong)):
        reports = [WorkerReport(str(n), "1", 0.0, (layer,)) for n, layer in enumerate(order)]
        assert protections(reports) == [{"name": "landlock", "active": False, "detail": "kernel 5.4"}]
