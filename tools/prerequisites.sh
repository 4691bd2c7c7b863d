#!/bin/sh
# Says what this machine lacks before anything is installed. A shell script, because the Python it finds may be too
# old for anything else in this directory.
set -eu
python=${1:-python3}

lacking() {
    printf 'longshore: %s\n  way out: %s\n' "$1" "$2" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    lacking "there is no $python here" "install Python 3.11 to 3.14, or name yours: make PYTHON=/path/to/python3 setup"
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' ||
    lacking "$python is $("$python" -V 2>&1), and Longshore needs Python 3.11 to 3.14" \
        "install one of these and name it: make PYTHON=python3.13 setup"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    lacking "$python cannot make virtual environments: venv or ensurepip is missing" \
        "on Debian and Ubuntu: apt install python3-venv"
command -v git >/dev/null 2>&1 || lacking 'there is no git here' 'install git 2.38 or newer'
git version | "$python" -c '
import re, sys
sys.exit(tuple(map(int, re.findall(r"\d+", sys.stdin.read())[:2])) < (2, 38))' ||
    lacking "$(git version) is too old: merges without a checkout need 2.38" 'install git 2.38 or newer'
