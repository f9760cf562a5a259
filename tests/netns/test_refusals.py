"""Whatever the API refuses has had no effect: every endpoint, every refusal."""

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from . import bgp
from .agent import Agent
from .configs import VIP4, app, config
from .netns import Namespace
from .rawpeer import RawListener, RawSession
from .testbed import ROUTER_AS, Testbed
from .wait import wait_until

PORT, READ_PORT = 8080, 8081
HOST = "10.0.1.2"
TOKEN = "correct-horse-battery"
OTHER_VIP = "192.0.2.99/32"
ROUTER, OTHER_PEER, ADDED_PEER = "10.0.1.1", "10.0.1.9", "10.0.1.8"
DRAINED = "drained-one"

# Each would change something, or show it to whoever may not see it.
CHANGES = [
    ("GET", f"/register?name=evil&vip={OTHER_VIP}"),
    ("POST", f"/register?name=evil&vip={OTHER_VIP}&monitor=port:tcp:1&ttl=30s"),
    ("PUT", f"/register?name=mine&vip={OTHER_VIP}"),
    ("GET", "/unregister?name=web"),
    ("DELETE", "/unregister?name=mine"),
    ("POST", "/v1/drain?reason=evil"),
    ("PUT", "/v1/apps/web/drain"),
    ("POST", "/v1/undrain"),
    ("DELETE", f"/v1/apps/{DRAINED}/undrain"),
    ("DELETE", "/v1/apps/mine"),
    ("PUT", "/v1/apps/evil"),
    ("POST", f"/v1/peers/{OTHER_PEER}?peer_as=64999"),
    ("DELETE", f"/v1/peers/{ADDED_PEER}"),
    ("POST", f"/v1/peers/{ROUTER}/disable"),
    ("POST", f"/v1/peers/{ROUTER}/reset"),
    ("POST", f"/v1/peers/{ROUTER}/refresh"),
    ("POST", f"/v1/peers/{ADDED_PEER}/enable"),
    ("POST", "/v1/log?level=debug"),
    ("POST", "/v1/reload"),
    ("POST", "/v1/apps/web/check"),
    ("POST", "/v1/confirm"),
    ("POST", "/v1/diff"),
    ("POST", "/v1/what-if"),
]
SHOW_NOTHING = CHANGES[-4:]
"""Those that are done without an effect."""
BODIES = {"/v1/apps/evil": b'{"vip": "192.0.2.99/32"}'}
READS = [
    ("GET", path)
    for path in (
        "/info", "/ping", "/v1/status", "/v1/apps", "/v1/apps/web", "/v1/peers", "/v1/routes",
        "/v1/nat", "/v1/consul", "/v1/nomad", "/v1/fleet", "/v1/fleet/roll", "/v1/capabilities",
        "/v1/explain?name=web", "/v1/what-if?fail=web", "/v1/events", "/v1/config",
        f"/v1/peers/{ROUTER}", "/metrics", "/healthz", "/readyz", "/", "/page/style.css",
    )
]  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW")
ALLOWED = {
    "/register": {"GET", "POST", "PUT", "DELETE"},
    "/unregister": {"GET", "POST", "PUT", "DELETE"},
    "/v1/reload": {"POST"},
    "/v1/confirm": {"POST"},
    "/v1/diff": {"POST"},
    "/v1/what-if": {"GET", "HEAD", "POST"},
    "/v1/apps/web": {"GET", "HEAD", "PUT", "DELETE"},
    "/v1/apps/mine": {"GET", "HEAD", "PUT", "DELETE"},
    "/v1/apps/evil": {"GET", "HEAD", "PUT", "DELETE"},
    "/v1/apps/web/check": {"POST"},
    **{f"/v1/peers/{peer}": {"GET", "HEAD", "POST", "DELETE"} for peer in (ROUTER, OTHER_PEER, ADDED_PEER)},
    **{f"/v1/peers/{ROUTER}/{order}": {"POST"} for order in ("disable", "reset", "refresh")},
    f"/v1/peers/{ADDED_PEER}/enable": {"POST"},
    "/info": set(METHODS),
    "/ping": set(METHODS),
}
# A request that is hidden in the body of another one.
HIDDEN = f"GET /unregister?name=web HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


@dataclass(frozen=True)
class Case:
    name: str
    head: bytes
    """Request line and headers, up to the empty line; after it comes the body."""
    statuses: set[int]
    """0: closed without a reply."""
    far: bool = False
    to: str = HOST
    port: int = PORT
    leaves: bool = False
    """Without waiting for a reply."""
    ends: bool = True
    """Nothing more will be sent: an answer that takes a while is not waited for then."""


