"""One agent per network namespace, whoever sits on its name or its port."""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .agent import Agent
from .configs import VIP4, app, config, peer
from .responders import Responder
from .routers import Router
from .run_dir import RUN_DIR
from .testbed import Testbed

NOBODY = pwd.getpwnam("nobody")
NAME = """
import os, socket, sys
os.setuid(int(sys.argv[1]))
s = socket.socket(socket.AF_UNIX)
s.bind("\\0vipherald.lo")
print("ready", flush=True)
import signal; signal.pause()
"""
PORT = """
import os, socket, sys
s = socket.create_server(("127.0.0.1", 8080))
os.setuid(int(sys.argv[1]))
print("ready", flush=True)
import signal; signal.pause()
"""
PASS = """
import os, socket, sys
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=sys.argv[2])
os.execv(sys.argv[3], sys.argv[3:])
"""


@pytest.fixture
def router(bed: Testbed) -> Router:
    return bed.start_router("bird")


def make(bed: Testbed, router: Router, **agent: object) -> Agent:
    return bed.make_agent(config(peer(router), apps=(app("web", VIP4),), agent=agent))


@contextmanager
def squatter(bed: Testbed, script: str, uid: int) -> Iterator[Responder]:
    with Responder(bed.host, script, uid) as process:
        yield process


def alarms(agent: Agent) -> dict[str, str]:
    return {alarm["alarm"]: alarm["text"] for alarm in agent.status("status")["alarms"]}


def test_the_second_agent_names_the_first(bed: Testbed, router: Router) -> None:
    first = make(bed, router)
    first.start()
    second = make(bed, router, listen_addr="127.0.0.1:8081")
    second.spawn()
    log = second.expect_exit(1)
    assert f"another vipherald manages lo in this network namespace: process {first.process.pid}" in log
    router.wait_routes(VIP4)


def test_the_file_is_removed_and_no_other_user_can_take_it(bed: Testbed, router: Router) -> None:
    inode = os.stat(f"/run/netns/{bed.host.name}").st_ino
    lock = RUN_DIR / f"lo-{inode}.lock"
    agent = make(bed, router)
    agent.start()
    assert lock.stat().st_mode & 0o077 == 0
    touch = ["setpriv", f"--reuid={NOBODY.pw_uid}", "--clear-groups", "touch", str(lock)]
    assert subprocess.run(touch, capture_output=True).returncode != 0
    create = [*touch[:-1], str(RUN_DIR / "lo-1.lock")]
    assert subprocess.run(create, capture_output=True).returncode != 0
    agent.stop()
    assert not lock.exists()


def test_another_user_on_the_name_keeps_nothing_from_starting(bed: Testbed, router: Router) -> None:
    with squatter(bed, NAME, NOBODY.pw_uid) as process:
        agent = make(bed, router)
        agent.start()
        router.wait_routes(VIP4)
        text = alarms(agent)["name-taken"]
        assert f"process {process.pid} (python" in text
        assert f"user nobody (uid {NOBODY.pw_uid})" in text
        assert text.split(":")[0] in agent.log
        # The file still keeps a second one away.
        second = make(bed, router, listen_addr="127.0.0.1:8081")
        second.spawn()
        assert f"process {agent.process.pid}" in second.expect_exit(1)


@pytest.mark.parametrize("user", ["root", "agent.user"])
def test_a_vipherald_without_a_file_is_noticed(bed: Testbed, router: Router, user: str) -> None:
    """In a container with a /run of its own: only its name is seen."""
    uid = 0 if user == "root" else NOBODY.pw_uid
    more = {"user": "nobody"} if user == "agent.user" else {}
    with squatter(bed, NAME, uid) as process:
        agent = make(bed, router, **more)
        agent.spawn()
        log = agent.expect_exit(1)
        assert "another vipherald manages lo in this network namespace" in log
        assert f"process {process.pid} (python" in log
        assert f"(uid {uid})" in log


def test_a_taken_port_names_the_process(bed: Testbed, router: Router) -> None:
    with squatter(bed, PORT, NOBODY.pw_uid) as process:
        agent = make(bed, router)
        agent.spawn()
        log = agent.expect_exit(1)
        assert "cannot listen on 127.0.0.1:8080: Address already in use by" in log
        # The user is the one that made the socket. Without CAP_SYS_PTRACE the process is not known.
        assert f"process {process.pid} (python" in log or "another process" in log
        assert "(uid 0)" in log


def test_a_socket_that_is_passed(bed: Testbed, router: Router) -> None:
    wrapper = (sys.executable, "-ISc", PASS, "8080", "1")
    settings = config(peer(router), apps=(app("web", VIP4),), agent={"listen_addr": "127.0.0.1:8080"})
    agent = bed.make_agent(settings, wrapper=wrapper)
    agent.start()
    assert "api: listening on the socket that was passed" in agent.log
    router.wait_routes(VIP4)
    assert agent.register("more", "192.0.2.99/32").status == 200


def test_more_than_one_is_an_error(bed: Testbed, router: Router) -> None:
    agent = bed.make_agent(config(peer(router)), wrapper=(sys.executable, "-ISc", PASS, "8080", "2"))
    agent.spawn()
    assert "2 sockets were passed (LISTEN_FDS), expected one" in agent.expect_exit(1)
