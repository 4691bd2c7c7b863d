"""How a target's last step ended where its cluster could not be told: refused credentials, a lease that may not be made.

Such an end is kept with the queue and may be lost: the next step finds out the same again.
"""

import msgspec

from bot.model.delivery import TargetDelivery
from bot.model.keys import TargetKey
from bot.store.shared import Shared

_NAMESPACE = "target-words"
_TTL_S = 3600.0

_decoder = msgspec.json.Decoder(TargetDelivery)


class Words:
    """One word for each target and the branch it is delivered from."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def put(self, key: TargetKey, delivery: TargetDelivery) -> None:
        await self._shared.cache_put(_NAMESPACE, str(key), msgspec.json.encode(delivery), ttl_s=_TTL_S)

    async def get(self, key: TargetKey) -> TargetDelivery | None:
        value = await self._shared.cache_get(_NAMESPACE, str(key))
        try:
            return None if value is None else _decoder.decode(value)
        except msgspec.MsgspecError:
            return None
