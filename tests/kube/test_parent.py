"""The parent on a real API server: whole, or refused."""

import random
from dataclasses import replace

import msgspec
import pytest

from bot.kube.applyset import ID_LABEL, Parent
from bot.kube.client import KubeClient
from bot.kube.errors import Conflict
from bot.kube.listing import former, listed, of_branch, vanished
from bot.kube.parent import (
    CONFIG_MAP,
    PART_LABEL,
    Identity,
    Source,
    allow_prune,
    create,
    owns,
    read,
    remove,
    write,
)
from bot.kube.record import Entry, Record, RecordUnreadable
from bot.model.objects import Digest, Manifest, ObjectId
from bot.model.repo import RepoId
from bot.model.target import TargetId

REPO = RepoId("github", "acme/fleet")
SOURCE = Source(REPO, "main")


def make_identity(namespace: str, name: str = "apps", source: Source = SOURCE) -> Identity:
    target = TargetId("test", name)
    return Identity(Parent.of(source.repo, target, namespace), source, target)


def entries(count: int, seed: int = 1) -> list[Entry]:
    """Entries that do not compress."""
    dice = random.Random(seed)
    return [
        Entry(
            "",
            "ConfigMap",
            "shop",
            f"c{n}",
            f"{dice.getrandbits(128):x}",
            "1",
            0,
            f"{dice.getrandbits(256):x}",
        )
        for n in range(count)
    ]


async def parts(client: KubeClient, identity: Identity) -> list[str]:
    parent = identity.parent
    selector = f"{PART_LABEL}={parent.name}"
    return [
        m.name
        for m in await client.list_metadata(CONFIG_MAP, label_selector=selector, namespace=parent.namespace)
    ]


async def test_what_is_written_is_read(client: KubeClient, cluster_namespace: str) -> None:
    identity = make_identity(cluster_namespace)
    assert await read(client, identity.parent) is None
    held = await create(client, identity, Record())
    await write(client, identity, held, Record(epoch=3, revision="a" * 40, entries=entries(3)))
    again = await read(client, identity.parent)
    assert again is not None
    assert again.record.epoch == 3
    assert again.record.entries == entries(3)
    metadata = again.manifest["metadata"]
    assert metadata["labels"][ID_LABEL] == identity.parent.id
    assert metadata["annotations"]["longshore.dev/revision"] == "a" * 40
    assert metadata["annotations"]["applyset.kubernetes.io/contains-group-kinds"] == "ConfigMap"


async def test_a_writer_that_missed_a_change_is_refused(client: KubeClient, cluster_namespace: str) -> None:
    identity = make_identity(cluster_namespace)
    first = await create(client, identity, Record())
    await write(client, identity, first, Record(epoch=2))
    with pytest.raises(Conflict):
        await write(client, identity, first, Record(epoch=1))
    held = await read(client, identity.parent)
    assert held is not None
    await remove(client, identity.parent, held)
    with pytest.raises(Conflict):
        await write(client, identity, held, Record(epoch=3))


async def test_a_large_record_goes_in_parts_and_back(client: KubeClient, cluster_namespace: str) -> None:
    identity = make_identity(cluster_namespace)
    held = await create(client, identity, Record())
    held = await write(client, identity, held, Record(entries=entries(20_000)))
    first = await parts(client, identity)
    assert len(first) > 1
    again = await read(client, identity.parent)
    assert again is not None
    assert again.record == held.record
    held = await write(client, identity, held, Record(entries=entries(20_000, seed=2)))
    assert not set(first) & set(await parts(client, identity))
    held = await write(client, identity, held, Record(entries=entries(1)))
    assert await parts(client, identity) == []
    again = await read(client, identity.parent)
    assert again is not None
    assert len(again.record.entries) == 1


async def test_a_missing_part_is_an_error_and_no_empty_inventory(
    client: KubeClient, cluster_namespace: str
) -> None:
    identity = make_identity(cluster_namespace)
    held = await create(client, identity, Record())
    await write(client, identity, held, Record(entries=entries(20_000)))
    lost = (await parts(client, identity))[0]
    meta = await client.find_metadata(CONFIG_MAP, cluster_namespace, lost)
    assert meta is not None
    await client.delete(CONFIG_MAP, cluster_namespace, lost, uid=meta.uid)
    with pytest.raises(RecordUnreadable, match="part of it is missing"):
        await read(client, identity.parent)


