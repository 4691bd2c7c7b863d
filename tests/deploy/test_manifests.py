"""What is shipped is accepted by a real API server, bounded, and confined."""

from pathlib import Path

import pytest

from bot.cli import COMMANDS
from bot.config import load
from bot.kube.client import KubeClient
from bot.kube.errors import Forbidden
from bot.model.objects import Manifest
from tests.deploy.rendered import DEPLOY, DIRECTORIES, manifests, workloads
from tests.sandbox.cluster.administer import apply

WEB, WORKER, STORE = "longshore-web", "longshore-worker", "longshore-store"
TEMPLATES = dict(workloads())


def parse_size(text: str) -> int:
    return int(text[:-2]) << {"Ki": 10, "Mi": 20, "Gi": 30}[text[-2:]]


def pod(name: str, **spec: object) -> Manifest:
    template = TEMPLATES[name]
    metadata = {"name": f"{name}-trial", "namespace": "longshore", "labels": template["metadata"]["labels"]}
    whole = {**template["spec"], **spec}
    # A StatefulSet's controller would add these for its claims.
    named = {volume["name"] for volume in whole.get("volumes", [])}
    mounts = {mount["name"] for container in whole["containers"] for mount in container["volumeMounts"]}
    claims = [{"name": n, "persistentVolumeClaim": {"claimName": n}} for n in sorted(mounts - named)]
    whole["volumes"] = [*whole.get("volumes", []), *claims]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": whole}


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: str(path.relative_to(DEPLOY)))
async def test_the_server_accepts_every_object_strictly(
    operator: KubeClient, cluster_namespace: str, directory: Path
) -> None:
    for manifest in manifests(directory):
        if directory.name == "namespace":
            manifest["metadata"]["namespace"] = cluster_namespace
        made = await apply(operator, manifest, dry_run=True)
        assert made["metadata"]["name"] == manifest["metadata"]["name"]


@pytest.mark.parametrize("name", [WEB, WORKER, STORE])
async def test_its_pods_keep_to_the_restricted_standard(operator: KubeClient, name: str) -> None:
    made = await apply(operator, pod(name), dry_run=True)
    assert made["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


async def test_the_restricted_standard_is_in_force(operator: KubeClient) -> None:
    with pytest.raises(Forbidden, match="restricted"):
        await apply(operator, pod(WEB, hostNetwork=True), dry_run=True)


@pytest.mark.parametrize("name", [WEB, WORKER, STORE])
def test_every_container_is_bounded_and_watched(name: str) -> None:
    for container in TEMPLATES[name]["spec"]["containers"]:
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]
        assert "livenessProbe" in container
        assert {"readinessProbe", "startupProbe"} & container.keys()


def test_the_web_process_is_given_webhook_secrets_and_no_other_credential() -> None:
    spec = TEMPLATES[WEB]["spec"]
    assert spec["automountServiceAccountToken"] is False
    secrets = {v["secret"]["secretName"] for v in spec["volumes"] if "secret" in v}
    assert secrets == {"longshore-webhook"}
    (container,) = spec["containers"]
    variables = {
        v["name"]: v.get("valueFrom", {}).get("secretKeyRef", {}).get("name") for v in container["env"]
    }
    assert variables == {"STORE_PASSWORD": "longshore-store", "LONGSHORE_STORE_URL": None}


def test_only_the_worker_gets_a_cluster_token() -> None:
    mounted = {
        name for name, template in TEMPLATES.items() if template["spec"]["automountServiceAccountToken"]
    }
    assert mounted == {WORKER}


def test_the_worker_has_longer_to_end_than_its_steps() -> None:
    drain_s = load(DEPLOY / "base" / "config.yaml").worker.drain
    assert TEMPLATES[WORKER]["spec"]["terminationGracePeriodSeconds"] > drain_s


def test_what_the_worker_decrypts_is_written_to_memory_only() -> None:
    spec = TEMPLATES[WORKER]["spec"]
    (container,) = spec["containers"]
    paths = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    (tmp,) = (volume["emptyDir"] for volume in spec["volumes"] if paths[volume["name"]] == "/tmp")
    assert tmp["medium"] == "Memory"
    limits = load(DEPLOY / "base" / "config.yaml").limits
    renderers_bytes = limits.renderers * limits.render_memory
    own_bytes = parse_size(container["resources"]["requests"]["memory"])
    needed_bytes = renderers_bytes + own_bytes + parse_size(tmp["sizeLimit"])
    assert parse_size(container["resources"]["limits"]["memory"]) >= needed_bytes


def test_the_processes_are_commands_of_ours_on_the_mounted_configuration() -> None:
    for name in (WEB, WORKER):
        (container,) = TEMPLATES[name]["spec"]["containers"]
        command, *rest = container["args"]
        assert command in COMMANDS
        assert rest == ["--config", "/etc/longshore/config/config.yaml"]


def test_the_configuration_is_valid_and_listens_where_the_probes_ask() -> None:
    config = load(DEPLOY / "base" / "config.yaml")
    ports = {
        port["name"]: port["containerPort"]
        for template in TEMPLATES.values()
        for container in template["spec"]["containers"]
        for port in container["ports"]
    }
    assert (config.web.host, config.web.port) == ("0.0.0.0", ports["http"])
    assert (config.worker.metrics_host, config.worker.metrics_port) == ("0.0.0.0", ports["metrics"])


def test_every_pod_is_cut_off_from_what_is_not_named() -> None:
    policies = {m["metadata"]["name"]: m["spec"] for m in manifests("base") if m["kind"] == "NetworkPolicy"}
    assert policies["nothing-by-default"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert "egress" not in policies[STORE]
    assert {port["port"] for rule in policies[WEB]["egress"] for port in rule["ports"]} == {53, "redis"}