def head(
    method: str, target: str, *headers: str, host: str | None = HOST, token: str | None = TOKEN,
    version: str = "HTTP/1.1", end: bytes = b"",
) -> bytes:  # fmt: skip
    lines = [f"{method} {target} {version}", "Connection: close"]
    lines += [f"Host: {host}"] if host is not None else []
    lines += [f"Authorization: Bearer {token}"] if token is not None else []
    lines += ["Accept: text/html"] if target == "/" else []  # so that the page is asked for
    body = BODIES.get(target.partition("?")[0], b"") if not end and method == "PUT" else b""
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, *headers, "", ""]).encode() + end + body


def joined(target: str, query: str) -> str:
    return f"{target}{'&' if '?' in target else '?'}{query}"


def bodies(method: str, target: str) -> Iterator[Case]:
    """Too long, broken, and with another request in them."""
    many = 17 << 20 if target in ("/v1/diff", "/v1/what-if") else 1 << 17
    chunk = HIDDEN.ljust(1024, b"\n")
    chunks = (b"400\r\n" + chunk + b"\r\n") * (many // 1024)
    length = f"Content-Length: {many}"
    chunked = "Transfer-Encoding: chunked"
    yield Case("long body", head(method, target, length, end=HIDDEN * 9), {413})
    yield Case("long chunked body", head(method, target, chunked, end=chunks), {413})
    for name, headers, end in (
        ("no length", ["Content-Length: many"], HIDDEN),
        ("negative length", ["Content-Length: -1"], HIDDEN),
        ("huge length", [f"Content-Length: {2**64}"], HIDDEN),
        ("broken chunk", [chunked], b"zz\r\n" + HIDDEN),
        ("huge chunk", [chunked], b"fffffffffffffffff\r\n" + HIDDEN),
    ):
        yield Case(name, head(method, target, *headers, end=end), {0, 400, 413})
    for name, header, end in (
        ("body that ends early", "Content-Length: 100", b"x"),
        ("chunks that end early", chunked, b"400\r\n" + b"x"),
    ):
        yield Case(name, head(method, target, header, end=end), {0}, leaves=True)


def for_all(method: str, target: str) -> Iterator[Case]:
    path = target.partition("?")[0]
    for other in METHODS:
        if other not in ALLOWED.get(path, {"GET", "HEAD"} if (method == "GET") else {"POST", "PUT", "DELETE"}):
            yield Case(f"method {other}", head(other, target), {405})
    query = target.partition("?")[2]
    for other in (f"{path}x", f"/{path}", f"{path}/", path.upper(), f"/x/..{path}", f"{path}%00"):
        if not other.startswith(("/v1/apps/", "/v1/peers/")) and other != target:
            status = 400 if "%" in other else 404
            yield Case(f"path {other}", head(method, f"{other}?{query}"), {status})
    yield Case("wrong token", head(method, target, token=TOKEN[:-1] + "x"), {401})
    yield Case("two Hosts", head(method, target, f"Host: {HOST}"), {400})
    yield Case("no Host", head(method, target, host=None), {400})
    yield Case("on a VIP", head(method, target, host=VIP4[:-3]), {403}, to=VIP4[:-3])
    yield Case("long URL", head(method, joined(target, "x=" + 40_000 * "y")), {414})
    yield Case("longer URL", head(method, joined(target, "x=" + 500_000 * "y")), {414})
    yield Case("many parameters", head(method, joined(target, "&".join(300 * ["x=1"]))), {400})
    yield Case("long header", head(method, target, "X: " + 70_000 * "y"), {431})
    yield Case("many headers", head(method, target, *(f"X{i}: y" for i in range(4000))), {431})
    yield Case("another role", head(method, target, token=None), {403}, far=True)
    yield Case("a request that ends early", head(method, target)[:-2], {0}, leaves=True)
    yield Case("a line without a colon", head(method, target, "nonsense"), {0, 400})
    yield Case("no version", f"{method} {target}\r\n\r\n".encode(), {0, 400, 403})
    yield Case("version 9", head(method, target, version="HTTP/9.9"), {0, 400, 505})
    yield from bodies(method, target)


def for_changes(method: str, target: str) -> Iterator[Case]:
    for header in ("Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site",
                   "Via: 1.1 x", "X-Forwarded-For: 203.0.113.1"):  # fmt: skip
        yield Case(header, head(method, target, header), {403})
    yield Case("name in Host", head(method, target, host="evil.example"), {403})
    yield Case("address in Host", head(method, target, host="203.0.113.1"), {403})
    yield Case("to read_addr", head(method, target, host=HOST), {403}, port=READ_PORT)
    if not target.startswith("/unregister"):
        # Those of a peer are keys of the configuration.
        status = 422 if "peer_as" in target else 400
        yield Case("unknown parameter", head(method, joined(target, "bogus=1")), {status})
        yield Case("NUL", head(method, joined(target, "name=a%00b&reason=a%00b")), {400})


SPECIAL = [
    ("GET", "/register", 400),
    ("GET", "/register?name=evil", 400),
    ("GET", f"/register?vip={OTHER_VIP}", 400),
    ("GET", f"/register?name=&vip={OTHER_VIP}", 400),
    ("GET", f"/register?name=a/b&vip={OTHER_VIP}", 400),
    ("GET", f"/register?name=evil&name=evil&vip={OTHER_VIP}", 400),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&vip=nonsense", 400),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&vip={OTHER_VIP}", 400),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&monitor=port:tcp:99999", 400),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&quorum=2", 400),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&nat=tcp", 400),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&vip_communities=70000:1", 400),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&ttl=0", 400),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&ttl=1", 400),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&nat=tcp:80:203.0.113.9:80", 403),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&vip=127.0.0.1/32", 400),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&vip=10.0.1.0/24", 403),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&vip=10.0.1.1/32", 409),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&vip_communities=65535:666", 403),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&vip={VIP4}", 409),
    ("GET", f"/register?name=web&vip={OTHER_VIP}", 409),
    ("GET", f"/register?name=mine&vip={OTHER_VIP}&vip={VIP4}", 409),
    ("GET", f"/register?name=evil&vip={OTHER_VIP}&vip=192.0.2.98/32&vip=192.0.2.97/32", 403),
    ("GET", "/unregister", 400),
    ("GET", "/unregister?name=", 400),
    ("GET", "/unregister?name=web%00", 400),
    ("POST", "/v1/drain?for=0s", 400),
    ("POST", "/v1/drain?for=x", 400),
    ("POST", "/v1/drain?reason=%ff", 400),
    ("POST", "/v1/apps/none/drain", 404),
    ("POST", "/v1/apps/none/undrain", 404),
    ("POST", "/v1/apps/web/drain?for=0s", 400),
    ("POST", "/v1/undrain?reason=x", 400),
    ("POST", "/v1/reload?confirm=x", 400),
    ("POST", "/v1/reload?confirm=25h", 400),
    ("POST", "/v1/confirm", 409),
    ("POST", "/v1/log", 400),
    ("POST", "/v1/log?level=loud", 400),
    ("POST", "/v1/log?level=debug&module=none", 400),
    ("GET", "/v1/apps/none", 404),
    ("GET", "/v1/explain?name=none", 404),
    ("GET", "/v1/explain", 400),
    ("GET", "/v1/events?since=x", 400),
    ("GET", "/v1/events?bogus=1", 400),
]  # fmt: skip


