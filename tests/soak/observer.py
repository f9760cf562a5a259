"""A scripted peer whose session stays undisturbed: it sees every update, with the kernel's time."""

import select
import socket
import struct
import threading
import time

from netns import bgp
from netns.rawpeer import RawListener, RawSession
from netns.testbed import ROUTER_AS, Link

HOLD_TIME = 30
_TIMESTAMPS = 35
"""SO_TIMESTAMPNS of asm-generic/socket.h: arrival as the kernel saw it, however late we read."""


class Observer(threading.Thread):
    def __init__(self, link: Link):
        super().__init__(name="observer", daemon=True)
        self.link = link
        self.error: str | None = None
        self.updates = 0
        self.latencies: dict[str, list[float]] = {}
        """By kind of death: seconds from the kill to the withdrawal on the wire."""
        self._lock = threading.Lock()
        self._table: dict[str, frozenset[str]] = {}
        self._deaths: dict[str, tuple[float, str]] = {}
        self._listener = RawListener(link.namespace, link.router_ip)
        self._over = threading.Event()
        self._established = threading.Event()

    @property
    def established(self) -> bool:
        return self._established.is_set() and self.error is None

    def table(self) -> dict[str, frozenset[str]]:
        """Prefix -> communities."""
        with self._lock:
            return dict(self._table)

    def dying(self, vips: tuple[str, ...], kind: str) -> None:
        """Call it before the kill. What is not announced just now is not measured."""
        with self._lock:
            for vip in vips:
                if vip in self._table:
                    self._deaths[vip] = (time.time(), kind)

    def reviving(self, vips: tuple[str, ...]) -> None:
        """Call it before a service returns: a death too short to be seen is not a late one."""
        with self._lock:
            for vip in vips:
                self._deaths.pop(vip, None)

    def close(self) -> None:
        self._over.set()
        if self.is_alive():
            self.join()
        self._listener.close()

    # The thread

    def run(self) -> None:
        try:
            session = self._listener.accept()
            session.socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
            self._follow(session)
            session.close()
        except Exception as error:  # noqa: BLE001 - whatever it is, the soak has failed
            self.error = f"{type(error).__name__}: {error}"

    def _follow(self, session: RawSession) -> None:
        session.send(bgp.open_message(ROUTER_AS, session.local_ip, HOLD_TIME) + bgp.keepalive())
        stream, next_keepalive = b"", time.monotonic() + HOLD_TIME / 3
        while not self._over.is_set():
            if time.monotonic() >= next_keepalive:
                session.send(bgp.keepalive())
                next_keepalive = time.monotonic() + HOLD_TIME / 3
            if not select.select([session.socket], [], [], 0.2)[0]:
                continue
            data, ancillary, *_ = session.socket.recvmsg(65536, 64)
            if not data:
                raise ConnectionError("the agent closed the session")
            messages, stream = bgp.split(stream + data)
            stamp = _stamp(ancillary)
            for message in messages:
                self._handle(message, stamp)

    def _handle(self, raw: bgp.Message, stamp: float) -> None:
        message = bgp.decode(raw)
        if isinstance(message, bgp.Notification):
            raise ConnectionError(f"the agent sent {message}")
        if isinstance(message, bgp.Update):
            with self._lock:
                self._apply(message, stamp)
        elif raw.kind == bgp.KEEPALIVE:
            self._established.set()

    def _apply(self, update: bgp.Update, stamp: float) -> None:
        self.updates += 1
        for prefix in update.withdrawn:
            self._table.pop(prefix, None)
            at, kind = self._deaths.pop(prefix, (stamp + 1, ""))
            if stamp >= at:
                self.latencies.setdefault(kind, []).append(stamp - at)
        has = bgp.COMMUNITIES in update.attributes
        communities = frozenset(update.communities if has else ())
        self._table |= dict.fromkeys(update.announced, communities)


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> float:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _TIMESTAMPS):
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return seconds + nanoseconds / 1e9
    return time.time()
