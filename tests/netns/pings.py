"""ICMP echo requests to VIPs, every few milliseconds: not one may stay without an answer."""

import itertools
import socket
import struct
import threading
import time
from types import TracebackType

from .netns import Namespace
from .wait import wait_until

_EVERY = 0.002
# A raw socket receives the replies to all others of its namespace: identifiers of 16 bits differ.
_identifiers = itertools.count(1)


class _Pinger:
    """One address, over a socket of the namespace. The kernel of the host answers."""

    def __init__(self, namespace: Namespace, address: str):
        self.address = address
        self._identifier = next(_identifiers) & 0xFFFF
        self._six = ":" in address
        with namespace.inside():
            if self._six:
                self._socket = socket.socket(
                    socket.AF_INET6, socket.SOCK_RAW, socket.getprotobyname("ipv6-icmp")
                )
            else:
                self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._socket.settimeout(0)
        self.sent = 0
        self.answered: set[int] = set()

    def send(self) -> None:
        self.sent += 1
        head = struct.pack("!BBHHH", 128 if self._six else 8, 0, 0, self._identifier, 0)
        packet = head + struct.pack("!I", self.sent)
        if not self._six:  # of ICMPv6 the kernel makes it
            total = sum(struct.unpack("!6H", packet))
            total = (total & 0xFFFF) + (total >> 16)
            packet = packet[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + packet[4:]
        try:
            self._socket.sendto(packet, (self.address, 0))
        except OSError:
            pass  # no route: unanswered

    def receive(self) -> None:
        try:
            while True:
                data, sender = self._socket.recvfrom(2048)
                packet = data if self._six else data[20:]
                kind, _, _, mark, _, number = struct.unpack("!BBHHHI", packet[:12])
                if kind == (129 if self._six else 0) and mark == self._identifier:
                    assert sender[0] == self.address, sender
                    self.answered.add(number)
        except BlockingIOError:
            pass

    def close(self) -> None:
        self._socket.close()


class Pings:
    """From a namespace that has routes to the VIPs. Begins when all answer."""

    def __init__(self, namespace: Namespace, *vips: str):
        self._pingers = [_Pinger(namespace, vip.split("/")[0]) for vip in vips]
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._end.is_set():
            for pinger in self._pingers:
                pinger.send()
                pinger.receive()
            time.sleep(_EVERY)

    def _all_answer(self) -> bool:
        for pinger in self._pingers:
            pinger.send()
            pinger.receive()
        return all(pinger.answered for pinger in self._pingers)

    def __enter__(self) -> "Pings":
        wait_until(self._all_answer, "every VIP answers")
        for pinger in self._pingers:
            pinger.sent = 0
            pinger.answered.clear()
        self._thread.start()
        return self

    def check(self) -> None:
        """Ends them: all were answered."""
        self._end.set()
        self._thread.join()
        for pinger in self._pingers:

            def complete(pinger: _Pinger = pinger) -> bool:
                pinger.receive()
                return set(range(1, pinger.sent + 1)) <= pinger.answered

            wait_until(complete, f"all {pinger.sent} packets to {pinger.address} are answered")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join()
        for pinger in self._pingers:
            pinger.close()
