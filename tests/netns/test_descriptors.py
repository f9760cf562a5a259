"""File descriptors run short: new things are refused, what runs goes on."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from .agent import Agent
from .configs import VIP4, app, config, peer
from .routers import Router
from .testbed import Testbed
from .wait import wait_until

LIMIT = 96
LIMITED = ("/usr/bin/prlimit", f"--nofile=64:{LIMIT}")


@pytest.fixture
def sleepers(bed: Testbed) -> Iterator[list[int]]:
    """More processes than there are descriptors."""
    started = [subprocess.Popen(["sleep", "1000"]) for _ in range(LIMIT)]
    yield [process.pid for process in started]
    for process in started:
        process.kill()
        process.wait()


def pid_file(bed: Testbed, pid: int) -> Path:
    path = bed.workdir / f"{pid}.pid"
    path.write_text(f"{pid}\n")
    return path


def descriptors(agent: Agent) -> int:
    return len(os.listdir(f"/proc/{agent.process.pid}/fd"))


def alarms(agent: Agent) -> dict[str, str]:
    return {alarm["alarm"]: alarm["text"] for alarm in agent.status("status")["alarms"]}


def start(bed: Testbed, router: Router, check: str = "exec:true") -> Agent:
    section = {"monitor_interval": "200ms", "exec": {"allow_from": ["config", "http-local"]}}
    apps = (app("web", VIP4, check),)
    agent = bed.start_agent(config(peer(router), apps=apps, agent=section), wrapper=LIMITED)
    router.wait_routes(VIP4)
    return agent


@contextmanager
def short(bed: Testbed, agent: Agent, pids: list[int]) -> Iterator[tuple[int, str]]:
    """With an app for each process, until one is refused; how many were taken, and the answer.

    What requests and commands take comes and goes; connections that stay make up for it.
    """
    taken = 0
    while True:
        monitor = f"process:{pid_file(bed, pids[taken])}"
        response = agent.register(f"a{taken}", f"192.0.2.{100 + taken}/32", monitors=[monitor])
        if response.status != 200:
            break
        taken += 1
    assert response.status == 503, response
    with ExitStack() as idle:
        for _ in range(16):
            with bed.host.inside():
                idle.enter_context(socket.create_connection(("127.0.0.1", 8080)))
        # Once they are accepted, and with room for a command that ends in between.
        wait_until(lambda: descriptors(agent) >= LIMIT // 2 + 8, "the connections are accepted")
        wait_until(lambda: "file-descriptors" in alarms(agent), "they run short")
        yield taken, response.text


def test_the_limit_is_raised_and_commands_get_the_old_one(bed: Testbed) -> None:
    bed.link()
    peer_of = {"peer_ip": "10.0.1.1", "peer_as": 65000}
    apps = (app("web", VIP4, "exec:ulimit -Sn; ulimit -Hn"),)
    agent = bed.start_agent(config(peer_of, apps=apps), wrapper=LIMITED)
    assert f"vipherald_fd_limit {LIMIT}\n" in agent.get("/metrics").text
    wait_until(lambda: agent.app("web")["health"] == "up", "the command ran")
    assert agent.app("web")["monitors"][0]["output"].split() == ["64", str(LIMIT)]


def test_a_process_takes_one_descriptor(bed: Testbed) -> None:
    agent = start(bed, bed.start_router("bird"))
    pid = pid_file(bed, os.getpid())
    assert agent.register("a", "192.0.2.99/32", monitors=[f"process:{pid}"]).status == 200
    before = descriptors(agent)
    for number in range(40):
        vip = f"192.0.2.{100 + number}/32"
        assert agent.register(f"a{number}", vip, monitors=[f"process:{pid}"]).status == 200
    # Commands come and go, and so do the connections of the requests.
    wait_until(lambda: descriptors(agent) < before + 8, "one descriptor for all of them")


def test_at_the_limit(bed: Testbed, sleepers: list[int]) -> None:
    """Running work goes on: checks, the API, and a session that comes back."""
    router = bed.start_router("bird")
    agent = start(bed, router)
    with short(bed, agent, sleepers) as (taken, text):
        assert taken > 0
        assert f"file descriptors are used up (limit {LIMIT}" in text
        assert agent.get(f"/v1/apps/a{taken}").status == 404
        assert "LimitNOFILE" in alarms(agent)["file-descriptors"]
        assert "vipherald_fd_short 1" in agent.get("/metrics").text
        checks = agent.app("web")["monitors"][0]["checks"]
        wait_until(lambda: agent.app("web")["monitors"][0]["checks"] > checks + 2, "commands run")
        assert agent.app("web")["health"] == "up"
        router.stop()
        router.start()
        router.wait_route(VIP4)
        for number in range(taken):
            agent.get(f"/unregister?name=a{number}")
    wait_until(lambda: "file-descriptors" not in alarms(agent), "the alarm goes")
    monitors = [f"process:{pid_file(bed, sleepers[0])}"]
    assert agent.register("late", "192.0.2.99/32", monitors=monitors).status == 200


def test_a_process_that_cannot_be_watched_is_unknown(bed: Testbed, sleepers: list[int]) -> None:
    # A command that ends would leave a descriptor for the process.
    agent = start(bed, bed.start_router("bird"), "file:/")
    path = pid_file(bed, sleepers[-1])
    path.write_text("")
    response = agent.register("mine", "192.0.2.99/32", monitors=[f"process:{path}"])
    assert response.status == 200
    wait_until(lambda: agent.app("mine")["health"] == "down", "there is no pid")
    said = "file descriptors are used up"
    with short(bed, agent, sleepers[:-1]):
        path.write_text(f"{sleepers[-1]}\n")
        wait_until(lambda: said in agent.app("mine")["monitors"][0]["said"], said)
        assert agent.app("mine")["health"] == "down"  # the last result stands
        wait_until(lambda: said in alarms(agent).get("monitor-unable", ""), "it is an alarm")
