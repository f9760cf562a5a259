"""The agent or the whole host is stopped for a while, as by a snapshot or a live migration."""

import os
import random
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from . import netns, observer, responders
from .agent import Agent
from .configs import app, config, peer
from .freezer import Freezer
from .observer import Observer
from .responders import Responder
from .testbed import Testbed
from .wait import wait_until

PAUSE = 2.2
"""The length of the pause under test, which is slept: the time limit passes in it, wherever it begins."""
TIMING = {"monitor_interval": "2s", "timeout": "2s"}

# Answers every check after 0.3 s: as long as a check runs, and a pause can begin meanwhile.
_SERVICES = """
import http.server, socketserver, threading, time
class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self): time.sleep(.3); self.send_response(200); self.end_headers()
    def log_message(self, *args): pass
class Tcp(socketserver.BaseRequestHandler):
    def handle(self): time.sleep(.3); self.request.sendall(b"hello")
class Dns(socketserver.BaseRequestHandler):
    def handle(self):
        query, sock = self.request
        time.sleep(.3)
        record = bytes.fromhex("c00c000100010000003c0004c0000207")
        head = query[:2] + bytes.fromhex("818000010001") + bytes(4)
        sock.sendto(head + query[12:] + record, self.client_address)
socketserver.BaseServer.handle_error = lambda *args: None
for server in (http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Web),
               socketserver.ThreadingTCPServer(("127.0.0.1", 8001), Tcp),
               socketserver.ThreadingUDPServer(("127.0.0.1", 8053), Dns)):
    threading.Thread(target=server.serve_forever).start()
print("ready", flush=True)
"""

MONITORS: dict[str, Any] = {
    "exec": "exec:sleep 0.3",
    "http": "http://127.0.0.1:8000/",
    "tcp": {"tcp": "127.0.0.1:8001", "expect": "hello"},
    "dns": "dns:127.0.0.1:8053:example.com:A",
}


def vip_of(kind: str) -> str:
    return f"192.0.2.{list(MONITORS).index(kind) + 1}/32"


def monitor_of(agent: Agent, kind: str) -> dict[str, Any]:
    [monitor] = agent.app(kind)["monitors"]
    return monitor


def start(bed: Testbed) -> tuple[Agent, Observer]:
    link = bed.link()
    observer.prepare(link)
    router = bed.start_router("bird", link, observer=observer.NEIGHBOUR)
    apps = tuple(app(kind, vip_of(kind), monitor) for kind, monitor in MONITORS.items())
    agent = bed.start_agent(config(peer(router), apps=apps, agent=TIMING))
    seen = Observer(router)
    seen.wait_routes(*map(vip_of, MONITORS))
    return agent, seen


def stop(pids: list[int]) -> None:
    _send(pids, signal.SIGSTOP)


def resume(pids: list[int]) -> None:
    _send(pids, signal.SIGCONT)


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass  # a command that ended, or that the agent ended, meanwhile


@pytest.mark.parametrize("whole_host", [False, True], ids=["agent", "host"])
@pytest.mark.long
def test_pause_withdraws_nothing(bed: Testbed, whole_host: bool) -> None:
    Responder(bed.host, _SERVICES)
    agent, seen = start(bed)
    for kind in MONITORS:
        before = wait_until(
            lambda: (m := monitor_of(agent, kind))["running"] and m, f"a check of {kind} runs"
        )
        others = [pid for pid in bed.host.pids() if pid != agent.process.pid] if whole_host else []
        agent.process.pause()
        stop(others)
        time.sleep(PAUSE)
        # The agent wakes first, and finds time limits that have passed and no answer.
        agent.process.resume()
        wait_until(lambda: monitor_of(agent, kind)["checks"] > before["checks"], f"{kind} was judged")
        resume(others)
        # One that began after the pause.
        wait_until(
            lambda: monitor_of(agent, kind)["checks"] > before["checks"] + 2, f"{kind} goes on"
        )
        assert seen.withdrawn() == [], f"{kind}: {agent.log}"
    seen.wait_routes(*map(vip_of, MONITORS))
    assert "behind" not in agent.log


def test_service_that_died_in_the_pause_is_withdrawn(bed: Testbed) -> None:
    services = Responder(bed.host, _SERVICES)
    agent, seen = start(bed)
    wait_until(lambda: monitor_of(agent, "http")["running"], "a check runs")
    agent.process.pause()
    services.signal(signal.SIGSTOP)  # for good
    time.sleep(PAUSE)
    agent.process.resume()
    seen.wait_routes(vip_of("exec"))
    services.signal(signal.SIGCONT)
    seen.wait_routes(*map(vip_of, MONITORS))


