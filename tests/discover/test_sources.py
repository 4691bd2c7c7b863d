"""Which source a name means, and where its files lie."""

from typing import Any

import pytest

from bot.discover.flux import RepositoryIdentity, Sources
from bot.model.release import GitRef
from bot.model.target import GitSource, OciSource
from tests.discover.examples import FLEET, HERE, declared, source, target

PODINFO = {"kind": "GitRepository", "name": "podinfo"}


def test_a_flux_system_source_that_is_declared_nowhere_is_this_repository() -> None:
    assert target([source("other", "https://github.com/x/y")]).unknown_because == ""


def test_another_source_that_is_declared_nowhere_makes_the_target_unknown() -> None:
    got = target([FLEET], sourceRef=PODINFO)
    assert got.unknown_because == (
        "its source, GitRepository flux-system/podinfo, is not declared in this repository"
    )


def test_a_source_of_the_same_name_in_another_namespace_is_pointed_to() -> None:
    got = target([source("podinfo", "https://github.com/x/y", "shop")], sourceRef=PODINFO)
    assert got.unknown_because.endswith("one of that name is in namespace shop: name that in the reference")


def test_a_source_is_looked_up_in_the_namespace_that_is_named() -> None:
    mine, theirs = (source("podinfo", f"https://github.com/x/{ns}", ns) for ns in ("flux-system", "shop"))
    got = target([mine, theirs], sourceRef={**PODINFO, "namespace": "shop"})
    assert got.source == GitSource("https://github.com/x/shop")


@pytest.mark.parametrize(
    "ref",
    [
        {"branch": "main"},
        {"semver": ">=1", "tag": "v1"},
        {"name": "refs/heads/main", "tag": "v1"},
        {},
    ],
)
def test_this_repository_is_read_from_the_tree_at_hand_whatever_moves_it(ref: dict[str, str]) -> None:
    got = target([source("flux-system", "https://github.com/acme/fleet", ref=ref, ignore="/docs")])
    assert (got.source, got.ignore, got.unknown_because) == (None, "/docs", "")


@pytest.mark.parametrize(
    "ref",
    [{"commit": "0" * 40, "branch": "main"}, {"tag": "v1"}, {"name": "refs/tags/v1", "branch": "main"}],
)
def test_this_repository_at_a_pinned_revision_is_not_the_tree_at_hand(ref: dict[str, str]) -> None:
    got = target([source("flux-system", "https://github.com/acme/fleet", ref=ref)])
    assert got.source == GitSource("https://github.com/acme/fleet", GitRef(**ref))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("include", [{"repository": {"name": "x"}}]),
        ("recurseSubmodules", True),
        ("sparseCheckout", ["apps"]),
    ],
)
def test_parts_of_a_source_that_nobody_fetches_make_its_targets_unknown(name: str, value: object) -> None:
    got = target([{**FLEET, "spec": {**FLEET["spec"], name: value}}])
    assert got.unknown_because == (
        f"its source, GitRepository flux-system/flux-system, has spec.{name}, which Longshore does not fetch"
    )


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://bot:hunter2@git.example/a", "https://git.example/a"),
        ("ssh://git:hunter2@git.example/a", "ssh://git@git.example/a"),
        ("git@git.example:a", "git@git.example:a"),
    ],
)
def test_a_password_in_an_address_goes_no_further(url: str, address: str) -> None:
    got = target([source("podinfo", url)], sourceRef=PODINFO)
    assert got.source == GitSource(address)
    assert "hunter2" not in str(got)


def test_files_of_a_registry_are_named_with_all_that_tells_which() -> None:
    spec: dict[str, Any] = {
        "url": "oci://registry.example/apps/",
        "ref": {"tag": "latest", "semver": ">=1", "semverFilter": ".*", "digest": "sha256:0"},
        "layerSelector": {"mediaType": "application/tar", "operation": "copy"},
        "insecure": True,
        "ignore": "/docs",
        "secretRef": {"name": "login"},
    }
    got = target(
        [declared("OCIRepository", "apps", **spec)], sourceRef={"kind": "OCIRepository", "name": "apps"}
    )
    assert got.oci_source == OciSource(
        *("oci://registry.example/apps", "latest", ">=1", ".*", "sha256:0", "application/tar"),
        is_copied=True,
        is_insecure=True,
        ignore="/docs",
        secret="login",
    )


@pytest.mark.parametrize("kind", ["Bucket", "ExternalArtifact"])
def test_files_that_only_the_cluster_has_make_the_target_unknown(kind: str) -> None:
    got = target(sourceRef={"kind": kind, "name": "files"})
    assert got.unknown_because.startswith(f"its source is the {kind} flux-system/files, ")


def test_a_source_without_a_namespace_is_the_one_that_is_looked_for() -> None:
    unplaced = source("podinfo", "https://github.com/x/y")
    del unplaced["metadata"]["namespace"]
    assert target([unplaced], sourceRef=PODINFO).source == GitSource("https://github.com/x/y")


def test_what_is_delivered_counts_before_what_stands_in_files() -> None:
    delivered, written = (source("podinfo", f"https://github.com/x/{n}") for n in ("delivered", "written"))
    only_written = source("other", "https://github.com/x/other")
    known = Sources.of([delivered], HERE, fallback=[written, only_written])
    assert [s.spec["url"] for s in known.source_of("GitRepository", "flux-system", "podinfo")] == [
        "https://github.com/x/delivered"
    ]
    assert known.source_of("GitRepository", "flux-system", "other")
    assert known.duplicates == ()


def test_two_ways_to_declare_a_source_make_its_targets_unknown_unless_they_come_to_the_same() -> None:
    main, other = (source("podinfo", "https://github.com/x/y", ref={"branch": b}) for b in ("main", "other"))
    known = Sources.of([main, other, main], RepositoryIdentity())
    sentence = "GitRepository flux-system/podinfo is declared 2 times, each differently: keep one of them"
    assert known.duplicates == (sentence,)
    assert target([main, other], sourceRef=PODINFO).unknown_because == f"its source, {sentence}"
    slower = {**main, "spec": {**main["spec"], "interval": "2h"}}
    assert target([main, slower], sourceRef=PODINFO).source == GitSource(
        "https://github.com/x/y", GitRef(branch="main")
    )


def test_what_is_no_source_or_has_no_name_is_passed_over() -> None:
    nameless = {**FLEET, "metadata": {"name": ["x"]}}
    assert Sources.of([nameless, {**FLEET, "kind": "Receiver"}], HERE).declared == {}
