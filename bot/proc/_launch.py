"""Confines its own process and then becomes another program. Run as a script, never imported for its functions.

It imports nothing but the standard library's smallest parts: every millisecond here is paid for every rendering
(`signal` alone, which brings `enum` along, would cost a third of the start).
Landlock, prctl and unshare have no Python API, hence the raw system calls. Anything that fails ends the launcher with
exit code 125 before the program has started.
"""

import ctypes
import errno
import os
import resource
import sys

LAUNCH_FAILED = 125

_SYS_LANDLOCK_CREATE_RULESET, _SYS_LANDLOCK_ADD_RULE, _SYS_LANDLOCK_RESTRICT_SELF = 444, 445, 446
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 38, 22
_SIGKILL = 9
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000

_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_ON_FILES = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
"""Execute, write, read, truncate, ioctl: the rights that a rule for a single file may name."""
_FS_RIGHTS_BY_ABI = ((1, 1 << 13), (2, 1 << 14), (3, 1 << 15), (5, 1 << 16))
"""From this ABI on, the file rights are all bits below that one."""

_CALLS = {
    "x86_64": (
        *(109, 112),  # setpgid, setsid: so that all can be found and ended
        *(41, 425),  # socket, and io_uring_setup, which makes them past such a filter
        *(76, 90, 91, 92, 93, 94, 132, 188, 189, 190, 197, 198, 199, 235, 260, 261, 268, 280, 452, 463, 466),
        *(29, 64, 68, 240),  # shmget, semget, msgget, mq_open: what they make outlives who made it
        *(141, 142, 144, 203, 251, 314),  # setpriority, sched_set*, ioprio_set: of any process of the user
    ),
    "aarch64": (
        *(154, 157),
        *(198, 425),
        *(5, 6, 7, 14, 15, 16, 45, 52, 53, 54, 55, 88, 452, 463, 466),
        *(194, 190, 186, 180),
        *(140, 118, 119, 122, 30, 274),
    ),
}
"""What a family may not call, by machine. The third of each is truncate, and what changes a file's mode, owner, times and
attributes: Landlock lets that through, wherever the file lies.
"""
_SIGNALS = {"x86_64": (62, 200, 234, 129, 297, 424), "aarch64": (129, 130, 131, 138, 240, 424)}
"""kill and its kin. Before this version Landlock lets them end any process of the user:"""
_SCOPES_SIGNALS = 6
_PRLIMIT = {"x86_64": 302, "aarch64": 261}
"""Only of the process itself: it takes away what another process of the user may use."""
_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""As seccomp calls them."""
_SECCOMP_FILTER = 2
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOWED, _REFUSED = 0x7FFF0000, 0x00050000 | errno.EPERM
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
"""Where in what a filter is shown the call's number stands, the machine it is of, and the lower half of its argument."""
_OTHER_ABI = 0x40000000
"""On x86-64 the same calls have other numbers from here on."""
_NICENESS = 15

_libc = ctypes.CDLL(None, use_errno=True)


class _RulesetAttr(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def landlock_abi() -> int:
    """The kernel's Landlock version, 0 where there is none or it is switched off."""
    version: int = _libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    return max(0, version)


def drop_network() -> None:
    """Move into a network namespace that has no interfaces, which an unprivileged user may do in a namespace of users."""
    _checked(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET), "unshare")


def forbid_new_privileges() -> None:
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jt", ctypes.c_uint8),
        ("jf", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def keep_together(abi: int) -> None:
    """Let neither this process nor what it starts get away, or at anything of ours that Landlock does not keep from them.

    They stay in one process group, make no socket, change no file's attributes, leave nothing in the kernel's memory, and
    set nothing of other processes; where Landlock, of version `abi`, does not see to signals they send none.
    """
    machine = os.uname().machine
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"no filter of system calls is known for {machine}")
    calls = (*_CALLS[machine], *(_SIGNALS[machine] if abi < _SCOPES_SIGNALS else ()))
    refusal = 8 + len(calls)
    instructions = [
        (_LOAD, 0, 0, _MACHINE),
        (_IF_EQUAL, 0, refusal - 2, _MACHINES[machine]),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, refusal - 4, 0, _OTHER_ABI),
        *((_IF_EQUAL, refusal - 5 - index, 0, call) for index, call in enumerate(calls)),
        (_IF_EQUAL, 0, 2, _PRLIMIT[machine]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_EQUAL, 0, 1, 0),
        (_RETURN, 0, 0, _ALLOWED),
        (_RETURN, 0, 0, _REFUSED),
    ]
    made = (_Instruction * len(instructions))(*(_Instruction(*each) for each in instructions))
    program = _Filter(len(instructions), made)
    _checked(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_FILTER, ctypes.byref(program), 0, 0), "seccomp")


