"""Notifications to a service manager: the socket of $NOTIFY_SOCKET, without systemd."""

import re
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .testbed import Testbed
from .wait import TIMEOUT, wait_until

WEB = app("web", VIP4)
WATCHDOG = 0.9
"""Seconds; the agent pings in thirds of it."""


class Manager:
    """Receives as systemd does; every message is a dictionary."""

    def __init__(self, bed: Testbed, abstract: bool = False):
        self.name = f"@{bed.workdir.name}" if abstract else str(bed.workdir / "notify")
        with bed.host.inside():
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.name.replace("@", "\0"))
        self.seen: list[dict[str, str]] = []
        self._bed = bed

    def agent(self, structure: dict, **env: str) -> Agent:
        return self._bed.start_agent(structure, env={"NOTIFY_SOCKET": self.name, **env})

    def next(self, timeout: float = TIMEOUT) -> dict[str, str]:
        self.socket.settimeout(timeout)
        lines = self.socket.recv(4096).decode().splitlines()
        message = dict(line.split("=", 1) for line in lines)
        self.seen.append(message)
        return message

    def wait(self, **wanted: str) -> dict[str, str]:
        """Read on until a message has these values."""
        deadline = time.monotonic() + TIMEOUT
        while not (message := self.next(max(deadline - time.monotonic(), 0.001))).items() >= wanted.items():
            pass
        return message

    def read_waiting(self) -> None:
        """Read all pending messages."""
        try:
            while self.next(0):
                pass
        except BlockingIOError:
            pass

    def fill(self) -> None:
        """Fill the socket: sends fail until a message is read."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            try:
                while sender.sendto(b"FILL=1", self.name):
                    pass
            except BlockingIOError:
                pass


@pytest.fixture
def manager(bed: Testbed) -> Iterator[Manager]:
    manager = Manager(bed)
    yield manager
    manager.socket.close()


def status(apps: str, vips: str, peers: str) -> str:
    return f"{apps} up, {vips} announced, {peers} established"


def test_ready_when_all_apps_are_registered_and_nothing_is_waited_for(
    bed: Testbed, manager: Manager
) -> None:
    bed.link()
    apps = tuple(app(f"a{n}", f"192.0.2.{n}/32") for n in range(1, 100))
    bed.make_agent(
        config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=apps),
        env={"NOTIFY_SOCKET": manager.name},
    ).spawn()
    message = manager.next()
    assert message["READY"] == "1"
    assert message["STATUS"].startswith("99 of 99 apps up, ")
    assert message["STATUS"].endswith(" of 99 VIPs announced, 0 of 1 peer established")


def test_status_follows_what_happens(bed: Testbed, manager: Manager) -> None:
    router = bed.start_router("bird")
    agent = manager.agent(config(peer(router), apps=(WEB,)))
    manager.wait(STATUS=status("1 of 1 app", "1 of 1 VIP", "1 of 1 peer"))
    agent.register("other", "192.0.2.54/32", monitors=["exec:false"])
    manager.wait(STATUS=status("1 of 2 apps", "1 of 2 VIPs", "1 of 1 peer"))
    router.kill()
    manager.wait(STATUS=status("1 of 2 apps", "0 of 2 VIPs", "0 of 1 peer"))


def test_status_counts_vips_that_a_peer_has(bed: Testbed, manager: Manager) -> None:
    """The peer is established, and cannot be sent an IPv6 VIP without a next hop."""
    link = bed.link()
    bed.host.ip(f"addr del {link.host_ip6}/64 dev {link.device}")
    router = bed.start_router("bird", link)
    agent = manager.agent(config(peer(router), apps=(app("six", VIP6),)))
    manager.wait(STATUS=status("1 of 1 app", "0 of 1 VIP", "1 of 1 peer"))
    assert agent.vip(VIP6)["announced"] is False
    agent.register("four", VIP4)
    manager.wait(STATUS=status("2 of 2 apps", "1 of 2 VIPs", "1 of 1 peer"))


def test_status_is_rate_limited_and_not_repeated(bed: Testbed, manager: Manager) -> None:
    router = bed.start_router("bird")
    agent = manager.agent(config(peer(router)))
    begun = time.monotonic()
    manager.wait(STATUS=status("0 of 0 apps", "0 of 0 VIPs", "1 of 1 peer"))
    changes = 0
    # Longer than the interval, and far more often than it allows, however slow the machine is.
    while time.monotonic() < begun + 3 or changes < time.monotonic() - begun + 100:
        agent.register("web", VIP4)
        agent.unregister("web")
        manager.read_waiting()
        changes += 2
    agent.register("web", VIP4)
    agent.register("other", "192.0.2.54/32")
    manager.wait(STATUS=status("2 of 2 apps", "2 of 2 VIPs", "1 of 1 peer"))
    told = [message["STATUS"] for message in manager.seen]
    assert len(told) <= time.monotonic() - begun + 3 < changes
    assert all(before != after for before, after in zip(told, told[1:]))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR2])
def test_stopping_is_sent_at_once(bed: Testbed, manager: Manager, number: signal.Signals) -> None:
    router = bed.start_router("bird")
    agent = manager.agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4)
    agent.stop(number)
    message = manager.wait(STOPPING="1", STATUS="withdrawing all routes")
    assert "READY" not in message
    assert int(message["EXTEND_TIMEOUT_USEC"]) >= 10_000_000


def test_a_stop_that_drains_first_asks_for_the_time(bed: Testbed, manager: Manager) -> None:
    router = bed.start_router("bird")
    slow = {"shutdown_drain": True, "drain_time": "1h"}
    agent = manager.agent(config(peer(router), apps=(WEB,), agent=slow))
    router.wait_routes(VIP4)
    agent.process.signal(signal.SIGTERM)
    message = manager.wait(STOPPING="1", STATUS="draining all apps")
    assert int(message["EXTEND_TIMEOUT_USEC"]) > 3_600_000_000
    agent.stop()
    manager.wait(STOPPING="1", STATUS="withdrawing all routes")


def test_a_manager_that_does_not_read_delays_nothing(bed: Testbed, manager: Manager) -> None:
    router = bed.start_router("bird")
    agent = manager.agent(config(peer(router), apps=(WEB,)), WATCHDOG_USEC="300000")
    router.wait_routes(VIP4)
    manager.fill()
    agent.register("other", "192.0.2.54/32")
    agent.wait_log("cannot notify service manager")
    assert agent.get("/healthz").status == 200
    agent.stop()
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}


def test_status_that_was_not_sent_is_sent_again(bed: Testbed, manager: Manager) -> None:
    router = bed.start_router("bird")
    agent = manager.agent(config(peer(router)))
    manager.wait(STATUS=status("0 of 0 apps", "0 of 0 VIPs", "1 of 1 peer"))
    manager.fill()
    agent.register("web", VIP4)
    agent.wait_log("cannot notify service manager")
    manager.wait(STATUS=status("1 of 1 app", "1 of 1 VIP", "1 of 1 peer"))
    assert len(re.findall("cannot notify", agent.log)) == 1


def test_watchdog_is_fed_for_as_long_as_the_agent_runs(bed: Testbed, manager: Manager) -> None:
    bed.link()
    usec = str(int(WATCHDOG * 1e6))
    agent = manager.agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}), WATCHDOG_USEC=usec)
    manager.wait(WATCHDOG="1")
    for _ in range(2):
        manager.wait(WATCHDOG="1")
    agent.process.pause()
    manager.read_waiting()
    with pytest.raises(TimeoutError):
        manager.next(WATCHDOG / 2)
    agent.process.resume()
    manager.wait(WATCHDOG="1")


def test_no_pings_for_another_process(bed: Testbed, manager: Manager) -> None:
    """WATCHDOG_PID names another process."""
    bed.link()
    manager.agent(
        config({"peer_ip": "10.0.1.1", "peer_as": 65000}), WATCHDOG_USEC="300000", WATCHDOG_PID="1"
    )
    with pytest.raises(TimeoutError):
        while True:
            assert "WATCHDOG" not in manager.next(0.5)


def test_commands_do_not_speak_for_the_agent(bed: Testbed, manager: Manager) -> None:
    router = bed.start_router("bird")
    check = 'exec:test -z "$NOTIFY_SOCKET$WATCHDOG_USEC$WATCHDOG_PID"'
    manager.agent(config(peer(router), apps=(app("web", VIP4, check),)), WATCHDOG_USEC="60000000")
    router.wait_routes(VIP4)


def test_abstract_socket(bed: Testbed) -> None:
    bed.link()
    manager = Manager(bed, abstract=True)
    manager.agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    assert manager.next()["READY"] == "1"
    manager.socket.close()


@pytest.mark.parametrize("path", ["relative/path", "/nowhere/notify", "vsock:2:1234", "@", ""])
def test_an_unusable_notify_socket_is_a_warning(bed: Testbed, path: str) -> None:
    bed.link()
    peer_entry = {"peer_ip": "10.0.1.1", "peer_as": 65000}
    agent = bed.start_agent(config(peer_entry), env={"NOTIFY_SOCKET": path})
    assert "service manager" in agent.wait_log("service: ")


def test_a_reload_is_reported(bed: Testbed, manager: Manager) -> None:
    """As Type=notify with ExecReload= expects it, whatever becomes of the reload."""
    bed.link()
    agent = manager.agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=(WEB,)))
    manager.wait(READY="1")
    for broken in ("", "nat: 3\n"):
        agent.write_config(agent.config_path.read_text() + broken)
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        agent.process.signal(signal.SIGHUP)
        message = manager.wait(RELOADING="1")
        assert before <= int(message["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert "READY" not in message
        assert "RELOADING" not in manager.wait(READY="1")