async def test_an_emptied_parent_is_an_error_and_no_empty_inventory(
    client: KubeClient, cluster_namespace: str
) -> None:
    identity = make_identity(cluster_namespace)
    held = await create(client, identity, Record(entries=entries(1)))
    await client.replace(CONFIG_MAP, {k: v for k, v in held.manifest.items() if k != "binaryData"})
    with pytest.raises(RecordUnreadable):
        await read(client, identity.parent)


async def test_a_permission_to_prune_is_written_beside_the_record(
    client: KubeClient, cluster_namespace: str
) -> None:
    identity = make_identity(cluster_namespace)
    held = await create(client, identity, Record(entries=entries(1)))
    await allow_prune(client, identity.parent, Digest("sha256:1"))
    again = await read(client, identity.parent)
    assert again is not None
    assert again.allowed_prune == "sha256:1"
    assert again.record == held.record


async def test_vanished_targets_are_found_by_their_parents(
    client: KubeClient, cluster_namespace: str
) -> None:
    ns = cluster_namespace
    here, gone = make_identity(ns, "here"), make_identity(ns, "gone")
    branch = make_identity(ns, "branch", Source(REPO, "other"))
    other = make_identity(ns, "other", Source(RepoId("github", "acme/other"), "main"))
    for identity in (here, gone, branch, other):
        await create(client, identity, Record())
    fake: Manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "fake", "namespace": ns, "labels": {}, "annotations": {}},
    }
    copied = await client.find(CONFIG_MAP, ns, gone.parent.name)
    assert copied is not None
    for part in ("labels", "annotations"):
        fake["metadata"][part] = copied["metadata"][part]
    await client.create(CONFIG_MAP, fake)
    found = await listed(client, ns)
    assert found == [branch, gone, here, other]
    assert vanished(found, SOURCE, {here.target}, client.cluster) == [gone]


async def test_a_parent_tells_the_number_of_the_repository_it_was_delivered_from(
    client: KubeClient, cluster_namespace: str
) -> None:
    identity = make_identity(cluster_namespace, source=replace(SOURCE, number=4711))
    held = await create(client, identity, Record())
    (found,) = await listed(client, cluster_namespace)
    assert (found, found.source.number) == (identity, 4711)
    # Whoever writes without knowing it takes nothing away; whoever knows another one says so.
    await write(client, make_identity(cluster_namespace), held, Record(epoch=1))
    (found,) = await listed(client, cluster_namespace)
    assert found.source.number == 4711
    other = make_identity(cluster_namespace, source=replace(SOURCE, number=4712))
    again = await read(client, other.parent)
    assert again is not None
    await write(client, other, again, Record(epoch=2))
    (found,) = await listed(client, cluster_namespace)
    assert found.source.number == 4712


async def test_what_a_repository_left_under_another_path_is_known_by_its_number(
    client: KubeClient, cluster_namespace: str
) -> None:
    ns, now = cluster_namespace, Source(RepoId("github", "acme/navy"), "main", 4711)
    left = make_identity(ns, "left", replace(SOURCE, number=4711))
    others = (
        make_identity(ns, "here", now),
        make_identity(ns, "another-s", replace(SOURCE, number=4712)),
        make_identity(ns, "unknown"),
        make_identity(ns, "branch", Source(REPO, "other", 4711)),
        make_identity(ns, "forge", Source(RepoId("gitlab", "acme/fleet"), "main", 4711)),
    )
    for identity in (left, *others):
        await create(client, identity, Record())
    found = await listed(client, ns)
    assert former(found, now, set(), client.cluster) == [left]
    assert former(found, replace(now, number=None), set(), client.cluster) == []
    assert former(found, now, set(), "another cluster") == []
    assert of_branch(found, Source(now.repo, "main")) == [others[0], left]


def test_our_own_state_is_recognised() -> None:
    mine = ObjectId("", "ConfigMap", "longshore-system", "longshore-apps-1")
    assert owns(mine, "longshore-system")
    assert owns(replace(mine, kind="Lease", group="coordination.k8s.io"), "longshore-system")
    assert not owns(replace(mine, namespace="shop"), "longshore-system")
    assert not owns(replace(mine, name="settings"), "longshore-system")


def test_entries_are_small_when_written() -> None:
    assert len(msgspec.json.encode(entries(100))) < 100 * 180
