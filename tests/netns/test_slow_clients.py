"""Slow clients: they hold connections without a whole request, and do not lock others out."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config
from .netns import Namespace
from .testbed import Testbed
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
PORT = 8080
HOST = "10.0.1.2"
PART = b"GET /register?name=evil HTTP/1.1\r\nHost: x\r\nX-Slow: "
MANY = 200
TOO_SLOW = 15  # seconds, for the whole of the headers


OTHERS = ("10.0.1.7", "10.0.1.8", "10.0.1.9")


def start(bed: Testbed, **agent: object) -> tuple[Agent, Namespace]:
    """The agent, and another host with some addresses."""
    bed.workdir.chmod(0o755)  # other users reach the admin socket
    far = bed.link().namespace
    for address in OTHERS:
        far.ip(f"address add {address}/32 dev eth0")
    options = {"listen_addr": f":{PORT}", **agent}
    return bed.start_agent(config(PEER, apps=(app("web", VIP4),), agent=options)), far


@contextmanager
def slow(connections: list[socket.socket]) -> Iterator[None]:
    try:
        yield
    finally:
        for connection in connections:
            connection.close()


def begin(namespace: Namespace, to: str, source: str, n: int) -> list[socket.socket]:
    """Connections with the beginning of a request each."""
    with namespace.inside():
        found = [
            socket.create_connection((to, PORT), 10, source_address=(source, 0)) for _ in range(n)
        ]
    for connection in found:
        connection.sendall(PART)
    return found


def begin_as_nobody(path: str, n: int) -> list[socket.socket]:
    found = [socket.socket(socket.AF_UNIX) for _ in range(n)]
    os.seteuid(65534)
    try:
        for connection in found:
            connection.connect(path)
            connection.sendall(PART)
    finally:
        os.seteuid(0)
    return found


def ask(namespace: Namespace, source: str, target: str) -> tuple[int, str]:
    with namespace.inside():
        connection = socket.create_connection((HOST, PORT), 10, source_address=(source, 0))
    with connection:
        request = f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        text = connection.makefile("rb").read().decode()
    return int(text.split()[1]), text


def expect_served(bed: Testbed, agent: Agent, far: Namespace) -> None:
    """This host and another one, over TCP and over the admin socket."""
    assert agent.get("/healthz").status == 200
    assert agent.register("new", VIP6).status == 200
    assert agent.unregister("new").status == 200
    assert agent.admin("/v1/status").status == 200
    status, text = ask(far, OTHERS[2], "/metrics")
    assert status == 200
    assert 'vipherald_api_refused_total{cause="pushed_out"}' in text
    assert bed.host.run(["curl", "-s", f"http://{HOST}:{PORT}/healthz"]).strip() == "ok"


def refused(agent: Agent, cause: str) -> int:
    return int(agent.admin("/v1/status").json()["api"]["refused"][cause])


def test_slow_clients_of_two_other_addresses(bed: Testbed) -> None:
    agent, far = start(bed)
    attackers = begin(far, HOST, OTHERS[0], MANY) + begin(far, HOST, OTHERS[1], MANY)
    with slow(attackers):
        wait_until(lambda: refused(agent, "pushed_out") >= 2 * MANY - 64, "they are limited")
        expect_served(bed, agent, far)
        assert int(agent.admin("/v1/status").json()["api"]["connections"]) <= 64 + 1
        agent.wait_log(r"WARN.*connection from 10\.0\.1\.[78] made room for another one")
    assert "connection from 127.0.0.1" not in agent.log


def test_slow_clients_of_this_host(bed: Testbed) -> None:
    agent, far = start(bed)
    attackers = begin(bed.host, "127.0.0.1", "127.0.0.1", MANY)
    attackers += begin(bed.host, "127.0.0.1", "127.0.0.2", MANY)
    with slow(attackers):
        wait_until(lambda: refused(agent, "pushed_out") >= 2 * MANY - 128, "they are limited")
        expect_served(bed, agent, far)


def test_slow_clients_of_the_admin_socket(bed: Testbed) -> None:
    agent, far = start(bed)
    with slow(begin_as_nobody(str(agent.run_dir / "api.sock"), MANY)):
        wait_until(lambda: refused(agent, "pushed_out") >= MANY - 64, "they are limited")
        expect_served(bed, agent, far)
        agent.wait_log("WARN.*connection from uid 65534 made room for another one")


def test_slow_clients_of_a_unix_socket_that_is_listen_addr(bed: Testbed) -> None:
    path = bed.workdir / "api"
    agent, _ = start(bed, listen_addr=f"unix:{path}")
    path.chmod(0o666)
    with slow(begin_as_nobody(str(path), MANY)):
        wait_until(lambda: refused(agent, "pushed_out") >= MANY - 64, "they are limited")
        assert agent.get("/healthz").status == 200
        assert agent.register("new", VIP6).status == 200


def drip(connection: socket.socket) -> bytes:
    """An octet now and then, so that it is never idle; what comes back in the end."""
    connection.settimeout(0.2)
    while True:
        try:
            connection.sendall(b"x")
            return connection.recv(4096)
        except TimeoutError:
            continue


@pytest.mark.long
def test_a_request_that_comes_octet_by_octet(bed: Testbed) -> None:
    """Headers have a deadline as a whole; the client hears of it."""
    agent, _ = start(bed)
    [connection] = begin(bed.host, "127.0.0.1", "127.0.0.1", 1)
    with connection:
        assert drip(connection).startswith(b"HTTP/1.1 408 ")
    agent.wait_log(f"WARN.*connection from 127.0.0.1 closed: .* not complete after {TOO_SLOW} s")
    assert refused(agent, "too_slow") == 1
    assert agent.admin("/v1/apps/evil").status == 404
