"""A control plane for code that has no event loop of its own, or one that ends before the plane does.

Invariant: the plane's children belong to one loop in one thread for all their life.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.sandbox.cluster.access import ClusterAccess
from tests.sandbox.cluster.plane import ControlPlane

Result = TypeVar("Result")


class BackgroundPlane:
    """`ControlPlane` with plain blocking methods; from a coroutine call them with `asyncio.to_thread`."""

    def __init__(self, *, with_controllers: bool = True) -> None:
        self._with_controllers = with_controllers
        self._loop = asyncio.new_event_loop()
        # NB: children get SIGKILL when the thread that started them ends, so it has to live as long as they do.
        self._thread = threading.Thread(target=self._loop.run_forever, name="control-plane", daemon=True)
        self._plane: ControlPlane | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._plane = self._run(ControlPlane.start(with_controllers=self._with_controllers))
        except BaseException:
            self._end_loop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._run(self.plane.stop())
        finally:
            self._end_loop()

    @property
    def plane(self) -> ControlPlane:
        assert self._plane is not None, "use it as a context manager"
        return self._plane

    @property
    def access(self) -> ClusterAccess:
        return self.plane.access

    def pause(self) -> None:
        self.plane.pause()

    def resume(self) -> None:
        self.plane.resume()

    def kill_apiserver(self) -> None:
        self._run(self.plane.kill_apiserver())

    def restart_apiserver(self) -> None:
        self._run(self.plane.restart_apiserver())

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
