"""Which source a name means, and where its files lie."""

from typing import Any

import pytest

from bot.discover.flux import Sources
from bot.model.release import GitRef
from bot.model.target import GitSource, Included, OciSource
from tests.discover.examples import FLEET, HERE, declared, source, target

PODINFO = {"kind": "GitRepository", "name": "podinfo"}


def test_a_flux_system_source_that_is_declared_nowhere_is_this_repository() -> None:
    assert target([source("other", "https://github.com/x/y")]).unknown_because == ""


def test_a_flux_system_source_of_another_namespace_is_not_this_repository() -> None:
    got = target([source("flux-system", "https://github.com/acme/fleet", "shop")])
    assert got.unknown_because.endswith("one of that name is in namespace shop: name that in the reference")


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


def test_submodules_make_the_targets_of_a_source_unknown_with_the_way_out() -> None:
    got = target([{**FLEET, "spec": {**FLEET["spec"], "recurseSubmodules": True}}])
    assert got.unknown_because == (
        "its source, GitRepository flux-system/flux-system, has spec.recurseSubmodules: Longshore fetches no "
        "submodules; declare what they hold as a GitRepository of its own and name it in spec.include"
    )


def test_what_a_source_checks_out_is_the_targets_or_the_sources() -> None:
    got = target([{**FLEET, "spec": {**FLEET["spec"], "sparseCheckout": ["apps"]}}])
    assert (got.unknown_because, got.source, got.sparse) == ("", None, ("apps",))
    far_away = target(
        [source("podinfo", "https://github.com/x/y", sparseCheckout=["./a/b"])], sourceRef=PODINFO
    )
    assert far_away.source == GitSource("https://github.com/x/y", sparse=("./a/b",))


def including(name: str, *others: str, **more: Any) -> dict[str, Any]:
    include = [{"repository": {"name": other}} for other in others]
    return source(name, f"https://github.com/x/{name}", **{"include": include, **more})


def far(name: str, *includes: Included) -> GitSource:
    return GitSource(f"https://github.com/x/{name}", includes=includes)


def test_what_a_source_includes_is_named_with_its_paths_in_order() -> None:
    include = [
        {"repository": {"name": "base"}},
        {"repository": {"name": "more"}, "fromPath": "./deploy", "toPath": "lib/more"},
    ]
    known = [including("podinfo", include=include), including("base"), including("more")]
    included = (Included(far("base"), "", "base"), Included(far("more"), "./deploy", "lib/more"))
    assert target(known, sourceRef=PODINFO).source == far("podinfo", *included)


def test_what_this_repository_includes_is_the_targets_and_it_may_be_included_itself() -> None:
    fleet = {
        **FLEET,
        "spec": {**FLEET["spec"], "include": [{"repository": {"name": "base"}}], "ignore": "/x"},
    }
    got = target([fleet, including("base")])
    assert (got.source, got.includes) == (None, (Included(far("base"), "", "base"),))
    got = target([fleet, including("base"), including("podinfo", "flux-system")], sourceRef=PODINFO)
    here = GitSource("", ignore="/x", includes=(Included(far("base"), "", "base"),))
    assert got.source == far("podinfo", Included(here, "", "flux-system"))
    assert not got.source.is_lasting


def test_a_source_lasts_where_all_that_it_includes_does() -> None:
    pin = {"commit": "0" * 40}
    for ref, lasts in ((pin, True), ({"tag": "v1"}, False)):
        known = [including("podinfo", "base", ref=pin), including("base", ref=ref)]
        got = target(known, sourceRef=PODINFO).source
        assert got is not None
        assert got.is_lasting == lasts


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ({}, "is not declared in this repository"),
        ({"base": ("podinfo",)}, "includes GitRepository flux-system/podinfo, which leads back to itself"),
        ({"base": ("base",)}, "includes GitRepository flux-system/base, which leads back to itself"),
    ],
)
def test_an_include_that_leads_nowhere_makes_its_targets_unknown(
    others: dict[str, tuple[str, ...]], why: str
) -> None:
    known = [including("podinfo", "base"), *(including(name, *names) for name, names in others.items())]
    got = target(known, sourceRef=PODINFO)
    including_base = "GitRepository flux-system/podinfo, includes another: GitRepository flux-system/base"
    assert got.unknown_because == f"its source, {including_base}, {why}"


def test_includes_that_multiply_are_cut_short() -> None:
    known = [
        including("podinfo", "s0", "s0"),
        *(including(f"s{n}", f"s{n + 1}", f"s{n + 1}") for n in range(40)),
    ]
    assert target([*known, including("s40")], sourceRef=PODINFO).unknown_because.endswith(
        "includes more than 32 others"
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
        secret="login",
    )


@pytest.mark.parametrize(("operation", "ignore"), [("extract", "/docs"), ("copy", "")])
def test_what_is_copied_as_it_is_loses_nothing_to_patterns(operation: str, ignore: str) -> None:
    spec: dict[str, Any] = {
        "url": "oci://registry.example/apps",
        "layerSelector": {"operation": operation},
        "ignore": "/docs",
    }
    got = target(
        [declared("OCIRepository", "apps", **spec)], sourceRef={"kind": "OCIRepository", "name": "apps"}
    ).oci_source
    assert got is not None
    assert got.ignore == ignore


@pytest.mark.parametrize("kind", ["Bucket", "ExternalArtifact"])
def test_files_that_only_the_cluster_has_make_the_target_unknown(kind: str) -> None:
    got = target(sourceRef={"kind": kind, "name": "files"})
    assert got.unknown_because.startswith(f"its source is the {kind} flux-system/files, ")


def test_a_bucket_says_what_to_take_instead() -> None:
    got = target(sourceRef={"kind": "Bucket", "name": "files"})
    assert got.unknown_because.endswith(
        "take them from a GitRepository or an OCIRepository to have them planned"
    )


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


def test_two_ways_to_declare_a_source_make_its_targets_unknown_unless_they_come_to_the_same() -> None:
    main, other = (source("podinfo", "https://github.com/x/y", ref={"branch": b}) for b in ("main", "other"))
    sentence = "GitRepository flux-system/podinfo is declared 2 times, each differently: keep one of them"
    assert target([main, other, main], sourceRef=PODINFO).unknown_because == f"its source, {sentence}"
    slower = {**main, "spec": {**main["spec"], "interval": "2h"}}
    assert target([main, slower], sourceRef=PODINFO).source == GitSource(
        "https://github.com/x/y", GitRef(branch="main")
    )


def test_what_is_no_source_or_has_no_name_is_passed_over() -> None:
    nameless = {**FLEET, "metadata": {"name": ["x"]}}
    assert Sources.of([nameless, {**FLEET, "kind": "Receiver"}], HERE).declared == {}
