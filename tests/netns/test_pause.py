"""The agent or the whole host is stopped for a while, as by a snapshot or a live migration."""

import os
import signal
import time
from typing import Any

import pytest

from . import observer
from .agent import Agent
from .configs import app, config, peer
from .observer import Observer
from .responders import Responder
from .testbed import Testbed
from .wait import wait_until

PAUSE = 2.2
"""Longer than the time limit, so that this passes during the pause wherever it begins."""
TIMING = {"monitor_interval": "2s", "timeout": "2s"}

# Answers every check after 0.3 s.
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


def resume(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass  # a command that the agent ended meanwhile


@pytest.mark.parametrize("whole_host", [False, True], ids=["agent", "host"])
def test_pause_withdraws_nothing(bed: Testbed, whole_host: bool) -> None:
    Responder(bed.host, _SERVICES)
    agent, seen = start(bed)
    for kind in MONITORS:
        before = wait_until(
            lambda: (m := monitor_of(agent, kind))["running"] and m, f"a check of {kind} runs"
        )
        others = [pid for pid in bed.host.pids() if pid != agent.process.pid] if whole_host else []
        agent.process.pause()
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
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
