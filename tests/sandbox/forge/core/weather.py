"""A request's way through the weather: hooks see it come and go, and the fault that was asked for strikes.

The invariant: what failed inside the stand-in never passes for a bad day of the forge's; it is a violation.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from tests.sandbox.forge.core.faults import ApiFault, Faults, Seen

READS = frozenset({"GET", "HEAD"})


def refused_in_json(fault: ApiFault) -> web.Response:
    return web.json_response({"message": fault.message}, status=fault.status or 500, headers=fault.headers)


@dataclass(frozen=True, slots=True)
class Weather:
    """One face's weather. `harmless` are the ends of paths of POSTs that change nothing others can see."""

    faults: Faults
    violations: list[str]
    harmless: tuple[str, ...] = ("/git-upload-pack",)
    refuse: Callable[[ApiFault], web.StreamResponse] = field(default=refused_in_json)

    async def answered(
        self, request: web.Request, answer: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        faults = self.faults
        number, is_write = faults.count_request(), self._is_write(request)
        try:
            await faults.tell(Seen(number, request.method, request.path, is_write, "before"))
        except ConnectionError:
            return cut_off(request)
        fault = faults.next_for_request(request.method, request.path)
        if fault is not None and fault.phase == "before" and (fault.status or fault.is_reset):
            return await self._strike(request, fault)
        try:
            response = await answer()
        except ConnectionError:
            raise
        except Exception as error:
            self.violations.append(f"{request.method} {request.path}: the stand-in failed: {error!r}")
            raise
        try:
            await faults.tell(Seen(number, request.method, request.path, is_write, "after"))
        except ConnectionError:
            return cut_off(request)
        if fault is None:
            return response
        if fault.status or fault.is_reset:
            return await self._strike(request, fault)
        await asyncio.sleep(fault.delay_s)
        return response

    async def _strike(self, request: web.Request, fault: ApiFault) -> web.StreamResponse:
        await asyncio.sleep(fault.delay_s)
        return cut_off(request) if fault.status is None else self.refuse(fault)

    def _is_write(self, request: web.Request) -> bool:
        """Whether it changes anything that others can see: fetching does not, though it is a POST."""
        return request.method not in READS and not request.path.endswith(self.harmless)


def cut_off(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
