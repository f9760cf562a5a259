"""Removals as reported by the kernel: addresses from lo, elements from nftables maps. A socket that
was opened before misses none of them, however short the removal was."""

import socket
import struct

from .netns import Namespace

_NETLINK_ROUTE, _NETLINK_NETFILTER = 0, 12
_RTMGRP_IPV4_IFADDR, _RTMGRP_IPV6_IFADDR = 0x10, 0x100
_NFNLGRP_NFTABLES = 7
_RTM_DELADDR, _IFA_ADDRESS = 21, 1
_NFNL_SUBSYS_NFTABLES, _NFT_MSG_DELSETELEM = 10, 14
_LO = 1


class Removals:
    def __init__(self, namespace: Namespace):
        with namespace.inside():
            self._route = _open(_NETLINK_ROUTE, _RTMGRP_IPV4_IFADDR | _RTMGRP_IPV6_IFADDR)
            self._nft = _open(_NETLINK_NETFILTER, 1 << (_NFNLGRP_NFTABLES - 1))

    def addresses(self) -> set[str]:
        """Removed from lo since the last call."""
        return {address for kind, body in _read(self._route) for address in _deleted(kind, body)}

    def elements(self) -> bytes:
        """The messages, as they are, that removed elements of nftables sets since the last call."""
        wanted = _NFNL_SUBSYS_NFTABLES << 8 | _NFT_MSG_DELSETELEM
        return b"".join(body for kind, body in _read(self._nft) if kind == wanted)

    def close(self) -> None:
        self._route.close()
        self._nft.close()


def _open(protocol: int, groups: int) -> socket.socket:
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    s.bind((0, groups))
    s.setblocking(False)
    return s


def _read(s: socket.socket) -> list[tuple[int, bytes]]:
    found = []
    while True:
        try:
            data = s.recv(1 << 17)
        except BlockingIOError:
            return found
        while len(data) >= 16:
            length, kind = struct.unpack_from("=IH", data)
            found.append((kind, data[16:length]))
            data = data[(length + 3) & ~3 :]


def _deleted(kind: int, body: bytes) -> list[str]:
    family, _, _, _, index = struct.unpack_from("=BBBBI", body)
    if kind != _RTM_DELADDR or index != _LO:
        return []
    attributes = body[8:]
    while len(attributes) >= 4:
        length, number = struct.unpack_from("=HH", attributes)
        if number == _IFA_ADDRESS:
            return [socket.inet_ntop(family, attributes[4:length])]
        attributes = attributes[(length + 3) & ~3 :]
    return []
