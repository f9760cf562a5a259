"""A reboot that logind announces: the routes go first, and it waits for that."""

from collections.abc import Iterator

import pytest

from .agent import Agent
from .configs import PORT, VIP4, app, config, peer
from .logind import Bus, Logind
from .routers import Router
from .testbed import Testbed
from .wait import wait_until

HELD = "a shutdown of the host waits until the routes are withdrawn"
LOCK = "inhibit shutdown vipherald delay: withdraw the routes first"
DNS = app("dns", VIP4, f"port:tcp:{PORT}")


@pytest.fixture
def bus(bed: Testbed) -> Iterator[Bus]:
    with Bus(bed.workdir) as bus:
        yield bus


@pytest.fixture
def logind(bus: Bus, bed: Testbed) -> Iterator[Logind]:
    with Logind(bus, bed.workdir) as logind:
        yield logind


def start(bed: Testbed, bus: Bus, **agent: object) -> tuple[Agent, Router]:
    router = bed.start_router("bird")
    bed.start_service(PORT)
    settings = config(peer(router), apps=(DNS,), agent=agent or None)
    running = bed.make_agent(settings, env=bus.environment)
    running.start()
    router.wait_routes(VIP4)
    return running, router


def kinds(agent: Agent) -> list[str]:
    return [event["kind"] for event in agent.status("events")["events"]]


def test_the_route_goes_and_comes_back(bed: Testbed, bus: Bus, logind: Logind) -> None:
    agent, router = start(bed, bus)
    assert logind.said() == LOCK
    agent.wait_log("a shutdown of the host waits until the routes are withdrawn")
    logind.tell("shutdown")
    assert logind.said() == "released"
    # The router's kernel has it, and the VIP is still there for the flows.
    router.wait_routes()
    agent.wait_log("all routes withdrawn, acknowledged by all peers")
    assert VIP4 in bed.host.run(["ip", "address", "show", "dev", "lo"])
    [request] = agent.status("status")["drain"]["holds"]
    assert (request["by"], request["reason"]) == ("host", "the host shuts down")
    # Events of routes sent to a peer come when the agent has nothing else to do.
    wait_until(lambda: "route.withdrawn" in kinds(agent), "the withdrawal is told")
    events = kinds(agent)
    assert events.index("host.shutdown") < events.index("route.withdrawn")
    # It is not told twice, and a cancel takes it back, with a lock for the next time.
    logind.tell("shutdown")
    logind.tell("cancel")
    router.wait_routes(VIP4)
    assert logind.said() == LOCK
    assert kinds(agent).count("host.shutdown") == 1 and "host.resumed" in kinds(agent)
    logind.tell("shutdown")
    assert logind.said() == "released"
    router.wait_routes()
    agent.stop()


def test_drained_before(bed: Testbed, bus: Bus, logind: Logind) -> None:
    """With shutdown_drain the route becomes unattractive first, as at SIGTERM."""
    agent, router = start(bed, bus, shutdown_drain=True, drain_time="1h")
    assert logind.said() == LOCK
    logind.tell("shutdown")
    wait_until(lambda: agent.app("dns")["state"] == "draining", "it drains")
    assert agent.app("dns")["announced"]
    # Nothing more to wait for: undrained, the lock is still held.
    logind.tell("cancel")
    wait_until(lambda: agent.app("dns")["state"] == "up", "it is up again")
    router.wait_routes(VIP4)
    agent.kill()
    assert logind.said() == "released"


def test_the_drain_ends_before(bed: Testbed, bus: Bus, logind: Logind) -> None:
    """The route goes when drain_time is over, and then the lock."""
    agent, router = start(bed, bus, shutdown_drain=True, drain_time="500ms")
    assert logind.said() == LOCK
    logind.tell("shutdown")
    assert logind.said() == "released"
    router.wait_routes()
    wait_until(lambda: "route.withdrawn" in kinds(agent), "the withdrawal is told")
    [drained, withdrawn] = [
        event for event in agent.status("events?name=dns")["events"]
        if event["kind"] in {"app.drained", "route.withdrawn"}
    ]
    assert drained["id"] < withdrawn["id"] and withdrawn["cause"] == "drain"
    assert "not withdrawn in time" not in agent.log


def test_a_stop_holds_the_lock_until_its_end(bed: Testbed, bus: Bus, logind: Logind) -> None:
    agent, router = start(bed, bus)
    assert logind.said() == LOCK
    agent.stop()
    assert logind.said() == "released"
    router.wait_routes()


def test_no_bus_and_no_logind(bed: Testbed, bus: Bus) -> None:
    agent, _ = start(bed, bus, log={"level": "debug"})
    agent.wait_log("DEBUG agent: logind: .*; a shutdown of the host does not wait")
    agent.stop()
    bus.stop()
    bus.path.unlink()
    agent.start()
    agent.wait_log("DEBUG agent: no system bus: No such file or directory")
    assert " WARN  agent: " not in agent.log


def test_a_lock_that_is_refused(bed: Testbed, bus: Bus, logind: Logind) -> None:
    logind.tell("refuse")
    agent, router = start(bed, bus)
    agent.wait_log("WARN  agent: logind: not for you; a shutdown of the host does not wait")
    # The signal comes all the same.
    logind.tell("shutdown")
    router.wait_routes()
    assert agent.process.running


def test_the_bus_ends(bed: Testbed, bus: Bus, logind: Logind) -> None:
    """The agent goes on, and comes back to a bus that is started again; the lock was never lost."""
    agent, router = start(bed, bus)
    assert logind.said() == LOCK
    agent.wait_log(HELD)  # the answer may be on its way still
    bus.stop()
    bus.start()
    with Logind(bus, bed.workdir) as another:
        # It has a lock already, which it can release; the signal shows that it is back.
        wait_until(
            lambda: another.tell("shutdown") or "host.shutdown" in kinds(agent), "it listens", 40
        )
        router.wait_routes()
        assert logind.said() == "released"
