"""Which entries of a kustomization are remote, and what they lead to, as kustomize reads them."""

from itertools import product

import pytest

from bot.model.remote import RemoteKind, RemoteRef
from bot.render.errors import Unrenderable
from bot.render.fields import Use
from bot.render.remote import remote_entry

SHA = "0123456789abcdef0123456789abcdef01234567"


def read(text: str, use: Use = Use.COMPONENT) -> tuple[str, str, str] | None:
    """Repository, path and revision."""
    found = remote_entry(text, use)
    if found is None:
        return None
    assert found[0].kind is RemoteKind.REPOSITORY
    return found[0].url, found[1], found[0].revision


HOSTS = [
    ("github.com/", "https://github.com/"),
    ("GitHub.com/", "https://github.com/"),
    ("github.com:", "https://github.com/"),
    ("http://github.com/", "https://github.com/"),
    ("https://github.com/", "https://github.com/"),
    ("HTTPS://github.com/", "https://github.com/"),
    ("git::https://github.com/", "https://github.com/"),
    ("https://git.acme.example/", "https://git.acme.example/"),
    ("https://git.acme.example:8443/", "https://git.acme.example:8443/"),
    ("http://git.acme.example/", "http://git.acme.example/"),
    ("git::http://git.acme.example/", "http://git.acme.example/"),
    ("ssh://git.acme.example:7999/", "ssh://git.acme.example:7999/"),
    ("git@github.com:", "git@github.com:"),
    ("git@github.com/", "git@github.com:"),
    ("ssh://git@github.com/", "git@github.com:"),
    ("git::git@github.com:", "git@github.com:"),
    ("org-77@github.com:", "org-77@github.com:"),
    ("git@git.acme.example:", "git@git.acme.example:"),
    ("git@git.acme.example/", "git@git.acme.example/"),
    ("https://ada:secret@git.acme.example/", "https://git.acme.example/"),
    ("https://ada@git.acme.example/", "https://git.acme.example/"),
    ("ssh://git@git.acme.example/", "ssh://git.acme.example/"),
]
"""As written, and as Git is asked."""
PATHS = [
    ("acme/base", "", ""),
    ("acme/base", "/", ""),
    ("acme/base", "/", "deploy"),
    ("acme/base", "//", "deploy/prod"),
    ("acme/base.git", "", ""),
    ("acme/base.git", "/", "deploy"),
    ("acme/base.git", "//", "deploy"),
    ("a/group/of/base.git", "/", "deploy"),
    ("a/group/of/base", "//", "deploy"),
    ("acme/project/_git/base", "/", "deploy/prod"),
    ("acme/project/_git/base", "//", "deploy"),
    ("acme/project/_git/base", "", ""),
]
"""The repository, what stands between, and the path in it."""
QUERIES = [
    ("", ""),
    ("?ref=v1.0.0", "v1.0.0"),
    ("?ref=release/1", "release/1"),
    ("?version=main", "main"),
    ("?version=main&ref=v1", "v1"),
    ("?ref=&version=v2", "v2"),
    (f"?ref={SHA}&submodules=false&timeout=90s", SHA),
    ("?timeout=90", ""),
    ("?ref=with%2Fslash", "with/slash"),
    ("?ref=a;b", ""),
    ("?ref=%zz", ""),
    ("?ref=holds_git/in.git/it//", "holds_git/in.git/it//"),
]
"""As written, and the revision."""


@pytest.mark.parametrize(("host", "asked"), HOSTS)
def test_host_repository_path_and_revision_are_told_apart(host: str, asked: str) -> None:
    for (repository, between, path), (query, revision) in product(PATHS, QUERIES):
        text = f"{host}{repository}{between}{path}{query}"
        assert read(text) == (asked + repository, path, revision), text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/tmp",
        "../base",
        "base",
        "./github.com/acme/base",
        "src/github.com/acme/base",
        "gh:acme/base",
        "htxxxtp://github.com/",
        "ssh://git.acme.example",
        "https://git.acme.example?ref=a/b/c",
        "https://github.com/acme",
        "github.com!acme/base.git//deploy",
        "git::___",
        "file:///srv/git/base.git//deploy",
        "http:git.acme.example/a/b",
        "oci://git.acme.example/a/b",
        "https:///a/b",
        "github.com/acme/ba\nse",
        "https://github.com/" + "a/" * 2000,
    ],
)
def test_what_kustomize_takes_for_no_repository_is_none(text: str) -> None:
    assert remote_entry(text, Use.RESOURCE) is None
    assert remote_entry(text, Use.COMPONENT) is None


@pytest.mark.parametrize("text", ["github.com/acme/base//../x", "github.com/acme/base.git/a/../../b"])
def test_a_path_out_of_the_repository_is_refused(text: str) -> None:
    with pytest.raises(Unrenderable, match="leads out of the repository"):
        remote_entry(text, Use.RESOURCE)


def test_dots_in_a_path_are_cleaned() -> None:
    assert read("github.com/acme/base//a/./b/../c/") == ("https://github.com/acme/base", "a/c", "")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://git.acme.example/x.yaml", "https://git.acme.example/x.yaml"),
        ("HTTPS://git.acme.example/a/b/x.yml?token=1", "https://git.acme.example/a/b/x.yml?token=1"),
        ("http://git.acme.example/x.json", "http://git.acme.example/x.json"),
        ("https://ada:secret@git.acme.example/x.yaml", "https://git.acme.example/x.yaml"),
        (
            "https://github.com/a/b/releases/download/v1/x.yaml",
            "https://github.com/a/b/releases/download/v1/x.yaml",
        ),
    ],
)
def test_an_address_that_ends_like_manifests_is_a_file(text: str, url: str) -> None:
    found = remote_entry(text, Use.RESOURCE)
    assert found is not None
    assert found[0] == RemoteRef(RemoteKind.FILE, url)


def test_a_component_is_never_a_file() -> None:
    assert read("https://github.com/a/b/x.yaml") == ("https://github.com/a/b", "x.yaml", "")


@pytest.mark.parametrize("use", [Use.FILE, Use.SOURCE, Use.PATCH, Use.PLUGIN])
def test_only_resources_and_components_may_be_remote(use: Use) -> None:
    assert remote_entry("github.com/acme/base", use) is None
