"""To which cluster an Application goes: the label of its target, which tells people and grants nothing."""

import difflib
import re
from dataclasses import dataclass

from bot.discover.argocd.clusters import IN_CLUSTER, IN_CLUSTER_SERVER
from bot.discover.argocd.context import ArgoContext
from bot.discover.repository import without_login
from bot.discover.schema import shown
from bot.model.argocd import ArgoCluster, Destination

_LONGEST = 63
_USUAL_PORTS = ("443", "6443")


@dataclass(frozen=True, slots=True)
class Found:
    """`server` and `name` are Argo CD's, empty where they cannot be told; `label` is empty only where the control plane
    has none. `cluster` is what a Secret declares.
    """

    label: str
    server: str = ""
    name: str = ""
    cluster: ArgoCluster | None = None
    unknown_because: str = ""


def found_by(destination: Destination, context: ArgoContext, control_plane: str) -> Found:
    """`control_plane` is the label of the cluster that Argo CD runs in."""
    server, name = destination.server.rstrip("/"), destination.name
    if server and name:
        why = f"spec.destination has a server and a name, {shown(name)}: keep one of them"
        return Found(as_label(name), server, name, unknown_because=why)
    if not server and not name:
        why = "spec.destination has neither a server nor a name: one of them is needed"
        return Found(control_plane, unknown_because=why)
    cluster, why = _declared(server, name, context)
    if cluster is not None:
        server, name = cluster.server, cluster.name
    elif name == IN_CLUSTER or server == IN_CLUSTER_SERVER:
        server, name = IN_CLUSTER_SERVER, IN_CLUSTER
    return Found(_label(server, name, context, control_plane), server, name, cluster, why)


def _label(server: str, name: str, context: ArgoContext, control_plane: str) -> str:
    """The operator's name for the server counts more than Argo CD's."""
    if server == IN_CLUSTER_SERVER:
        return control_plane
    operators = (
        each.name for each in context.clusters if not each.secret and server and each.server == server
    )
    return next(operators, "") or as_label(name or _host(server))


def _declared(server: str, name: str, context: ArgoContext) -> tuple[ArgoCluster | None, str]:
    """The cluster that is meant, if it is declared, and why it cannot be told which that is."""
    known = [
        each
        for each in context.clusters
        if each.secret and each.is_known and (each.name == name if name else each.server == server)
    ]
    servers = {each.server for each in known}
    if name and len(servers) > 1:
        return None, f"spec.destination.name is {shown(name)}, as {len(servers)} clusters are called"
    return next(iter(known), None), ""


def why_missing(destination: Destination, context: ArgoContext) -> str:
    """A hint where others are declared and this one is not; empty otherwise: it may be declared elsewhere."""
    server, name = destination.server.rstrip("/"), destination.name
    declared = [each for each in context.clusters if each.secret]
    if not declared or not all(each.is_known for each in declared):
        return ""
    field, wanted, own = ("server", server, IN_CLUSTER_SERVER) if server else ("name", name, IN_CLUSTER)
    known = {each.server if server else each.name for each in context.clusters}
    if not wanted or wanted in known | {own}:
        return ""
    near = difflib.get_close_matches(wanted[:_LONGEST], known, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"goes to a cluster of the {field} {shown(without_login(wanted))}, which no Secret in this repository declares{hint}"


def as_label(name: str) -> str:
    """A name as the operator's clusters are called: small letters, digits, `-` and `.`."""
    plain = re.sub(r"[^a-z0-9.-]+", "-", name.lower())
    return plain[:_LONGEST].strip("-.") or "unnamed"


def _host(server: str) -> str:
    """What tells servers apart: some have many clusters under one host."""
    authority, _, path = server.rpartition("://")[2].partition("/")
    host, _, port = authority.rpartition("@")[2].partition(":")
    return "-".join(part for part in (host, "" if port in _USUAL_PORTS else port, path) if part)
