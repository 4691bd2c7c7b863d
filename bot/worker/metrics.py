"""What the worker counts. Every metric of the worker is defined here, in a registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot.store.queue import QueueStatus

_BUCKETS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metrics:
    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.ended = Counter(
            "longshore_steps",
            "Runs of steps, by loop and how they ended.",
            ["loop", "verdict"],
            registry=registry,
        )
        self.duration = Histogram(
            "longshore_step_seconds", "How long steps run.", ["loop"], buckets=_BUCKETS_S, registry=registry
        )
        self.running = Gauge("longshore_steps_running", "Steps that run now.", ["loop"], registry=registry)
        self.reaped = Counter(
            "longshore_steps_reaped", "Keys taken over from workers that died.", registry=registry
        )
        self.housekeeping_failed = Counter(
            "longshore_housekeeping_failures",
            "Rounds of housekeeping that failed.",
            ["chore"],
            registry=registry,
        )
        self.queued = Gauge("longshore_queue_depth", "Keys in the queue.", ["queue"], registry=registry)
        self.due = Gauge("longshore_queue_due", "Keys that wait and could run now.", registry=registry)
        self.oldest = Gauge(
            "longshore_queue_oldest_seconds", "How long the longest-due key has waited.", registry=registry
        )
        self.credentials = Gauge(
            "longshore_credentials_expire_timestamp_seconds",
            "When what a forge is asked with ends, in Unix time; none where it does not.",
            ["forge"],
            registry=registry,
        )
        self.parked = Gauge("longshore_queue_parked", "Keys given up until the next wake.", registry=registry)

    def show(self, status: QueueStatus) -> None:
        self.queued.labels("interactive").set(status.interactive)
        self.queued.labels("background").set(status.background)
        self.due.set(status.due)
        self.oldest.set(status.oldest_age_s)
        self.parked.set(status.parked)
