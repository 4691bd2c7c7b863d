"""Starts a program that dies with its parent: `python launch.py PARENT PROGRAM [ARGUMENT ...]`.

Invariant: whatever ends the parent, SIGKILL included, no part of a control plane outlives it. A small program of its
own because code between fork and exec of a threaded parent may deadlock.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, program, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):
        sys.exit("the parent is gone already")
    os.execv(program, [program, *arguments])


if __name__ == "__main__":
    main()
