"""How the address of somebody else's repository is read."""

import asyncio
import socket

import pytest

from bot.git.address import Address
from bot.git.errors import BadRepositoryAddress, PrivateAddress, Unavailable
from bot.git.remote import Remote
from bot.git.resolver import public_addresses


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/acme/base",
        "https://github.com/acme/base/",
        "https://github.com/acme/base.git",
        "HTTPS://GitHub.com/acme/base",
        "https://github.com:443/acme/base",
        "https://ada@github.com/acme/base",
        "https://ada:secret@github.com/acme/base",
        "ssh://git@github.com/acme/base",
        "ssh://git@github.com:2222/acme/base.git",
        "ssh://git@ssh.github.com:443/acme/base.git",
        "git@github.com:acme/base.git",
        "github.com:acme/base",
    ],
)
def test_every_spelling_of_a_repository_is_fetched_over_https(text: str) -> None:
    address = Address.of(text)
    assert str(address) == "https://github.com/acme/base"
    assert address.url.removesuffix(".git") == str(address)
    Remote(address.url)


def test_ports_schemes_and_case_of_paths_tell_repositories_apart() -> None:
    texts = [
        "https://h.example/a/B",
        "https://h.example/a/b",
        "https://h.example:8443/a/b",
        "http://h.example/a/b",
    ]
    assert len({Address.of(text) for text in texts}) == 4


def test_azure_s_ssh_has_paths_of_its_own() -> None:
    found = Address.of("git@ssh.dev.azure.com:v3/org/project/repo")
    assert found.url == "https://dev.azure.com/org/project/_git/repo"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://github.com",
        "https://github.com/",
        "https://github.com/a/../b",
        "https://github.com/a//b",
        "https://github.com/a/b?c=d",
        "https://github.com/a/b#c",
        "https://github.com/a/b%2f..",
        "https://github.com/a b",
        "https://[::1/a/b",
        "file:///etc/a",
        "ftp://github.com/a/b",
        "git://github.com/a/b",
        "ext::sh -c touch% /tmp/x",
        "oci://ghcr.io/a/b",
        "/srv/git/a",
        "../a",
        "-oProxyCommand=touch:a/b",
        "https://github.com/a\nb/c",
    ],
)
def test_what_is_no_repository_on_a_host_is_refused(text: str) -> None:
    with pytest.raises(BadRepositoryAddress):
        Address.of(text)


async def test_a_name_that_only_a_wildcard_allows_leads_to_public_addresses_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = {"public.example": ["93.184.216.34"], "mixed.example": ["93.184.216.34", "10.0.0.1"]}

    async def look_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        if host not in answers:
            raise socket.gaierror
        return [(2, 1, 6, "", (address, 0)) for address in answers[host]]

    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    found = await public_addresses("https://public.example/a/b", "allow {}")
    assert (
        Remote("https://public.example/a/b", addresses=found).resolution == "public.example:443:93.184.216.34"
    )
    with pytest.raises(PrivateAddress, match=r"mixed\.example leads into a private network") as caught:
        await public_addresses("https://mixed.example/a/b", "allow {}")
    assert caught.value.hint == "allow mixed.example"
    with pytest.raises(Unavailable, match=r"^https://nowhere\.example/a/b cannot be reached: the name"):
        await public_addresses("https://nowhere.example/a/b", "allow {}")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert await public_addresses("https://mixed.example/a/b", "allow {}") == ()
