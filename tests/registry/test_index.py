"""The one chart's entries in an index, however it is laid out, and however large it is."""

import random
import resource
import time

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.registry.index import READ_WHOLE_BYTES, BadIndex, Entry, find

DIGEST = "ab" * 32
LIKE_HELM = f"""apiVersion: v1
entries:
  other:
  - name: other
    version: 9.9.9
  web:
  - annotations:
      text: |
        name: no
        version: 0.0.0

        urls: [no]
    apiVersion: v2
    created: "2024-01-02T03:04:05.123456789Z"
    dependencies:
    - name: common
      version: 2.x.x
    description: A chart that is described
      version of two lines
    digest: {DIGEST}
    name: web
    urls:
    - https://charts.example.com/web-1.2.3.tgz
    - web-1.2.3.tgz
    version: 1.2.3
  - digest: sha256:{DIGEST.upper()}
    name: web
    urls: [web-1.2.2.tgz]
    version: "1.2.2"
generated: "2024-01-02T03:04:05Z"
"""
URLS = ("https://charts.example.com/web-1.2.3.tgz", "web-1.2.3.tgz")
ENTRIES = (
    Entry("web", "1.2.3", f"sha256:{DIGEST}", URLS, "2024-01-02T03:04:05.123456789Z"),
    Entry("web", "1.2.2", f"sha256:{DIGEST}", ("web-1.2.2.tgz",), ""),
)


def indented(text: str) -> str:
    """The same with lists indented below their key."""
    lines = text.splitlines()
    begin, end = lines.index("entries:") + 1, len(lines) - 1
    inner = [f"  {line}" if line.startswith(("   ", "  -")) else line for line in lines[begin:end]]
    return "\n".join([*lines[:begin], *inner, *lines[end:]])


