"""The agent as process 1 of a PID namespace, as in a container: it reaps orphans, is stopped by
SIGTERM, and is found by `vipherald healthcheck`."""

import errno
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from .agent import Agent, binary
from .configs import VIP4, app, config, peer
from .process import Process, children, is_zombie
from .testbed import Testbed
from .wait import TIMEOUT, wait_until

CONTAINER = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
UNREACHABLE = {"peer_ip": "10.9.9.1", "peer_as": 65000}


class Contained(Agent):
    """The test bed's child is unshare, which waits for process 1 of its namespace."""

    def __init__(self, *arguments: Any, init: tuple[str, ...] = (), **options: Any):
        super().__init__(*arguments, wrapper=[*CONTAINER, *init], **options)

    @property
    def pid(self) -> int:
        """Of process 1, as seen from outside."""
        [pid] = children(self.process.pid)
        return pid

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout: float = TIMEOUT) -> None:
        os.kill(self.pid, number)
        self.expect_exit(0, timeout)

    def enter(self, bed: Testbed, *command: str | Path) -> Process:
        """As `docker exec` does."""
        enter = ["nsenter", "-t", str(self.pid), "--pid", "--mount", "--", *command]
        return bed.host.start(enter, "entered")


def open_gate(gate: Path) -> None:
    """Lets all processes go that wait at it now."""
    try:
        os.close(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
    except OSError as error:
        assert error.errno == errno.ENXIO  # none waits


def wait_all_collected(agent: Contained, gate: Path) -> None:
    def none_left() -> bool:
        open_gate(gate)
        return children(agent.pid) == []

    wait_until(none_left, "they died and no zombie stays")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_withdraws_and_ends(bed: Testbed, number: signal.Signals) -> None:
    router = bed.start_router("bird")
    agent = bed.make_agent(config(peer(router), apps=(app("web", VIP4),)), Contained)
    agent.start()
    router.wait_routes(VIP4)
    agent.stop(number)
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}


def test_signal_during_the_start_is_not_lost(bed: Testbed) -> None:
    """The configuration comes out of a pipe, so that the start waits for us."""
    router = bed.start_router("bird")
    agent = bed.make_agent(config(peer(router), apps=(app("web", VIP4),)), Contained)
    text = agent.config_path.read_text()
    agent.config_path.unlink()
    os.mkfifo(agent.config_path)
    agent.spawn()
    with open(agent.config_path, "w") as pipe:
        # The agent opened it for reading, so it runs.
        os.kill(agent.pid, signal.SIGTERM)
        pipe.write(text)
    agent.expect_exit(0)
    assert bed.host.loopback_addresses() == {}


def test_daemon_of_a_check_is_collected(bed: Testbed) -> None:
    """It outlived its check, without our mark, and exits much later, when no check is due that
    would reap it."""
    gate, there = bed.workdir / "gate", bed.workdir / "there"
    os.mkfifo(gate)
    daemon = f"env -i A=b setsid sh -c '>{there}; read x <{gate}; exit 3' >/dev/null 2>&1"
    command = f"exec:({daemon} &); until [ -e {there} ]; do sleep 0.01; done"
    agent = bed.make_agent(
        config(
            UNREACHABLE,
            apps=(app("web", VIP4, command),),
            agent={"monitor_interval": "1h", "timeout": "1h"},
            local_ip="10.9.9.9",
        ),
        Contained,
    )
    agent.start()
    wait_until(lambda: agent.app("web")["health"] == "up", "the check was made")
    [daemon_pid] = wait_until(lambda: children(agent.pid), "the daemon came to process 1")
    assert not is_zombie(daemon_pid)
    wait_all_collected(agent, gate)


def test_foreign_orphan_is_reaped(bed: Testbed) -> None:
    """Processes that `docker exec` left, in a container whose agent runs no commands."""
    gate = bed.workdir / "gate"
    os.mkfifo(gate)
    agent = bed.make_agent(config(UNREACHABLE, local_ip="10.9.9.9"), Contained)
    agent.start()
    script = f"for i in 1 2 3; do (setsid sh -c 'read x <{gate}' &); done"
    assert agent.enter(bed, "sh", "-c", script).wait() == 0
    wait_until(lambda: len(children(agent.pid)) == 3, "three orphans came to process 1")
    for _ in range(3):
        wait_all_collected(agent, gate)


def test_checks_keep_their_status_among_orphans(bed: Testbed) -> None:
    """Reaping orphans must not take the exit status of a check's own child."""
    orphan = "(env -i A=b setsid true &) >/dev/null 2>&1"
    names = [f"app{n}" for n in range(10)]
    agent = bed.make_agent(
        config(
            UNREACHABLE,
            apps=tuple(
                app(name, f"192.0.2.{n}/32", f"exec:{orphan}; exit {n % 2}")
                for n, name in enumerate(names)
            ),
            agent={"monitor_interval": "1s"},
            local_ip="10.9.9.9",
        ),
        Contained,
    )
    agent.start()

    def all_right() -> bool:
        apps = [agent.app(name) for name in names]
        for entry in apps:
            assert "lost" not in entry["monitors"][0]["said"], entry
        return all(
            entry["monitors"][0]["checks"] >= 4 and entry["health"] == ("down" if n % 2 else "up")
            for n, entry in enumerate(apps)
        )

    wait_until(all_right, "four checks of each app, with the status of its command", 60)
    wait_until(lambda: not any(map(is_zombie, children(agent.pid))), "no zombie stays")


SMALL_INIT = ("sh", "-c", 'trap "kill \\$!" TERM; "$@" & wait $!; wait $!', "init")


@pytest.mark.parametrize("init", [(), SMALL_INIT], ids=["alone", "init"])
def test_healthcheck_finds_process_1(bed: Testbed, init: tuple[str, ...]) -> None:
    """Alone, and with a small init in front."""
    agent = bed.make_agent(config(UNREACHABLE, local_ip="10.9.9.9"), Contained, init=init)
    agent.start()
    check = agent.enter(bed, binary(), "healthcheck")
    assert check.wait() == 0
    assert check.log == "127.0.0.1:8080/healthz: 200 ok\n"
