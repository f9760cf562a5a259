"""Runs a command on a kernel that lacks something, as far as the command can see.

    python3 without.py [--nftables] [--iptables] [--iptables6] [--aio] COMMAND…

A system call filter answers the very calls by which a process talks to nf_tables (a netlink socket
of netfilter) or to legacy iptables (socket options), or by which it asks for asynchronous I/O, as a
kernel without them does.
"""

import ctypes
import errno
import os
import struct
import sys

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _GREATER_EQUAL, _RETURN = 0x20, 0x15, 0x35, 0x06
_SYSCALLS = {
    "x86_64": {"socket": 41, "setsockopt": 54, "getsockopt": 55, "io_setup": 206},
    "aarch64": {"socket": 198, "setsockopt": 208, "getsockopt": 209, "io_setup": 0},
}[os.uname().machine]
_AF_NETLINK, _NETLINK_NETFILTER = 16, 12
_IPPROTO_IP, _IPPROTO_IPV6 = 0, 41
_XT_FIRST, _XT_LAST = 64, 69
"""Socket options of iptables: IPT_BASE_CTL and the few behind it."""


def _argument(number: int) -> int:
    return 16 + 8 * number


def _without_nftables() -> list[tuple[str, dict[int, tuple[int, int]], int]]:
    return [("socket", {0: (_AF_NETLINK,) * 2, 2: (_NETLINK_NETFILTER,) * 2}, errno.EPROTONOSUPPORT)]


def _without_iptables(*levels: int) -> list[tuple[str, dict[int, tuple[int, int]], int]]:
    return [
        (call, {1: (level, level), 2: (_XT_FIRST, _XT_LAST)}, errno.ENOPROTOOPT)
        for call in ("getsockopt", "setsockopt")
        for level in levels
    ]


def _without_aio() -> list[tuple[str, dict[int, tuple[int, int]], int]]:
    return [("io_setup", {}, errno.ENOSYS)]


def _program(rules: list[tuple[str, dict[int, tuple[int, int]], int]]) -> bytes:
    """Each rule: the system call, what its arguments lie between, and the error for it."""
    code: list[tuple[int, int, int, int]] = []
    for call, arguments, error in rules:
        tests = [(0, _SYSCALLS[call], _SYSCALLS[call])]
        tests += [(_argument(n), low, high) for n, (low, high) in arguments.items()]
        left = 3 * len(tests) + 1
        for offset, low, high in tests:
            left -= 3
            code += [
                (_LOAD, 0, 0, offset),
                (_GREATER_EQUAL, 0, left + 1, low),
                (_GREATER_EQUAL, left, 0, high + 1),
            ]
        code.append((_RETURN, 0, 0, _ERRNO | error))
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *line) for line in code)


def _install(program: bytes) -> None:
    class Filter(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    loaded = Filter(len(program) // 8, program)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        _PR_SET_SECCOMP, _FILTER, ctypes.byref(loaded)
    ):
        raise OSError(ctypes.get_errno(), "seccomp")


def main() -> None:
    rules = []
    command = sys.argv[1:]
    while command and command[0].startswith("--"):
        rules += {
            "--nftables": _without_nftables,
            "--iptables": lambda: _without_iptables(_IPPROTO_IP, _IPPROTO_IPV6),
            "--aio": _without_aio,
            "--iptables6": lambda: _without_iptables(_IPPROTO_IPV6),
        }[command.pop(0)]()
    _install(_program(rules))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