# ---- many pauses ----

HOSTS = 10
PAUSES = (2.0, 3.5, 5.0, 6.5, 8.0)
"""Seconds, of each host in an order of its own. They are what is tested, and so slept."""

_LEASED = "192.0.2.100/32"
# Renews a lease of three seconds again and again, by a clock of its own as clients do: the pause
# decides what comes late, not a machine on which this stands still for a moment.
_HEARTBEAT = """
import sys, time, urllib.request
print("ready", flush=True)
while True:
    try:
        urllib.request.urlopen(
            f"http://127.0.0.1:8080/register?name=leased&vip={sys.argv[1]}&ttl=3s", timeout=2).read()
    except OSError:
        pass
    time.sleep(.3)
"""

EVERY_KIND: dict[str, Any] = {
    **MONITORS,
    "ntp": "ntp:127.0.0.1:8123",
    "ping": "ping:10.0.1.1",
    "port": "port:tcp:127.0.0.1:8000",
    "process": "process:python3",
    "file": "file:/proc/self/status",
}


class PausedHost:
    """A host with monitors of every kind and with a lease, beside others.

    Each has a thread of its own, with which its processes end (setpriv --pdeathsig).
    """

    def __init__(self, bed: Testbed, number: int):
        self._bed = bed
        self._number = number
        self._others: list[int] = []
        self._freezer: Freezer | None = None
        self._paused = False

    def run(self) -> None:
        """As many pauses as there are lengths; nothing may be withdrawn."""
        self._start()
        lengths = list(PAUSES)
        random.Random(self._number).shuffle(lengths)
        for turn, length in enumerate(lengths):
            self._pause(whole_host=bool((self._number // 2 + turn) % 2), turn=turn)
            time.sleep(length)
            self.resume()
            self._wait_checked()
        assert self._seen.withdrawn() == [], self._agent.log
        self._seen.wait_routes(*self._vips)
        self._bed.stop_agents()

    def _start(self) -> None:
        bed = self._bed
        Responder(bed.host, _SERVICES)
        responders.ntp(bed.host, 8123)
        link = bed.link()
        observer.prepare(link)
        router = bed.start_router("bird", link, observer=observer.NEIGHBOUR)
        vips = [f"192.0.2.{i + 1}/32" for i in range(len(EVERY_KIND))]
        apps = [app(kind, vip, EVERY_KIND[kind]) for kind, vip in zip(EVERY_KIND, vips)]
        timing = {"monitor_interval": "1s", "timeout": "3s"}
        self._agent = bed.start_agent(config(peer(router), apps=tuple(apps), agent=timing))
        self._vips = [*vips, _LEASED]
        Responder(bed.host, _HEARTBEAT, _LEASED)
        self._seen = Observer(router)
        self._seen.wait_routes(*self._vips)

    def _pause(self, whole_host: bool, turn: int) -> None:
        agent = self._agent.process.pid
        self._others = [pid for pid in self._bed.host.pids() if pid != agent] if whole_host else []
        self._paused = True
        if self._number % 2:
            self._freezer = Freezer(f"{netns.own_prefix()}{self._number}-{turn}")
            self._freezer.freeze([agent, *self._others])
            return
        self._agent.process.pause()
        stop(self._others)

    def resume(self) -> None:
        if self._paused and self._freezer:
            self._freezer.remove()
        elif self._paused:
            resume([self._agent.process.pid, *self._others])
        self._paused = False

    def _checks(self) -> dict[str, int]:
        return {kind: monitor_of(self._agent, kind)["checks"] for kind in EVERY_KIND}

    def _wait_checked(self) -> None:
        """One check of each began before the pause, the next one after it."""
        before = self._checks()
        wait_until(
            lambda: all(n > before[kind] + 1 for kind, n in self._checks().items()), "all goes on"
        )


@pytest.fixture
def hosts() -> Iterator[list[PausedHost]]:
    with tempfile.TemporaryDirectory(prefix=netns.own_prefix()) as workdir:
        beds: list[Testbed] = []
        hosts: list[PausedHost] = []
        try:
            for i in range(HOSTS):
                place = Path(workdir) / str(i)
                place.mkdir()
                beds.append(Testbed(place))
                hosts.append(PausedHost(beds[-1], i))
            yield hosts
        finally:
            for host in hosts:
                host.resume()
            for bed in beds:
                bed.destroy()


@pytest.mark.long
def test_fifty_pauses(hosts: list[PausedHost]) -> None:
    """Of the agent alone and with its services, by signals and by the freezer, side by side."""
    with ThreadPoolExecutor(HOSTS) as threads:
        for done in [threads.submit(host.run) for host in hosts]:
            done.result()
