"""A restart without an interruption, with FRR, BIRD and GoBGP as the helping routers.

What a router has is seen by an observer behind it, who would be told of each moment without a
route. How it looks on the wire is in test_graceful_wire.py.
"""

import os
import signal
import threading
from typing import Any

import pytest

from .agent import Agent
from .configs import DNS, PORT, VIP4, VIP6, app, config, peer
from .gate import SLOW, Gate
from .nat import DEST, LISTEN, Client, Echo
from .observer import NEIGHBOUR, Observer, prepare
from .old_kernel import kernel_keeps_tags
from .routers import Router
from .routers.frr import Frr
from .testbed import Link, Testbed
from .wait import TIMEOUT, wait_until

OTHER = "192.0.2.99/32"


@pytest.fixture(params=["bird", "frr", "gobgp"])
def helper(request: pytest.FixtureRequest) -> str:
    return request.param


def start_router(
    bed: Testbed, kind: str, *, helps: bool = True, **options: Any
) -> tuple[Router, Observer]:
    link = bed.link()
    prepare(link)
    router = bed.start_router(
        kind, link, graceful_restart=helps, observer=NEIGHBOUR, **options
    )
    if isinstance(router, Frr):
        router.wait_begun()
    return router, Observer(router)


def start_agent(
    bed: Testbed,
    router: Router,
    *apps: dict[str, Any],
    env: dict[str, str] | None = None,
    **bgp: Any,
) -> Agent:
    structure = config(peer(router), apps=apps or (DNS,), graceful_restart=True, **bgp)
    return bed.start_agent(structure, env=env)


def graceful(agent: Agent, router: Router) -> dict[str, Any]:
    return agent.peer(router.ip)["graceful_restart"]


def wait_restart_over(agent: Agent, router: Router) -> None:
    """The router has End-of-RIB."""
    wait_until(lambda: not graceful(agent, router)["restarting"], "the restart is over")


def end(agent: Agent, way: str) -> None:
    if way == "crash":
        agent.kill()
    else:
        agent.stop(signal.SIGUSR2)


WAYS = ["crash", "restart"]


@pytest.mark.parametrize("way", WAYS)
def test_restart_is_not_noticed(bed: Testbed, helper: str, way: str) -> None:
    router, observer = start_router(bed, helper)
    bed.start_service(PORT)
    agent = start_agent(bed, router)
    observer.wait_routes(VIP4, VIP6)
    wait_restart_over(agent, router)

    end(agent, way)
    router.wait_not_established()
    assert set(router.routes()) == {VIP4, VIP6}
    assert set(bed.host.loopback_addresses()) == {VIP4, VIP6}

    agent.start()
    router.wait_established()
    wait_restart_over(agent, router)
    assert set(router.wait_routes(VIP4, VIP6)) == {VIP4, VIP6}
    assert bed.host.loopback_addresses() == {VIP4: "lo:dns", VIP6: ""}
    # Follows everything above in the same stream.
    agent.register("last", OTHER)
    observer.wait_routes(VIP4, VIP6, OTHER)
    assert observer.withdrawn() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_withdraws(bed: Testbed, helper: str, number: signal.Signals) -> None:
    router, observer = start_router(bed, helper)
    bed.start_service(PORT)
    agent = start_agent(bed, router)
    observer.wait_routes(VIP4, VIP6)
    agent.stop(number)
    observer.wait_routes()
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}


def test_stop_during_the_restart_withdraws(bed: Testbed, helper: str) -> None:
    """The route is stale at the router, and End-of-RIB is deferred: a stop is a stop."""
    router, observer = start_router(bed, helper)
    gate = Gate(bed)
    agent = start_agent(bed, router, app("slow", VIP4, gate.check), agent=SLOW)
    gate.open()
    observer.wait_routes(VIP4)
    agent.kill()
    router.wait_not_established()
    gate.close()
    agent.start()
    wait_until(lambda: graceful(agent, router)["end_of_rib_held"], "End-of-RIB is deferred")
    assert set(router.routes()) == {VIP4}
    agent.stop()
    observer.wait_routes()
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}


