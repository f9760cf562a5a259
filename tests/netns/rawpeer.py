"""A scripted BGP peer: sends what the test says, byte by byte if need be, and reads the answer.

It runs inside the test process, on a socket made in the router's namespace. It does nothing by
itself: no keepalive, no answer. So it is as old, hostile, dead or deaf as the test wants.
"""

import socket
import struct
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from . import bgp
from .netns import Namespace
from .wait import TIMEOUT

M = TypeVar("M")

IP_MINTTL = 21  # linux/in.h; the socket module has no name for it


class RawListener:
    """Accepts sessions on port 179 of one address."""

    def __init__(
        self,
        namespace: Namespace,
        address: str,
        port: int = 179,
        receive_buffer: int | None = None,
        minimum_ttl: int | None = None,
    ):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with namespace.inside():
            self._socket = socket.socket(family)
            # Also finds the interface of a link-local address ("fe80::1%eth0").
            [(*_, name)] = socket.getaddrinfo(address, port, family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if minimum_ttl is not None:
            self._socket.setsockopt(socket.IPPROTO_IP, IP_MINTTL, minimum_ttl)
        self._socket.bind(name)
        self._socket.listen()

    def accept(self, timeout: float = TIMEOUT) -> "RawSession":
        self._socket.settimeout(timeout)
        try:
            connection, _ = self._socket.accept()
        except TimeoutError:
            raise AssertionError(f"no connection within {timeout:g} s") from None
        return RawSession(connection)

    def set_key(self, ip: str, password: str | None) -> None:
        """The TCP MD5 key of connections from there, from now on; None: they have none."""
        _set_key(self._socket, ip, password)

    def close(self) -> None:
        self._socket.close()


def connect(
    namespace: Namespace,
    source: str,
    target: str,
    port: int = 179,
    password: str | None = None,
    ttl: int | None = None,
) -> "RawSession":
    """Connect from the source address; raises OSError as connect() does."""
    with namespace.inside():
        # Also finds the interface of a link-local address ("fe80::1%eth0").
        [(family, *_, own)] = socket.getaddrinfo(source, 0, type=socket.SOCK_STREAM)
        [(*_, there)] = socket.getaddrinfo(target, port, type=socket.SOCK_STREAM)
        connection = socket.socket(family)
    connection.settimeout(TIMEOUT)
    connection.bind(own)
    if password is not None:
        _set_key(connection, target, password)
    if ttl is not None:
        connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    connection.connect(there)
    return RawSession(connection)


_TCP_MD5SIG = 14


def _md5sig(ip: str, password: str) -> bytes:
    """struct tcp_md5sig of linux/tcp.h."""
    if ":" in ip:
        octets = socket.inet_pton(socket.AF_INET6, ip.partition("%")[0])
        address = struct.pack("=HHI16s", socket.AF_INET6, 0, 0, octets)
    else:
        address = struct.pack("=HH4s", socket.AF_INET, 0, socket.inet_aton(ip))
    return address.ljust(128, b"\0") + struct.pack("=BBHi80s", 0, 0, len(password), 0, password.encode())


def _set_key(of: socket.socket, ip: str, password: str | None) -> None:
    try:
        of.setsockopt(socket.IPPROTO_TCP, _TCP_MD5SIG, _md5sig(ip, password or ""))
    except FileNotFoundError:
        assert password is None  # it has none to be removed


class RawSession:
    def __init__(self, connection: socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self._stream = b""
        self._queue: list[bgp.Message] = []
        self.local_ip = connection.getsockname()[0]
        self.remote_ip = connection.getpeername()[0]

    # Sending

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_slowly(self, data: bytes) -> None:
        """Every octet in a segment of its own."""
        for octet in data:
            self.socket.sendall(bytes([octet]))

    # Receiving

    def receive(self, timeout: float = TIMEOUT) -> bgp.Message | None:
        """The next message, or None at the end of the stream."""
        deadline = time.monotonic() + timeout
        while not self._queue:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                raise AssertionError(f"no message within {timeout:g} s") from None
            except ConnectionResetError:
                return None
            if not data:
                return None
            messages, self._stream = bgp.split(self._stream + data)
            self._queue += messages
        return self._queue.pop(0)

    def receive_pending(self) -> list[bgp.Message]:
        """The messages that have arrived; does not wait."""
        assert self._read_arrived(), f"the session has ended: {self._queue}"
        pending, self._queue = self._queue, []
        return pending

    def arrived(self) -> list[bgp.Message]:
        """Those that are here now, also of a session that has ended; they can still be received."""
        self._read_arrived()
        return list(self._queue)

    def _read_arrived(self) -> bool:
        """False: the session has ended."""
        self.socket.settimeout(0)
        try:
            while data := self.socket.recv(65536):
                messages, self._stream = bgp.split(self._stream + data)
                self._queue += messages
        except BlockingIOError:
            return True
        except ConnectionResetError:
            pass
        return False

    def expect_open(self) -> bgp.Open:
        raw = self.receive()
        assert raw is not None and raw.kind == bgp.OPEN, f"expected OPEN, got {raw}"
        return bgp.decode_open(raw.body)

    def expect_keepalive(self) -> None:
        raw = self.receive()
        assert raw == bgp.Message(bgp.KEEPALIVE, b""), f"expected KEEPALIVE, got {raw}"

    def expect_end(self, timeout: float = TIMEOUT) -> None:
        raw = self.receive(timeout)
        assert raw is None, f"expected the end of the session, got {raw}"

    def expect_notification(self, code: int, subcode: int) -> bgp.Notification:
        """Skips other messages; the session must end behind it."""
        seen = []
        while (raw := self.receive()) is not None:
            found = bgp.decode(raw)
            if isinstance(found, bgp.Notification):
                assert (found.code, found.subcode) == (code, subcode), found
                self.expect_end()
                return found
            seen.append(found)
        raise AssertionError(f"the session ended without NOTIFICATION {code}/{subcode}: {seen}")

    def expect_update(
        self, wanted: Callable[[bgp.Update], object], what: str, timeout: float = TIMEOUT
    ) -> bgp.Update:
        """Skips keepalives and other updates."""
        deadline = time.monotonic() + timeout
        seen = []
        while (raw := self.receive(max(deadline - time.monotonic(), 0.001))) is not None:
            found = bgp.decode(raw)
            if isinstance(found, bgp.Update) and wanted(found):
                return found
            seen.append(found)
            assert not isinstance(found, bgp.Notification), f"waiting for {what}: {seen}"
        raise AssertionError(f"the session ended while waiting for {what}; got {seen}")

    def expect_route(self, prefix: str) -> bgp.Update:
        return self.expect_update(lambda update: prefix in update.announced, f"route {prefix}")

    def expect_withdrawal(self, prefix: str) -> bgp.Update:
        return self.expect_update(
            lambda update: prefix in update.withdrawn, f"withdrawal of {prefix}"
        )

    def receive_updates_until_end_of_rib(
        self, families: Iterable[tuple[int, int]] = (bgp.IPV4_UNICAST, bgp.IPV6_UNICAST)
    ) -> list[bgp.Update]:
        """All updates up to the End-of-RIB markers of these families."""
        updates: list[bgp.Update] = []
        missing = set(families)
        while missing:
            update = self.expect_update(lambda _: True, f"End-of-RIB {missing}")
            updates.append(update)
            missing -= {update.end_of_rib}
        return updates

    # Sessions

    def set_key(self, password: str | None) -> None:
        """Another TCP MD5 key, under the session."""
        _set_key(self.socket, self.remote_ip, password)

    def establish(
        self,
        asn: int,
        bgp_id: str | None = None,
        hold_time: int = 90,
        capabilities: bytes | None = None,
    ) -> bgp.Open:
        """Exchange OPEN and KEEPALIVE as a well-behaved peer; returns the agent's OPEN."""
        bgp_id = bgp_id or self.local_ip
        self.send(bgp.open_message(asn, bgp_id, hold_time, capabilities) + bgp.keepalive())
        received = self.expect_open()
        self.expect_keepalive()
        return received

    def close(self) -> None:
        self.socket.close()