def restrict(abi: int, grants: list[tuple[str, str]], *, network: bool) -> None:
    """Give up every file right, TCP and signals to others, but for what `grants` names as (kind, path)."""
    all_fs = next(end for first, end in reversed(_FS_RIGHTS_BY_ABI) if abi >= first) - 1
    attr = _RulesetAttr(all_fs, 0b11 if abi >= 4 and not network else 0, 0b11 if abi >= 6 else 0)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = _checked(
        _libc.syscall(
            _SYS_LANDLOCK_CREATE_RULESET, ctypes.byref(attr), ctypes.c_size_t(size), ctypes.c_uint32(0)
        ),
        "landlock_create_ruleset",
    )
    rights = {"read": _READ_FILE | _READ_DIR, "write": all_fs & ~_EXECUTE, "execute": _EXECUTE | _READ_FILE}
    for kind, path in grants:
        _grant(ruleset, rights[kind], path)
    _checked(
        _libc.syscall(_SYS_LANDLOCK_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)), "landlock_restrict_self"
    )
    os.close(ruleset)


def _grant(ruleset: int, rights: int, path: str) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not os.path.isdir(path):  # noqa: PTH112 - pathlib costs this process more than its whole work
        rights &= _ON_FILES
    rule = _PathBeneathAttr(rights, descriptor)
    _checked(
        _libc.syscall(_SYS_LANDLOCK_ADD_RULE, ruleset, 1, ctypes.byref(rule), ctypes.c_uint32(0)),
        "landlock_add_rule",
    )
    os.close(descriptor)


def _checked(result: int, name: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def _limit(setting: str) -> None:
    name, _, value = setting.partition(":")
    kind = getattr(resource, f"RLIMIT_{name}")
    _, hard = resource.getrlimit(kind)
    wanted = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
    resource.setrlimit(kind, (wanted, wanted))


def _confine(options: list[str]) -> list[str]:
    """Apply the options in the one order that works; returns the names of the variables to pass on."""
    pairs = [(key, value) for key, _, value in (option.partition("=") for option in options)]
    flags = {key for key, _ in pairs}
    abi = int(next(value for key, value in pairs if key == "abi"))
    forbid_new_privileges()
    if "namespace" in flags:
        drop_network()
    if abi:
        grants = [(key, value) for key, value in pairs if key in {"read", "write", "execute"}]
        restrict(abi, grants, network="no-network" not in flags)
    for key, value in pairs:
        if key == "limit":
            _limit(value)
    if "family" in flags:
        os.nice(_NICENESS)
        keep_together(abi)
    return [value for key, value in pairs if key == "env"]


def _launch(arguments: list[str]) -> None:
    parent = os.getppid()
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os._exit(LAUNCH_FAILED)  # the parent died before the signal was set
    separator = arguments.index("--")
    program = arguments[separator + 1 :]
    # Python itself may have added LC_CTYPE to the environment: only what was named goes on.
    names = _confine(arguments[:separator])
    os.execve(program[0], program, {name: os.environ[name] for name in names})  # noqa: S606 - our whole purpose


def _probe(secret: str) -> None:
    """Try to do what a confined program must not, and print which layers stopped it."""
    forbid_new_privileges()
    abi = landlock_abi()
    try:
        drop_network()
    except OSError as error:
        _say(f"namespace-error={error.strerror}")
    else:
        _say(f"namespace={int(_refused(lambda: _connect('SOCK_DGRAM'), errno.ENETUNREACH))}")
    _say(f"abi={abi}")
    if abi:
        restrict(abi, [], network=False)
        _say(f"files={int(_refused(lambda: os.close(os.open(secret, os.O_RDONLY)), errno.EACCES))}")
        _say(f"tcp={int(_refused(lambda: _connect('SOCK_STREAM'), errno.EACCES))}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _connect(kind: str) -> None:
    import _socket  # noqa: PLC0415 - the probe alone needs it, and `socket` would double the launcher's start

    client = _socket.socket(_socket.AF_INET, getattr(_socket, kind))
    try:
        client.connect(("127.0.0.1", 9))
    finally:
        client.close()


def _refused(attempt: object, expected: int) -> bool:
    try:
        attempt()  # type: ignore[operator] # typing would cost an import
    except OSError as error:
        return error.errno == expected
    return False


def _main(arguments: list[str]) -> None:
    try:
        if arguments[0] == "probe":
            _probe(arguments[1])
        else:
            _launch(arguments)
    except (OSError, ValueError, KeyError, IndexError) as error:
        sys.stderr.write(f"cannot confine the program: {error}\n")
        sys.exit(LAUNCH_FAILED)


if __name__ == "__main__":
    _main(sys.argv[1:])