LAYOUTS = {
    "helm": LIKE_HELM,
    "indented": indented(LIKE_HELM),
    "quoted": LIKE_HELM.replace("  web:", '  "web":').replace("entries:", '"entries":'),
    "comments": LIKE_HELM.replace("  web:", "# a word\n  # web:\n  web: # ours").replace(
        "entries:", "entries: # all"
    ),
    "windows": LIKE_HELM.replace("\n", "\r\n"),
    "marked": "\ufeff---\n" + LIKE_HELM,
    "reordered": LIKE_HELM.replace("apiVersion: v1\n", "", 1) + "apiVersion: v1\n",
    "json": msgspec.json.encode(yaml.load(LIKE_HELM, Loader=yaml.BaseLoader)).decode(),
    "json, indented": msgspec.json.format(
        msgspec.json.encode(yaml.load(LIKE_HELM, Loader=yaml.BaseLoader)).decode(), indent=4
    ),
    "flow": yaml.safe_dump(yaml.load(LIKE_HELM, Loader=yaml.BaseLoader), default_flow_style=True),
    "anchors": LIKE_HELM.replace("    - https://charts", "    - &here https://charts").replace(
        "urls: [web-1.2.2.tgz]", "urls: [web-1.2.2.tgz]\n    home: *here"
    ),
    "shared": LIKE_HELM.replace("version: 9.9.9", 'version: 9.9.9\n    keys: &keys {a: "1"}').replace(
        "    apiVersion: v2", "    more: *keys\n    apiVersion: v2"
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_entries_are_found_in_every_layout(layout: str) -> None:
    assert find(LAYOUTS[layout].encode(), "web").entries == ENTRIES


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_chart_that_is_not_there_has_near_names(layout: str) -> None:
    found = find(LAYOUTS[layout].encode(), "webb")
    assert found.entries is None
    assert found.nearest == ("web",)


def test_entries_that_helm_would_skip_are_skipped() -> None:
    text = LIKE_HELM.replace("version: 1.2.3\n", "version: one\n").replace(
        "  - digest: sha256", "  - name: web\n  -\n  - version: 1.0.0\n  - digest: sha256"
    )
    found = find(text.encode(), "web").entries
    assert found is not None
    assert [entry.version for entry in found] == ["1.2.2"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("<html>", "no index"),
        ("entries: {}", "apiVersion"),
        ('{"entries": {}}', "apiVersion"),
        ('{"apiVersion": "v1", "entries": []}', "no index"),
        ("apiVersion: v1\nentries:\n  web: text\n", "cannot be read"),
        ('{"apiVersion": "v1", "entries": {"web": [1]}}', "cannot be read"),
        ("apiVersion: v1\nentries: [", "no YAML"),
        ("apiVersion: v1\nentries:\n  web:\n  - " + "[" * 100_000, "no YAML"),
        ("a: 1\n---\nb: 2\n", "no index"),
    ],
)
def test_what_is_no_index_is_refused_with_a_reason(text: str, word: str) -> None:
    with pytest.raises(BadIndex, match=word):
        find(text.encode(), "web")


def test_a_large_index_in_a_layout_of_its_own_is_refused_not_parsed() -> None:
    entry = '{"name": "web", "version": "1.0.0", "urls": ["x"]}, '
    text = "apiVersion: v1\nentries: {web: [" + entry * (READ_WHOLE_BYTES // len(entry) + 1) + "]}"
    began = time.process_time()
    with pytest.raises(BadIndex, match="laid out"):
        find(text.encode(), "web")
    assert time.process_time() - began < 2


def large(charts: int, versions: int) -> bytes:
    chance = random.Random(1)
    lines = ["apiVersion: v1", "entries:"]
    for chart in range(charts):
        lines.append(f"  chart-{chart}:")
        for version in range(versions):
            number = f"{version // 100}.{version % 100}.0"
            lines += [
                *("  - annotations:", "      images: |", "        - name: app", "          image: app:1"),
                *("    apiVersion: v2", f'    created: "2024-01-01T00:00:00.{version:06}Z"'),
                *("    dependencies:", "    - name: common", "      version: 2.x.x"),
                *(
                    "    description: What one would expect of a chart that is",
                    "      described over two lines",
                ),
                *(f"    digest: {chance.getrandbits(256):064x}", "    home: https://example.com"),
                *("    keywords:", "    - first", "    - second", "    maintainers:", "    - name: Somebody"),
                *("      url: https://example.com", f"    name: chart-{chart}", "    type: application"),
                *("    urls:", f"    - https://charts.example.com/chart-{chart}-{number}.tgz"),
                f"    version: {number}",
            ]
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize(("charts", "versions"), [(250, 150), (3, 12_000)])
def test_twenty_megabytes_cost_about_a_second_and_little_memory(charts: int, versions: int) -> None:
    index = large(charts, versions)
    assert len(index) > 20_000_000
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    found = find(index, f"chart-{charts - 1}").entries
    assert time.process_time() - began < 6
    assert found is not None
    assert len(found) == versions
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 400 << 10


names = st.text(alphabet="abc-1", min_size=1, max_size=6).map(lambda text: f"c{text}")
entries = st.fixed_dictionaries(
    {
        "version": st.sampled_from(["1.0.0", "1.2.3-rc.1", "0.1.0+x", "bad", "v2.0.0", "1.10"]),
        "urls": st.lists(
            st.sampled_from(["a.tgz", "https://x.example/a.tgz", "#a", "a: b", "- a"]), max_size=2
        ),
    },
    optional={
        "digest": st.sampled_from([DIGEST, "", "short"]),
        "created": st.sampled_from(["2024-01-01T00:00:00Z", "never"]),
        "description": st.text(alphabet="ab:\n -#'\"{}[]|>", max_size=40),
        "keywords": st.lists(st.sampled_from(["name: x", "version: 2", "x"]), max_size=3),
        "annotations": st.dictionaries(
            st.sampled_from(["name", "version", "a"]), st.text(alphabet="ab:\n -", max_size=20), max_size=2
        ),
    },
)


@given(
    st.dictionaries(names, st.lists(entries, max_size=3), min_size=1, max_size=4), st.sampled_from([20, 4000])
)
def test_reading_lines_and_reading_the_whole_agree(
    charts: dict[str, list[dict[str, object]]], width: int
) -> None:
    listed = {name: [{**entry, "name": name} for entry in found] for name, found in charts.items()}
    whole = {"apiVersion": "v1", "entries": listed, "generated": "2024-01-01T00:00:00Z"}
    text = yaml.safe_dump(whole, width=width, default_flow_style=False).encode()
    for name in charts:
        assert find(text, name) == find(msgspec.json.encode(whole), name)


DEEP = b"[" * 200_000 + b"]" * 200_000


@pytest.mark.parametrize(
    "text",
    [
        b'{"apiVersion":"v1","x":' + DEEP + b',"entries":{}}',
        b'{"apiVersion":"v1","entries":{"web":' + DEEP + b"}}",
        b'{"apiVersion":"v1","entries":{"web":[{"x":' + DEEP + b"}]}}",
        b'{"apiVersion":"\xff","entries":{}}',
        b'{"apiVersion":"v1","entries":{"web":[{"name":"\xff"}]}}',
        b"apiVersion: v1\nentries:\n  web:\n  - name: web\n    version: 1.0.0\n    urls: 5\n",
        b"apiVersion: v1\nentries: {web: [{name: web, version: 1.0.0, urls: true}]}\n",
    ],
)
def test_an_index_written_to_break_its_reader_is_refused(text: bytes) -> None:
    with pytest.raises(BadIndex):
        find(text, "web")
