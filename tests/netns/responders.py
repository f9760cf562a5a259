"""Services that answer in a certain way, for checks that look at answers."""

import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from .netns import Namespace

_HTTP = """
import http.server, ssl, sys
port, status, body, cert = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(status)
        self.send_header("X-State", "ready")
        self.send_header("X-Host", self.headers["Host"])
        self.send_header("Via", "1.1 first")
        self.send_header("Via", "1.1 second" + " long" * 200 + " end")
        self.end_headers()
        self.wfile.write(body.encode())
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("", port), Handler)
server.handle_error = lambda *args: None  # a client that has gone is none
if cert:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert)
    server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
"""

_TCP = """
import socket, sys
port, greeting, answer = int(sys.argv[1]), sys.argv[2], sys.argv[3]
s = socket.create_server(("", port))
print("ready", flush=True)
while True:
    c = s.accept()[0]
    try:
        c.sendall(greeting.encode())
        if answer:
            c.recv(100)
            c.sendall(answer.encode())
    except OSError:
        pass
    c.close()
"""

_DNS = """
import selectors, socket, struct, sys
port, mode = int(sys.argv[1]), sys.argv[2]
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("", port))
t = socket.create_server(("", port))
print("ready", flush=True)
def answer(query, tcp):
    flags = {"nxdomain": 0x8183, "truncate": 0x8380}.get(mode, 0x8180)
    if tcp:
        flags = 0x8180
    n = 1 if flags == 0x8180 else 0
    head = query[:2] + struct.pack("!HHHHH", flags, 1, n, 0, 0)
    record = bytes.fromhex("c00c000100010000003c0004c0000207")
    return head + query[12:] + record * n
selector = selectors.DefaultSelector()
selector.register(u, selectors.EVENT_READ)
selector.register(t, selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        if key.fileobj is u:
            query, peer = u.recvfrom(512)
            if mode != "mute":
                u.sendto(answer(query, False), peer)
        else:
            c = t.accept()[0]
            n, = struct.unpack("!H", c.recv(2))
            reply = answer(c.recv(n), True)
            c.sendall(struct.pack("!H", len(reply)) + reply)
            c.close()
"""

_NTP = """
import socket, struct, sys, time
port, mode = int(sys.argv[1]), sys.argv[2]
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("", port))
print("ready", flush=True)
def stamp(now):
    return struct.pack("!Q", int((now + 2208988800) * 2**32))
while True:
    request, peer = u.recvfrom(512)
    now = time.time() + (3600 if mode == "ahead" else 0)
    first = 0xE4 if mode in ("kiss", "unsynchronised") else 0x24
    head = struct.pack("!BBbbII4s", first, 0 if mode == "kiss" else 3, 6, -20, 1 << 10, 1 << 10,
                       b"DENY" if mode == "kiss" else bytes(4))
    origin = bytes(8) if mode == "forged" else request[40:48]
    if mode != "mute":
        u.sendto(head + stamp(now - 60) + origin + stamp(now) * 2, peer)
"""


class Responder:
    def __init__(self, namespace: Namespace, script: str, *args: object):
        with namespace.inside():
            self._popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", sys.executable, "-ISc", script, *map(str, args)],
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._popen.stdout is not None
        assert self._popen.stdout.readline() == "ready\n", "the service did not start"
        self._popen.stdout.close()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def signal(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def kill(self) -> None:
        self._popen.kill()
        self._popen.wait()

    def __enter__(self) -> "Responder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


def http(
    namespace: Namespace, port: int, status: int = 200, body: str = "ok", cert: Path | None = None
) -> Responder:
    return Responder(namespace, _HTTP, port, status, body, cert or "")


def tcp(namespace: Namespace, port: int, greeting: str = "", answer: str = "") -> Responder:
    return Responder(namespace, _TCP, port, greeting, answer)


def dns(namespace: Namespace, port: int, mode: str = "answer") -> Responder:
    """`mode`: answer (192.0.2.7 to everything), nxdomain, truncate (by UDP), mute."""
    return Responder(namespace, _DNS, port, mode)


def ntp(namespace: Namespace, port: int, mode: str = "answer") -> Responder:
    """Stratum 3. `mode`: answer, ahead (an hour), kiss, unsynchronised, forged, mute."""
    return Responder(namespace, _NTP, port, mode)
