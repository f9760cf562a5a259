"""Reads along: everything that the agent sends to a router, decoded, in order.

A packet socket on the router's side of the link collects in the kernel; nothing runs meanwhile.
"""

import ipaddress
import socket
import struct
from dataclasses import dataclass, field

from . import bgp
from .netlink import SO_RCVBUFFORCE
from .netns import Namespace

_ETH_P_ALL = 0x0003
_FIN, _SYN, _RST = 0x01, 0x02, 0x04
_TCP = 6


@dataclass
class Stream:
    """One direction of one TCP connection, put together in order of sequence numbers."""

    next_seq: int
    data: bytes = b""
    ended: bool = False
    early: dict[int, bytes] = field(default_factory=dict)

    def add(self, seq: int, payload: bytes) -> None:
        self.early[seq] = payload
        while self.next_seq in self.early:
            part = self.early.pop(self.next_seq)
            self.data += part
            self.next_seq = (self.next_seq + len(part)) % 2**32


class WireTap:
    """Taps connections (in either direction) between `source` and port 179 of any host."""

    def __init__(self, namespace: Namespace, source: str, device: str = "eth0"):
        self._source = ipaddress.ip_address(source).packed
        self._streams: dict[tuple[int, int], Stream] = {}
        with namespace.inside():
            self._socket = socket.socket(
                socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL)
            )
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        self._socket.bind((device, _ETH_P_ALL))
        self._socket.setblocking(False)

    def conversations(self) -> list[list[bgp.Open | bgp.Update | bgp.Notification | bgp.Message]]:
        """Per TCP connection what the source has sent so far."""
        self._drain()
        return [
            [bgp.decode(raw) for raw in bgp.split(stream.data)[0]]
            for stream in self._streams.values()
            if stream.data
        ]

    def last_conversation(self) -> list[bgp.Open | bgp.Update | bgp.Notification | bgp.Message]:
        return self.conversations()[-1]

    def _drain(self) -> None:
        while True:
            try:
                packet = self._socket.recv(65536)
            except BlockingIOError:
                return
            if (segment := self._tcp_from_source(packet)) is not None:
                self._add(segment)

    def _tcp_from_source(self, packet: bytes) -> bytes | None:
        version = packet[0] >> 4
        if version == 4 and packet[9] == _TCP and packet[12:16] == self._source:
            total = int.from_bytes(packet[2:4], "big")
            return packet[(packet[0] & 15) * 4 : total]
        if version == 6 and packet[6] == _TCP and packet[8:24] == self._source:
            return packet[40 : 40 + int.from_bytes(packet[4:6], "big")]
        return None

    def _add(self, segment: bytes) -> None:
        source_port, target_port, seq = struct.unpack_from(">HHI", segment)
        if 179 not in (source_port, target_port):
            return
        flags, payload = segment[13], segment[(segment[12] >> 4) * 4 :]
        key = (source_port, target_port)
        if flags & _SYN:
            self._streams[key] = Stream((seq + 1) % 2**32)
        elif key in self._streams:
            if payload:
                self._streams[key].add(seq, payload)
            if flags & (_FIN | _RST):
                self._streams[key].ended = True

    def close(self) -> None:
        self._socket.close()