@pytest.mark.parametrize("kind", ["bird", "frr"])
def test_stop_signal_turns_a_restart_into_a_stop(bed: Testbed, kind: str) -> None:
    """GoBGP takes no new session for 5 s, which a stop does not wait for."""
    router, observer = start_router(bed, kind)
    bed.start_service(PORT)
    # From its manager, a restart begins at once, without a look at the file.
    agent = start_agent(bed, router, env={"MANAGERPID": str(os.getpid())})
    observer.wait_routes(VIP4, VIP6)
    wait_restart_over(agent, router)
    router.process.pause()  # so that it does not close the session, and the agent waits for it
    # Not for long: it finds both signals, and takes that with the lower number first.
    agent.process.pause()
    agent.process.signal(signal.SIGUSR2)
    agent.process.signal(signal.SIGTERM)
    agent.process.resume()
    agent.wait_log("SIGTERM: stopping, no restart")
    router.process.resume()
    assert "SIGUSR2: stopping for a restart" in agent.log
    agent.expect_exit(0)
    assert bed.host.loopback_addresses() == {}
    observer.wait_routes()
    router.wait_routes()


@pytest.mark.parametrize("way", WAYS)
def test_app_that_died_meanwhile_goes_with_end_of_rib(
    bed: Testbed, helper: str, way: str
) -> None:
    router, observer = start_router(bed, helper)
    service = bed.start_service(PORT)
    agent = start_agent(bed, router, DNS, app("other", OTHER))
    observer.wait_routes(VIP4, VIP6, OTHER)
    end(agent, way)
    router.wait_not_established()
    service.kill()
    agent.start()
    observer.wait_routes(OTHER)
    assert set(observer.withdrawn()) == {VIP4, VIP6}
    router.wait_routes(OTHER)


def test_app_that_died_meanwhile_does_not_wait_for_others(bed: Testbed, helper: str) -> None:
    """An app known to be down is withdrawn, however long another app's verdict or Consul takes."""
    router, observer = start_router(bed, helper)
    gate = Gate(bed)
    service = bed.start_service(PORT)
    agent = start_agent(bed, router, DNS, app("slow", OTHER, gate.check), agent=SLOW)
    gate.open()
    observer.wait_routes(VIP4, VIP6, OTHER)
    agent.kill()
    router.wait_not_established()
    service.kill()
    gate.close()
    agent.start()
    observer.wait_routes(OTHER)
    assert graceful(agent, router)["end_of_rib_held"]
    gate.open()
    wait_restart_over(agent, router)
    assert set(router.wait_routes(OTHER)) == {OTHER}
    assert set(observer.withdrawn()) == {VIP4, VIP6}


def test_route_goes_when_the_agent_does_not_return(bed: Testbed, helper: str) -> None:
    router, observer = start_router(bed, helper)
    bed.start_service(PORT)
    agent = start_agent(bed, router, restart_time="10s")
    observer.wait_routes(VIP4, VIP6)
    agent.kill()
    router.wait_not_established()
    assert set(router.routes()) == {VIP4, VIP6}
    observer.wait_routes()
    router.wait_routes()


def test_crash_without_it_drops_the_route(bed: Testbed, helper: str) -> None:
    router, observer = start_router(bed, helper)
    bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router), apps=(DNS,)))
    observer.wait_routes(VIP4, VIP6)
    assert not graceful(agent, router)["negotiated"]
    agent.kill()
    observer.wait_routes()


def test_router_that_does_not_help(bed: Testbed, helper: str) -> None:
    """It drops the route, the log says so before and after, and the host is ready for the next
    start all the same."""
    router, observer = start_router(bed, helper, helps=False)
    bed.start_service(PORT)
    agent = start_agent(bed, router)
    observer.wait_routes(VIP4, VIP6)
    agent.wait_log("does not offer graceful restart")
    agent.stop(signal.SIGUSR2)
    assert "no graceful restart, it drops our routes" in agent.log
    observer.wait_routes()
    assert set(bed.host.loopback_addresses()) == {VIP4, VIP6}
    agent.start()
    observer.wait_routes(VIP4, VIP6)


