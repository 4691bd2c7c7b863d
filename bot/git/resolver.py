"""Where the name of a host leads, for hosts that nobody has written out: only into the public Internet.

The addresses that were looked at are the ones that are then connected to; a second look-up could answer otherwise.
"""

import asyncio
import socket
from urllib.parse import urlsplit

from bot.git.errors import PrivateAddress, Unavailable
from bot.model.hosts import is_public

_TIMEOUT_S = 10.0


async def public_addresses(url: str, way_in: str) -> tuple[str, ...]:
    """The addresses of the URL's host; none where a proxy looks them up. `way_in` is that of `Hosts`.

    Raises `PrivateAddress`, `Unavailable`.
    """
    # NB: it brings a whole HTTP client along, for those who ask nobody too.
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415

    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme in getproxies() and not proxy_bypass(host):
        return ()
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        raise Unavailable(f"{url} cannot be reached: the name {host} cannot be looked up") from None
    addresses = tuple(dict.fromkeys(str(answer[4][0]) for answer in found))
    if not addresses or not all(is_public(address) for address in addresses):
        raise PrivateAddress(
            f"{host} leads into a private network, so it must be named in full",
            hint=way_in.format(host),
        )
    return addresses
