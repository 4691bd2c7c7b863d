"""How a cluster is reached: a kubeconfig's context or the pod's own account, and as whom.

Invariant: the answer of a credential plugin is refreshed before requests, never in a background loop that may die
unseen; two requests never run the plugin at once.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.kube.errors import BadConnection

REFRESH_EVERY_S = 60.0
PLUGIN_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Whom to act as, so that the cluster's RBAC bounds what a repository can do.

    One group at most: kubernetes_asyncio takes headers as a mapping, so that a second one could not be sent.
    """

    user: str
    group: str = ""

    def headers(self) -> dict[str, str]:
        headers = {"Impersonate-User": self.user}
        if self.group:
            headers["Impersonate-Group"] = self.group
        return headers


@dataclass(frozen=True, slots=True)
class Connection:
    """`kubeconfig` None means the service account of the pod we run in. `name` is the operator's word for the cluster."""

    name: str
    kubeconfig: Path | None = None
    context: str | None = None
    impersonate: Impersonation | None = None
    max_in_flight: int = 16
    request_timeout_s: float = 15.0

    async def open(self) -> Any:
        """A `kubernetes_asyncio` ApiClient for this connection. Raises BadConnection."""
        # Imported here because it costs half a second and 70 MB, which only a process that talks to clusters pays.
        from kubernetes_asyncio.client import ApiClient, Configuration  # noqa: PLC0415

        configuration = Configuration()
        configuration.connection_pool_maxsize = self.max_in_flight
        try:
            if self.kubeconfig is None:
                self._load_in_cluster(configuration)
            else:
                await self._load_kubeconfig(configuration, self.kubeconfig)
            client = ApiClient(configuration)
            _forget_key_files()
        except BadConnection:
            raise
        except Exception as error:
            raise self._unusable(error) from error
        client.user_agent = "longshore"
        if self.impersonate:
            client.default_headers.update(self.impersonate.headers())
        return client

    def _load_in_cluster(self, configuration: Any) -> None:
        from kubernetes_asyncio.config import load_incluster_config  # noqa: PLC0415

        load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]

    async def _load_kubeconfig(self, configuration: Any, path: Path) -> None:
        from kubernetes_asyncio.config import load_kube_config  # noqa: PLC0415

        if not await asyncio.to_thread(path.is_file):
            raise BadConnection(
                f"cluster {self.name}: the kubeconfig {path} does not exist",
                hint=f"set clusters.{self.name}.kubeconfig to a file the worker can read",
            )
        async with asyncio.timeout(PLUGIN_TIMEOUT_S):
            loader = await load_kube_config(
                config_file=str(path),
                context=self.context,
                client_configuration=configuration,
                persist_config=False,
            )
        if loader.provider == "gcp" or (loader._user and "exec" in loader._user):  # noqa: SLF001 - no public way
            configuration.refresh_api_key_hook = _Refresh(loader, self.name)

    def _unusable(self, error: Exception) -> BadConnection:
        where = f"kubeconfig {self.kubeconfig}" if self.kubeconfig else "the pod's service account"
        # The library's own words may quote the kubeconfig, keys included: only the class is safe to repeat.
        said = str(error) if type(error).__name__ == "ConfigException" else type(error).__name__
        return BadConnection(
            f"cluster {self.name}: {where} cannot be used: {said[:300]}",
            hint=f"check clusters.{self.name} in config.yaml, and that the context exists",
        )


def _forget_key_files() -> None:
    """Remove the files that kubernetes_asyncio writes a kubeconfig's keys to: they are loaded by now.

    It would keep them until the process ends in good order, which a killed one does not.
    """
    from kubernetes_asyncio.config.kube_config import _cleanup_temp_files  # noqa: PLC0415 - lazily, like the rest

    _cleanup_temp_files()


class _Refresh:
    """Runs the credential plugin when a token may have aged, at most once a minute and never twice at once."""

    def __init__(self, loader: Any, cluster: str) -> None:
        self._loader = loader
        self._cluster = cluster
        self._lock = asyncio.Lock()
        self._refreshed_at = asyncio.get_running_loop().time()

    async def __call__(self, configuration: Any) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() - self._refreshed_at < REFRESH_EVERY_S:
            return
        async with self._lock:
            if loop.time() - self._refreshed_at < REFRESH_EVERY_S:
                return
            try:
                async with asyncio.timeout(PLUGIN_TIMEOUT_S):
                    if self._loader.provider == "gcp":
                        await self._loader.load_gcp_token()
                    else:
                        await self._loader.load_from_exec_plugin()
            except Exception as error:
                raise BadConnection(
                    f"cluster {self._cluster}: the kubeconfig's credential plugin failed ({type(error).__name__})",
                    hint="run the plugin named under users[].user.exec by hand, as the worker's user",
                ) from error
            self._refreshed_at = loop.time()
            if token := getattr(self._loader, "token", ""):
                configuration.api_key["BearerToken"] = token
