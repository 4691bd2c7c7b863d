"""Reads Markdown as far as it takes to see what is code and what is not, independently of how it was written."""

import re

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


def outside_fences(markdown: str) -> str:
    """The text without its blocks of code. Fails where one is left open."""
    kept: list[str] = []
    closing = ""
    for line in markdown.split("\n"):
        match = FENCE.fullmatch(line)
        if closing:
            if match and match[1].startswith(closing) and not match[2].strip():
                closing = ""
        elif match and "`" not in match[2]:
            closing = match[1]
        else:
            kept.append(line)
    assert not closing, "a fence is left open"
    return "\n".join(kept)


def outside_code(markdown: str) -> str:
    """The text without any code, inline or not: what a forge reads as Markdown and HTML."""
    text = outside_fences(markdown)
    text = re.sub(r"<code>[^<>]*</code>", "", text)
    return "\n".join(_without_spans(line) for line in text.split("\n"))


def _without_spans(line: str) -> str:
    """CommonMark: a run of backticks, not escaped, opens a span that the next run of the same length closes."""
    kept, at = [], 0
    while at < len(line):
        if line[at] == "\\" and at + 1 < len(line):
            kept.append(line[at : at + 2])
            at += 2
        elif line[at] == "`":
            run = re.compile("`+").match(line, at)
            assert run is not None
            close = re.compile(rf"(?<!`)`{{{len(run[0])}}}(?!`)").search(line, run.end())
            if close is None:
                kept.append(run[0])
            at = close.end() if close else run.end()
        else:
            kept.append(line[at])
            at += 1
    return "".join(kept)
