"""What the web process counts. Every metric of it is defined here, in a registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 10.0)


class Metrics:
    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.deliveries = Counter(
            "longshore_webhooks",
            "Webhook deliveries, by forge and what became of them.",
            ["forge", "result"],
            registry=registry,
        )
        self.seconds = Histogram(
            "longshore_webhook_seconds",
            "From the head of a delivery to its answer.",
            ["forge"],
            buckets=_BUCKETS_S,
            registry=registry,
        )
        self.in_flight = Gauge(
            "longshore_webhooks_in_flight", "Deliveries that are being answered.", registry=registry
        )
