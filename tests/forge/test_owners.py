"""CODEOWNERS in both grammars: who owns a path."""

import time

import pytest

from bot.forge.owners import MAX_LINES, Grammar, Owners, parse

PLAIN = """
# Everybody
*           @acme/all
*.js        @js
/docs/      @docs   # and nobody else
apps/       a@example.com
/scripts    @tools
docs/*.md   @writers
/apps/free
path\\ with/ @space
"""

SECTIONED = """
* @all
/docs/ @docs

[Database][2] @dba
model/db/
*.sql @sql @lead
!model/db/seed.sql

^[Optional]
README.md @writers
[database]
config/db.yaml
"""


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("a.txt", ("@acme/all",)),
        ("deep/a.js", ("@js",)),
        ("docs/a/b.txt", ("@docs",)),
        ("x/docs/a", ("@acme/all",)),
        ("docs/a.md", ("@writers",)),
        ("docs/deep/a.md", ("@docs",)),
        ("x/docs/a.md", ("@acme/all",)),
        ("x/apps/y", ("a@example.com",)),
        ("scripts/run", ("@tools",)),
        ("scripts", ("@tools",)),
        ("apps/free/x", ()),
        ("path with/x", ("@space",)),
    ],
)
def test_the_last_line_that_fits_decides(path: str, names: tuple[str, ...]) -> None:
    found = parse(PLAIN, Grammar.PLAIN).of(path)
    assert [owners.names for owners in found] == ([names] if names else [])


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("a.txt", [Owners("", ("@all",))]),
        ("docs/a.txt", [Owners("", ("@docs",))]),
        ("x/docs/a.txt", [Owners("", ("@all",))]),
        ("x/model/db/a", [Owners("", ("@all",)), Owners("Database", ("@dba",), 2)]),
        ("model/db/a.sql", [Owners("", ("@all",)), Owners("Database", ("@sql", "@lead"), 2)]),
        ("model/db/seed.sql", [Owners("", ("@all",))]),
        ("x/README.md", [Owners("", ("@all",)), Owners("Optional", ("@writers",), 1, is_optional=True)]),
        ("config/db.yaml", [Owners("", ("@all",))]),
    ],
)
def test_every_section_decides_for_itself(path: str, owners: list[Owners]) -> None:
    assert parse(SECTIONED, Grammar.SECTIONED).of(path) == owners


def test_a_plain_file_has_no_sections() -> None:
    assert [section.name for section in parse("[x] @a\n* @b\n", Grammar.PLAIN).sections] == [""]


@pytest.mark.parametrize("grammar", Grammar)
def test_a_file_made_to_take_long_does_not(grammar: Grammar) -> None:
    began = time.process_time()
    hostile = [f"{'*a' * 20}b @x", f"{'*a' * 100}b @x", "*" * 1000 + " @x", "[" * 400, "\\", "!"]
    owners = parse("\n".join(hostile * 4000), grammar)
    assert owners.of("a" * 2000) == []
    assert sum(len(section.lines) for section in owners.sections) <= MAX_LINES
    # Seconds of our own work: others may have the machine.
    assert time.process_time() - began < 10
