"""TCP sockets of this thread's namespace, as the kernel's socket diagnostics have them (sock_diag(7)).

Not /proc/net/tcp: it goes through the hash table of all namespaces, 5 ms and more a look.
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

ESTABLISHED, LISTEN = 1, 10

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_NLM_F_REQUEST, _NLM_F_DUMP = 0x1, 0x300
_HEADER = struct.Struct("=IHHII")
_ID = 48
"""Octets of a socket's ports, addresses, interface and cookie."""


@dataclass(frozen=True)
class Socket:
    state: int
    port: int
    """The local one."""
    queued: int
    """Of one that listens: how many wait to be accepted."""


def sockets(*states: int) -> Iterator[Socket]:
    """Those in one of these states, of both families."""
    wanted = sum(1 << state for state in states)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as diag:
        for family in (socket.AF_INET, socket.AF_INET6):
            request = struct.pack(f"=BBBBI{_ID}x", family, socket.IPPROTO_TCP, 0, 0, wanted)
            flags = _NLM_F_REQUEST | _NLM_F_DUMP
            diag.send(_HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, flags, 1, 0) + request)
            yield from _answer(diag)


def _answer(diag: socket.socket) -> Iterator[Socket]:
    while True:
        data = diag.recv(1 << 17)
        while data:
            length, kind, *_ = _HEADER.unpack_from(data)
            if kind == _NLMSG_DONE:
                return
            assert kind != _NLMSG_ERROR, struct.unpack_from("=i", data, _HEADER.size)
            _, state, _, _ = struct.unpack_from("=BBBB", data, _HEADER.size)
            [port] = struct.unpack_from("!H", data, _HEADER.size + 4)
            [queued] = struct.unpack_from("=I", data, _HEADER.size + 4 + _ID + 4)
            yield Socket(state, port, queued)
            data = data[(length + 3) & ~3 :]
