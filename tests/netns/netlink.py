"""Removals as reported by the kernel: addresses from lo, elements from nftables maps. A socket that
was opened before misses none of them, however short the removal was."""

import socket
import struct
from collections.abc import Iterator

from .netns import Namespace

_NETLINK_ROUTE, _NETLINK_NETFILTER = 0, 12
_RTMGRP_IPV4_IFADDR, _RTMGRP_IPV6_IFADDR = 0x10, 0x100
_NFNLGRP_NFTABLES = 7
_RTM_DELADDR, _IFA_ADDRESS = 21, 1
_NFNL_SUBSYS_NFTABLES, _NFT_MSG_DELSETELEM = 10, 14
_LO = 1

SO_RCVBUFFORCE = 33
"""Of linux/socket.h: more than net.core.rmem_max, which root may have."""


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
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
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
    attributes = dict(_attributes(body[8:]))
    return [socket.inet_ntop(family, attributes[_IFA_ADDRESS])] if _IFA_ADDRESS in attributes else []


_RTM_NEWADDR, _RTM_NEWROUTE = 20, 24
_RTMGRP_IPV4_ROUTE = 0x40
_IFA_LOCAL, _IFA_LABEL, _IFA_PROTO = 2, 3, 11
_RTA_DST, _RTN_LOCAL, _PROTO_OURS = 1, 2, 118
_NLM_F_REQUEST, _NLM_F_ACK, _NLM_F_EXCL, _NLM_F_CREATE = 1, 4, 0x200, 0x400


def add_vip_of_0_1_0(namespace: Namespace, address: str, label: str) -> None:
    """An IPv4 address on lo with scope global, as that version bound VIPs: with the tag that iproute2
    cannot set."""
    packed = socket.inet_aton(address)
    body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, _LO)
    attributes = [(_IFA_LOCAL, packed), (_IFA_ADDRESS, packed), (_IFA_LABEL, label.encode() + b"\0")]
    for number, value in [*attributes, (_IFA_PROTO, bytes([_PROTO_OURS]))]:
        attribute = struct.pack("=HH", 4 + len(value), number) + value
        body += attribute.ljust((len(attribute) + 3) & ~3, b"\0")
    flags = _NLM_F_REQUEST | _NLM_F_ACK | _NLM_F_EXCL | _NLM_F_CREATE
    with namespace.inside():
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE)
    s.sendall(struct.pack("=IHHII", 16 + len(body), _RTM_NEWADDR, flags, 1, 0) + body)
    [error] = struct.unpack_from("=i", s.recv(4096), 16)
    s.close()
    assert error == 0, f"{address}: error {error}"


class AddressTags:
    """The tag (IFA_PROTO) of addresses on lo, as the kernel notifies of each change."""

    def __init__(self, namespace: Namespace):
        with namespace.inside():
            self._socket = _open(_NETLINK_ROUTE, _RTMGRP_IPV4_IFADDR | _RTMGRP_IPV6_IFADDR)

    def is_ours(self, address: str) -> bool:
        """At the first change of the address since the socket was opened, which has to be made."""
        for kind, body in _read(self._socket):
            family, _, _, _, index = struct.unpack_from("=BBBBI", body)
            attributes = dict(_attributes(body[8:]))
            if kind != _RTM_NEWADDR or index != _LO:
                continue
            if socket.inet_ntop(family, attributes[_IFA_ADDRESS]) == address:
                return attributes.get(_IFA_PROTO) == bytes([_PROTO_OURS])
        raise AssertionError(f"{address}: no change was notified")

    def close(self) -> None:
        self._socket.close()


def _attributes(octets: bytes) -> Iterator[tuple[int, bytes]]:
    while len(octets) >= 4:
        length, number = struct.unpack_from("=HH", octets)
        yield number, octets[4:length]
        octets = octets[(length + 3) & ~3 :]


class LocalChanges:
    """Addresses removed from lo and local routes added by the agent, in the kernel's order."""

    def __init__(self, namespace: Namespace):
        with namespace.inside():
            self._socket = _open(_NETLINK_ROUTE, _RTMGRP_IPV4_IFADDR | _RTMGRP_IPV4_ROUTE)

    def read(self) -> list[tuple[str, str]]:
        """("address removed" or "route added", address) since the last call."""
        found = []
        for kind, body in _read(self._socket):
            found += [("address removed", address) for address in _deleted(kind, body)]
            found += [("route added", address) for address in _routed(kind, body)]
        return found

    def close(self) -> None:
        self._socket.close()


def _routed(kind: int, body: bytes) -> list[str]:
    if kind != _RTM_NEWROUTE:
        return []
    family, _, _, _, _, protocol, _, route_type = struct.unpack_from("=BBBBBBBB", body)
    if (family, protocol, route_type) != (socket.AF_INET, _PROTO_OURS, _RTN_LOCAL):
        return []
    attributes = dict(_attributes(body[12:]))
    return [socket.inet_ntop(family, attributes[_RTA_DST])] if _RTA_DST in attributes else []