def test_restart_signal_without_it_is_a_stop(bed: Testbed) -> None:
    router, observer = start_router(bed, "bird")
    bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router), apps=(DNS,)))
    observer.wait_routes(VIP4, VIP6)
    agent.stop(signal.SIGUSR2)
    observer.wait_routes()
    assert bed.host.loopback_addresses() == {}


def test_status_shows_what_was_agreed(bed: Testbed, helper: str) -> None:
    router, _ = start_router(bed, helper)
    agent = start_agent(bed, router, restart_time="77s")
    router.wait_established()
    wait_until(lambda: agent.session_states()[router.ip] == 6, "established")
    shown = graceful(agent, router)
    assert (shown["configured"], shown["negotiated"]) == (True, True)
    assert shown["restart_time_seconds"] == 77
    # BIRD 2.0 does not know RFC 8538.
    assert shown["notification"] == (helper != "bird")
    assert shown["peer"]["restart_time_seconds"] > 0
    metric = f'vipherald_peer_graceful_restart{{peer="{router.ip}"}} 1'
    assert metric in agent.get("/metrics").text


def test_leftovers_wait_for_the_last_verdict(bed: Testbed, helper: str) -> None:
    """A VIP of the previous instance that no app has any more leaves the router, then lo; not
    before the slow app has a verdict, and without harm to that app."""
    router, observer = start_router(bed, helper)
    gate = Gate(bed)
    forgetful = {**SLOW, "state_file": "off"}
    agent = start_agent(bed, router, app("slow", VIP4, gate.check), agent=forgetful)
    gate.open()
    agent.register("transient", OTHER)
    observer.wait_routes(VIP4, OTHER)
    agent.kill()
    router.wait_not_established()
    gate.close()
    agent.start()
    if not kernel_keeps_tags():
        # Without a state file either, nothing says that they are ours, and they stay.
        gate.open()
        agent.wait_log("End-of-RIB")
        assert set(bed.host.loopback_addresses()) == {VIP4, OTHER}
        return
    wait_until(lambda: graceful(agent, router)["end_of_rib_held"], "End-of-RIB is deferred")
    assert set(bed.host.loopback_addresses()) == {VIP4, OTHER}
    assert set(router.routes()) == {VIP4, OTHER}
    gate.open()
    observer.wait_routes(VIP4)
    assert observer.withdrawn() == [OTHER]
    bed.wait_loopback({VIP4: "lo:slow"})


class Traffic:
    """Asks all the time, as one UDP flow; counts what is not answered."""

    def __init__(self, link: Link, address: str):
        # A lost request is never answered; one that a busy machine answers late is not lost.
        self._client = Client(link.namespace, address, LISTEN, patience=TIMEOUT)
        self._over = threading.Event()
        self.asked = self.lost = 0
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._over.wait(0.005):
            self.asked += 1
            self.lost += self._client.ask() is None

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def wait_more(self, n: int = 20) -> None:
        end = self.asked + n
        wait_until(lambda: self.asked >= end, f"{n} more questions")


@pytest.mark.parametrize("way", WAYS)
def test_traffic_goes_on(bed: Testbed, way: str) -> None:
    """The kernel's route of the router, VIP and NAT rule: none is missing for a moment."""
    router, observer = start_router(bed, "bird", forwards=True)
    Echo(bed.host, DEST, router.link.host_ip)
    web = {**app("web", VIP4, f"port:udp:{DEST}"), "nats": [f"udp:{LISTEN}:{DEST}"]}
    agent = start_agent(bed, router, web)
    observer.wait_routes(VIP4)
    changes = router.namespace.start(["ip", "monitor", "route"], "route-changes")
    addresses = bed.host.start(["ip", "monitor", "address"], "address-changes")
    with Traffic(router.link, VIP4.removesuffix("/32")) as traffic:
        traffic.wait_more()
        end(agent, way)
        router.wait_not_established()
        traffic.wait_more()
        agent.start()
        wait_restart_over(agent, router)
        traffic.wait_more()
    assert traffic.lost == 0
    assert "Deleted" not in changes.log
    assert "Deleted" not in addresses.log

    # The watchers do notice an interruption.
    agent.stop()
    changes.wait_line("Deleted 192.0.2.53")
    addresses.wait_line("Deleted .*192.0.2.53")
