"""What a fault looks like on GitLab: a rate limit is refused in plain text, all else in JSON."""

from aiohttp import web

from tests.sandbox.forge.core.faults import ApiFault
from tests.sandbox.forge.core.weather import refused_in_json


def retry_later(fault: ApiFault) -> web.StreamResponse:
    if fault.status == 429:
        return web.Response(status=429, text="Retry later\n", headers=fault.headers)
    return refused_in_json(fault)
