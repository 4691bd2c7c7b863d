"""Which hosts may be asked: patterns, every way to write an address, and every way to smuggle one."""

import pytest

from bot.model.hosts import BadAddress, Credential, Credentials, Endpoint, Hosts, endpoint, is_public


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port"),
    [
        ("https://charts.example.com/stable", "https", "charts.example.com", 443),
        ("https://Charts.Example.COM./stable", "https", "charts.example.com", 443),
        ("https://user:word@charts.example.com:8443", "https", "charts.example.com", 8443),
        ("http://charts.example.com?x=1", "http", "charts.example.com", 80),
        ("oci://registry.example.com/org/app", "oci", "registry.example.com", 443),
        ("oci://localhost:5000/app", "oci", "localhost", 5000),
        ("ssh://git@git.example.com:2222/org/app.git", "ssh", "git.example.com", 2222),
        ("ssh://git@git.example.com/org/app.git", "ssh", "git.example.com", 22),
        ("git+ssh://git@git.example.com/org/app.git", "ssh", "git.example.com", 22),
        ("git://git.example.com/app", "git", "git.example.com", 9418),
        ("git@git.example.com:org/app.git", "ssh", "git.example.com", 22),
        ("git.example.com:org/app.git", "ssh", "git.example.com", 22),
        ("git@[2001:db8::1]:app.git", "ssh", "2001:db8::1", 22),
        ("registry.example.com/org/app:1.2.3", "oci", "registry.example.com", 443),
        ("registry.example.com:5000/app@sha256:ab", "oci", "registry.example.com", 5000),
        ("library/nginx:1.27", "oci", "docker.io", 443),
        ("https://[2001:DB8:0::1]:8443/x", "https", "2001:db8::1", 8443),
        ("https://127.1/x", "https", "127.0.0.1", 443),
        ("https://2130706433/x", "https", "127.0.0.1", 443),
        ("https://0x7f.0.0.1/x", "https", "127.0.0.1", 443),
    ],
)
def test_an_address_says_who_is_asked(url: str, scheme: str, host: str, port: int) -> None:
    assert endpoint(url) == Endpoint(scheme, host, port)


@pytest.mark.parametrize(
    "url",
    [
        *("", "app", "./charts/app", "/srv/app", "../app", "~/app", "-oProxyCommand=x:y", "://x"),
        *(
            "file:///etc/passwd",
            "ext::sh -c x",
            "ext::x",
            "ftp://example.com/x",
            "https:///x",
            "https://:80/",
        ),
        *("https://example.com\\@evil.example/x", "https://exa mple.com", "https://example.com\n.evil/x"),
        *(
            "https://example%2ecom/",
            "https://exämple.com/",
            "https://-x/",
            "https://a..b/",
            "ssh://-oX=y/app",
        ),
        *("https://example.com:0/", "https://example.com:99999/", "https://1.2.3.4.5/", "https://[::zz]/"),
        *("https://[@example.com/", "https://\u2100@example.com/"),
        *("-x@host:path", "git@-host:path", "https://" + "a" * 3000),
    ],
)
def test_what_is_no_address_is_refused_whatever_is_allowed(url: str) -> None:
    with pytest.raises(BadAddress):
        endpoint(url)
    assert Hosts(("*",)).why_not(url)


@pytest.mark.parametrize(
    ("patterns", "url"),
    [
        (("charts.example.com",), "https://charts.example.com/x"),
        (("Charts.Example.com",), "https://charts.example.com/x"),
        (("*.example.com",), "https://charts.example.com/x"),
        (("*.example.com:*",), "https://charts.example.com:8443/x"),
        (("registry.example.com:5000",), "oci://registry.example.com:5000/app"),
        (("git.example.com",), "git@git.example.com:org/app"),
        (("git.example.com",), "ssh://git@git.example.com/org/app"),
        (("*",), "https://anything.example:8443/x"),
        (("charts.example.com",), "http://charts.example.com/x"),
        (("127.0.0.1:5000",), "http://127.0.0.1:5000/x"),
        (("127.0.0.1:*",), "http://127.0.0.1:5000/x"),
        (("localhost:5000",), "oci://localhost:5000/x"),
        (("[::1]:5000",), "http://[::1]:5000/x"),
        (("a.example", "b.example"), "https://b.example/"),
    ],
)
def test_what_a_pattern_names_may_be_asked(patterns: tuple[str, ...], url: str) -> None:
    assert Hosts(patterns).why_not(url) == ""


