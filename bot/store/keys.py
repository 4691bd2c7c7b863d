"""Every key in the store, in one place, for Python and for the Lua scripts alike.

What is ours starts with `longshore:`. What arq reads and deletes by itself has arq's names, which a test compares with
the installed arq.
"""

STEP = "longshore:step:"
"""Hash per key to look at: generations, the current job, the running lease, attempts and the last error."""
WHY = "longshore:why:"
"""List per key: what woke it, newest first, until a run has covered it."""
PENDING = "longshore:pending"
"""Keys that wait for a run, by the time (ms) they are due."""
LEASES = "longshore:leases"
"""Keys that run, by the time (ms) their lease ends unless it is renewed."""
PARKED = "longshore:parked"
"""Keys that failed too often, by the time (ms) they were given up."""
DELIVERY = "longshore:delivery:"
"""Hash per webhook delivery: the generation each key had after it."""
DELIVERIES = "longshore:deliveries"
"""Webhook deliveries by the time (ms) they came, to bound their number."""

QUEUE_INTERACTIVE = "longshore:queue:interactive"
QUEUE_BACKGROUND = "longshore:queue:background"

CACHE = "longshore:cache:"
"""A value: namespace and name follow."""
CACHE_INDEX = "longshore:cache-index:"
"""Names of a namespace by the time (ms) they were put."""
CACHE_SIZES = "longshore:cache-sizes:"
"""Size of every value of a namespace, and under the empty name their sum."""

BUDGET = "longshore:budget:"
"""Hash per rate budget: tokens left and when they were counted."""
CLAIM = "longshore:claim:"
"""A turn that one worker took: exists until the next turn."""
WORKER = "longshore:worker:"
"""What a worker last said of itself; expires when it falls silent."""
WORKERS = "longshore:workers"
"""Workers by the time (ms) they last said something."""

ARQ_JOB = "arq:job:"
ARQ_IN_PROGRESS = "arq:in-progress:"
ARQ_RETRY = "arq:retry:"


def lua_table() -> str:
    """The keys above as the Lua table `K`, in front of every script."""
    names = {name: value for name, value in globals().items() if name.isupper() and isinstance(value, str)}
    return "local K = {" + ", ".join(f"{name} = '{value}'" for name, value in sorted(names.items())) + "}\n"