def ask(namespace: Namespace, case: Case) -> int:
    """The status; 0: the connection ended without a reply; -1: it did not end."""
    with namespace.inside():
        connection = socket.create_connection((case.to, case.port), 10)
    received = b""
    with connection:
        try:
            connection.sendall(case.head)
            if case.ends:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it was refused before all was sent
        if case.leaves:
            return 0
        try:
            while data := connection.recv(65536):
                received += data
        except ConnectionError:
            pass
        except TimeoutError:
            return -1
    found = re.match(rb"HTTP/1\.[01] (\d+)", received)
    return int(found[1]) if found else 0


def is_time(key: str) -> bool:
    return key.endswith("_seconds") or key in ("since", "withdraw", "until")


class Bench:
    def __init__(self, bed: Testbed, **limits: int):
        token = bed.workdir / "token"
        token.write_text(f"{TOKEN}\n")
        token.chmod(0o600)
        link = bed.link()
        self.far, self.host = link.namespace, bed.host
        self.far.ip(f"route add {VIP4} via {HOST}")
        listener = RawListener(link.namespace, link.router_ip)
        peer = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS}
        api = {
            "tokens": [{"name": "ops", "file": str(token), "role": "admin"}],
            "remote": "none", "max_vips": 4, **limits,
        }  # fmt: skip
        options = {"listen_addr": f":{PORT}", "read_addr": f"{HOST}:{READ_PORT}", "api": api, "drain_time": "100ms"}
        self.agent: Agent = bed.start_agent(config(peer, apps=(app("web", VIP4),), agent=options))
        self.peer: RawSession = listener.accept()
        listener.close()
        self.peer.establish(ROUTER_AS, hold_time=0)  # it sends no KEEPALIVE meanwhile
        for name, vip in (("mine", "192.0.2.1/32"), (DRAINED, "192.0.2.2/32")):
            assert self.do("GET", f"/register?name={name}&vip={vip}") == 200
            self.peer.expect_route(vip)
        assert self.do("POST", f"/v1/apps/{DRAINED}/drain") == 200
        self.peer.expect_withdrawal("192.0.2.2/32")
        assert self.do("POST", f"/v1/peers/{ADDED_PEER}?peer_as=64998") == 200
        assert self.do("POST", f"/v1/peers/{ADDED_PEER}/disable") == 200
        # A reload would change something.
        self.agent.write_config(config(peer, apps=(app("other", "192.0.2.3/32"),), agent=options))
        bed.workdir.chmod(0o755)
        self._loopback = bed.host.loopback_addresses
        self.before = self.state()

    def do(self, method: str, target: str) -> int:
        return ask(self.host, Case("", head(method, target), set(), ends=False))

    def state(self) -> dict[str, Any]:
        def steady(value: Any) -> Any:
            """Without what goes on by itself."""
            if isinstance(value, dict):
                return {key: steady(item) for key, item in value.items() if not is_time(key)}
            return [steady(item) for item in value] if isinstance(value, list) else value

        status = self.agent.admin("/v1/status").json()
        return {
            "apps": steady(self.agent.admin("/v1/apps").json()),
            "status": {k: steady(status[k]) for k in ("apps", "vips", "drain", "config", "phase")},
            "peers": [
                (peer["address"], peer["state"] == "established", peer["disabled"] is None)
                for peer in self.agent.admin("/v1/peers").json()["peers"]
            ],
            "loopback": self._loopback(),
            "state file": self.agent.state_file.read_text(),
            "debug": "DEBUG" in self.agent.log,
        }

    def settle(self) -> None:
        """The VIP of `mine` has moved; the former one is gone."""
        n = len(self.before["loopback"])
        wait_until(
            lambda: len(self._loopback()) == n and self.agent.app("mine")["vips"][0]["announced"],
            "the VIP has moved",
        )
        self.peer.receive_pending()
        self.before = self.state()

    def difference(self) -> str:
        """Empty when nothing has changed, and no router heard anything."""
        now = self.state()
        changed = [key for key in now if now[key] != self.before[key]]
        sent = [m for m in self.peer.receive_pending() if m.kind == bgp.UPDATE]
        self.peer.send(bgp.keepalive())  # all cases take longer than the hold time, on a slow machine
        return json.dumps({key: now[key] for key in changed}) if changed else "UPDATEs" if sent else ""