@pytest.mark.parametrize(
    ("patterns", "url", "word"),
    [
        ((), "https://charts.example.com/x", "`charts.example.com` to `sources.hosts`"),
        (("example.com",), "https://charts.example.com/x", "not among"),
        (("*.example.com",), "https://example.com/x", "not among"),
        (("charts.example.com",), "https://charts.example.com:8443/x", "`charts.example.com:8443`"),
        (("charts.example.com",), "https://charts.example.com.evil.example/x", "not among"),
        (("charts.example.com",), "https://charts.example.com@evil.example/x", "evil.example"),
        (("*",), "http://charts.example.com/x", "without encryption"),
        (("*.example.com",), "git://git.example.com/x", "`sources.hosts`"),
        (("*",), "https://127.0.0.1/x", "private network"),
        (("*",), "https://localhost:8080/x", "private network"),
        (("*",), "https://169.254.169.254/latest/meta-data", "private network"),
        (("10.*",), "https://10.0.0.1/x", "private network"),
        (("*",), "https://2852039166/x", "private network"),
        (("*",), "https://[::ffff:10.0.0.1]/x", "private network"),
        (("*",), "https://[fe80::1]/x", "private network"),
        (("*",), "git@192.168.0.1:x", "private network"),
    ],
)
def test_a_refusal_says_which_setting_would_allow_it(patterns: tuple[str, ...], url: str, word: str) -> None:
    assert word in Hosts(patterns).why_not(url)


def test_a_refusal_holds_no_password() -> None:
    assert "hunter2" not in Hosts().why_not("https://user:hunter2@charts.example.com/x")


@pytest.mark.parametrize("pattern", ["*", "*.example", "*:443", "*.*", "a.exampl?"])
def test_a_name_that_only_wildcards_allow_must_lead_to_a_public_address(pattern: str) -> None:
    assert Hosts((pattern,)).wants_public_address("https://a.example/x")
    assert not Hosts((pattern, "a.example")).wants_public_address("https://a.example/x")


@pytest.mark.parametrize(
    ("entry", "url", "known"),
    [
        ("a.example", "https://a.example/x", True),
        ("a.example", "oci://a.example/x", True),
        ("a.example", "http://a.example/x", False),
        ("a.example", "git://a.example/x", False),
        ("a.example:80", "http://a.example/x", True),
        ("a.example:*", "http://a.example/x", False),
        ("a.example:8080", "http://a.example:8080/x", True),
    ],
)
def test_a_password_goes_in_clear_only_where_its_entry_names_the_port(
    entry: str, url: str, known: bool
) -> None:
    assert (Credentials((Credential(entry, "robot", "x"),)).of(url) is not None) is known


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *(("8.8.8.8", True), ("2606:4700::1111", True), ("10.1.2.3", False), ("127.0.0.1", False)),
        *(("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False)),
        *(("::1", False), ("fe80::1%eth0", False), ("fd00::1", False), ("::ffff:127.0.0.1", False)),
        *(("2002:7f00:1::", False), ("::", False), ("64:ff9b::a9fe:a9fe", False), ("64:ff9b::808:808", True)),
        *(("64:ff9b:1::1", False), ("::127.0.0.1", False), ("::8.8.8.8", False), ("fec0::1", False)),
        *(("::ffff:0:127.0.0.1", False), ("168.63.129.16", False)),
    ],
)
def test_an_address_of_a_private_network_is_not_public(address: str, public: bool) -> None:
    assert is_public(address) is public
