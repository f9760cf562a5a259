"""Clients that are slow, silent or talk nonsense, at the port of the API and at that of BGP."""

import errno
import socket
from dataclasses import dataclass

from netns import bgp
from netns.netns import Namespace

from .actor import Actor
from .context import PORT, Context

SLOW_MAX = 24
BGP_PORT = 179
_REQUEST = b"GET /metrics HTTP/1.1\r\nHost: soak\r\n\r\n"
_EXPECTED = (errno.ECONNRESET, errno.EPIPE, errno.ECONNREFUSED, errno.ENOTCONN)


@dataclass
class _Slow:
    socket: socket.socket
    left: bytes
    """To be sent, an octet at a time; then the answer is read, an octet at a time."""
    patience: int


class Pest(Actor):
    """`neighbour`: the namespace of a configured peer, whose address may talk to the BGP port."""

    def __init__(self, context: Context, neighbour: Namespace, neighbour_ip: str, host_ip: str):
        super().__init__(context, "pest", (0.02, 0.15))
        self._clients: list[_Slow] = []
        self._neighbour, self._neighbour_ip, self._host_ip = neighbour, neighbour_ip, host_ip

    def act(self) -> None:
        self._move_slow_ones()
        action = self.pick(slow=3, http=3, known_bgp=2, unknown_bgp=1, nothing=10)
        getattr(self, f"_{action}")()

    def _nothing(self) -> None:
        pass

    def _connect(self, namespace: Namespace, ip: str, port: int) -> socket.socket:
        with namespace.inside():
            s = socket.socket()
        s.settimeout(5)
        s.connect((ip, port))
        return s

    def _http(self) -> None:
        rng = self.rng
        garbage = rng.choice((
            rng.randbytes(rng.randint(1, 2000)),
            b"GET /" + b"a" * rng.randint(1, 40000) + b" HTTP/1.1\r\n\r\n",
            b"GET /register?name=" + rng.randbytes(20).replace(b"\r", b"") + b" HTTP/1.1\r\n\r\n",
            b"POST /info HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n" + rng.randbytes(5000),
            b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n" + rng.randbytes(99),
            b"GET /info HTTP/1.1\r\n" + b"X: y\r\n" * rng.randint(1, 8000) + b"\r\n",
        ))
        self._throw(self.context.operator, self.context.host_ip, PORT, garbage)
        self.count("garbage: at the API")

    def _known_bgp(self) -> None:
        """From the address of a peer whose session is up, and must stay up."""
        rng = self.rng
        opened = bgp.open_message(65000, self._neighbour_ip)
        garbage = rng.choice((
            b"",
            rng.randbytes(rng.randint(1, 400)),
            bgp.MARKER + b"\xff\xff\x02" + rng.randbytes(99),
            bgp.open_message(rng.randint(1, 64000), self._neighbour_ip),
            bgp.open_message(65000, "0.0.0.0"),
            opened + bgp.keepalive() + bgp.message(bgp.UPDATE, rng.randbytes(rng.randint(0, 300))),
            opened[: rng.randint(1, len(opened))],
            bgp.keepalive(),
            bgp.notification(6, 2),
        ))
        self._throw(self._neighbour, self._host_ip, BGP_PORT, garbage)
        self.count("garbage: at the BGP port, from a peer's address")

    def _unknown_bgp(self) -> None:
        garbage = self.rng.randbytes(self.rng.randint(0, 100))
        self._throw(self.context.operator, self.context.host_ip, BGP_PORT, garbage)
        self.count("garbage: at the BGP port, from a stranger")

    def _throw(self, namespace: Namespace, ip: str, port: int, data: bytes) -> None:
        """Send it, see what comes, hang up; the agent may hang up first."""
        try:
            with self._connect(namespace, ip, port) as s:
                s.settimeout(self.rng.uniform(0.01, 0.2))
                s.sendall(data)
                s.recv(4096)
        except TimeoutError:
            pass
        except OSError as error:
            if error.errno not in _EXPECTED:
                raise

    # Slow clients

    def _slow(self) -> None:
        if len(self._clients) >= SLOW_MAX:
            return
        text = self.rng.choice((_REQUEST, _REQUEST[:20], b""))
        client = self._connect(self.context.operator, self.context.host_ip, PORT)
        client.setblocking(False)
        self._clients.append(_Slow(client, text, self.rng.randint(20, 200)))
        self.count("slow client: at the API")

    def _move_slow_ones(self) -> None:
        for client in list(self._clients):
            client.patience -= 1
            if client.patience <= 0 or not _move(client):
                client.socket.close()
                self._clients.remove(client)

    def finish(self) -> None:
        for client in self._clients:
            client.socket.close()


def _move(client: _Slow) -> bool:
    """One octet; False when the agent has hung up."""
    try:
        if client.left:
            client.socket.send(client.left[:1])
            client.left = client.left[1:]
            return True
        return bool(client.socket.recv(1))
    except BlockingIOError:
        return True
    except OSError:
        return False
