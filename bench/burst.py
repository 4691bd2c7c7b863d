"""A forge that has much to tell: `python -m bench.burst URL REPOSITORY COUNT CONNECTIONS`, prints what became of it.

Everything is built and signed before the first one is sent, so that the client's own work is not measured.
"""

import asyncio
import hashlib
import hmac
import json
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Sequence

import aiohttp

TIMEOUT_S = 60.0
_FILLER = "Words that a real pull request comes with. " * 450
"""A real delivery has about 20 kB, most of which nobody reads."""


def percentile(values: Sequence[float], share: int) -> float:
    """The value that `share` percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def _delivery(repository: str, number: int, secret: bytes) -> tuple[bytes, dict[str, str]]:
    pull = {
        "number": number,
        "base": {"ref": "main"},
        "head": {"sha": f"{number:040x}"},
        "merged": False,
        "body": _FILLER,
    }
    payload = {"action": "opened", "pull_request": pull, "repository": {"full_name": repository}}
    body = json.dumps(payload).encode()
    return body, {
        "Content-Type": "application/json",
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}",
    }


async def _send_all(url: str, repository: str, count: int, connections: int) -> dict[str, object]:
    secret = os.environ["HOOK_SECRET"].encode()
    waiting = [_delivery(repository, number, secret) for number in range(1, count + 1)]
    statuses: Counter[int] = Counter()
    waited_s: list[float] = []

    async def send(session: aiohttp.ClientSession) -> None:
        while waiting:
            body, headers = waiting.pop()
            began = time.perf_counter()
            async with session.post(url, data=body, headers=headers) as response:
                await response.read()
            waited_s.append(time.perf_counter() - began)
            statuses[response.status] += 1

    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        await asyncio.gather(*(send(session) for _ in range(connections)))
    return {"statuses": statuses, "waited_s": waited_s}


if __name__ == "__main__":
    _, address, name, deliveries, at_once = sys.argv
    sys.stdout.write(json.dumps(asyncio.run(_send_all(address, name, int(deliveries), int(at_once)))))