def cases() -> Iterator[tuple[str, Case]]:
    for method, target in CHANGES:
        for case in (*for_all(method, target), *for_changes(method, target)):
            yield f"{method} {target}", case
    for method, target in READS:
        for case in for_all(method, target):
            yield f"{method} {target}", case
    for method, target, status in SPECIAL:
        yield f"{method} {target}", Case("itself", head(method, target), {status})


@pytest.mark.long
def test_what_is_refused_has_had_no_effect(bed: Testbed) -> None:
    bench = Bench(bed)
    wrong = []
    for what, case in cases():
        status = ask(bench.far if case.far else bench.host, case)
        if status not in case.statuses:
            wrong.append(f"{what}: {case.name}: {status}, not {case.statuses}")
        assert bench.do("GET", "/ping") == 200  # the case is over
        difference = bench.difference()
        assert not difference, f"{what}: {case.name}: {status}: {difference}"
    assert not wrong, "\n".join(wrong)
    # Without what each case has against it they are done: nothing above passes for a wrong reason.
    for method, target in READS:
        assert bench.do(method, target) == 200, target
    assert not bench.difference()


@pytest.mark.parametrize(("method", "target"), [c for c in CHANGES if c not in SHOW_NOTHING])
def test_what_is_not_refused_has(bed: Testbed, method: str, target: str) -> None:
    bench = Bench(bed)
    if target == "/v1/undrain":
        assert bench.do("POST", "/v1/drain") == 200
        bench.peer.expect_withdrawal(VIP4)
        bench.before = bench.state()
    assert bench.do(method, target) == 200
    if target.endswith(("/disable", "/reset")):
        bench.peer.expect_notification(6, 2 if target.endswith("disable") else 4)
        return
    wait_until(lambda: bench.difference() != "", "it has an effect")


def test_too_many_changes_have_no_effect(bed: Testbed) -> None:
    """429, beside the 403 and 409 of above."""
    bench = Bench(bed, max_apps=2, max_changes=1)
    register = f"/register?name=mine&vip={OTHER_VIP}"
    while (status := bench.do("GET", register)) == 200:
        register = register.replace("99", "98") if "99" in register else register.replace("98", "99")
    assert status == 429
    bench.settle()
    for method, target in (("GET", register), ("PUT", register)):
        assert bench.do(method, target) == 429
        assert not bench.difference()
