"""A scripted BFD peer: sends what the test says, octet by octet if need be, and reads the answers.

It runs inside the test process, on a socket made in the router's namespace. It does nothing by itself, unless a
test has it stay up.
"""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from .netns import Namespace
from .wait import TIMEOUT

PORT = 3784
ADMIN_DOWN, DOWN, INIT, UP = range(4)
POLL, FINAL, INDEPENDENT, AUTHENTICATED, DEMAND, MULTIPOINT = (1 << n for n in range(5, -1, -1))
_FORMAT = "!BBBBIIIII"


@dataclass(frozen=True)
class Packet:
    """RFC 5880 4.1; times in microseconds."""

    state: int = DOWN
    flags: int = 0
    my_discr: int = 0x77
    your_discr: int = 0
    multiplier: int = 30  # the test may stand still for a moment, which is no silence yet
    min_tx: int = 100_000
    min_rx: int = 100_000
    min_echo_rx: int = 0
    diagnostic: int = 0
    version: int = 1
    length: int = 24

    def encode(self) -> bytes:
        return struct.pack(
            _FORMAT,
            self.version << 5 | self.diagnostic,
            self.state << 6 | self.flags,
            self.multiplier,
            self.length,
            self.my_discr,
            self.your_discr,
            self.min_tx,
            self.min_rx,
            self.min_echo_rx,
        )


def decode(octets: bytes) -> Packet:
    first, second, multiplier, length, *rest = struct.unpack(_FORMAT, octets[:24])
    mine, yours, min_tx, min_rx, echo = rest
    return Packet(
        second >> 6, second & 0x3F, mine, yours, multiplier, min_tx, min_rx, echo, first & 0x1F, first >> 5, length
    )


class BfdPeer:
    def __init__(self, namespace: Namespace, address: str, host: str):
        """Link-local addresses have the interface here behind "%"."""
        with namespace.inside():
            [(family, *_, own)] = socket.getaddrinfo(address, PORT, type=socket.SOCK_DGRAM)
            [(*_, self._host)] = socket.getaddrinfo(host, PORT, type=socket.SOCK_DGRAM)
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self.set_ttl(255)
        self._socket.bind(own)
        self._socket.settimeout(TIMEOUT)
        self.heard = Packet()
        """The agent's last packet."""

    def close(self) -> None:
        self._socket.close()

    def set_ttl(self, ttl: int) -> None:
        if self._socket.family == socket.AF_INET6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
        else:
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)

    def send(self, packet: Packet) -> None:
        self.send_octets(packet.encode())

    def send_octets(self, octets: bytes) -> None:
        self._socket.sendto(octets, self._host)

    def receive(self) -> Packet:
        octets, _ = self._socket.recvfrom(256)
        self.heard = decode(octets)
        return self.heard

    def expect(self, state: int, flags: int = 0) -> Packet:
        """The next packet with this state and at least these flags."""
        deadline = time.monotonic() + TIMEOUT
        while (packet := self.receive()).state != state or packet.flags & flags != flags:
            assert time.monotonic() < deadline, f"no packet with state {state}; the last one: {packet}"
        return packet

    def packet(self, state: int, **fields: int) -> Packet:
        """For the agent's session."""
        return replace(Packet(state=state, your_discr=self.heard.my_discr), **fields)

    def come_up(self, **fields: int) -> None:
        """`fields` of the packets that it sends."""
        self.expect(DOWN)
        self.send(self.packet(INIT, **fields))
        self.expect(UP, POLL)
        self.send(self.packet(UP, flags=FINAL, **fields))

    @contextmanager
    def staying_up(self) -> Iterator[None]:
        """Sends in the background, as a router would."""
        over = threading.Event()

        def run() -> None:
            while not over.wait(0.05):
                self.send(self.packet(UP))

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
