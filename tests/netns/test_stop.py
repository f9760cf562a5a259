"""Signals and ends: clean ones within two seconds whatever the peers do, and the unclean one."""

import signal
from datetime import datetime

import pytest

from . import rawpeer
from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .old_kernel import kernel_keeps_tags
from .rawpeer import RawListener
from .testbed import ROUTER_AS, Testbed
from .wait import EMULATED

# Two seconds are promised. The rest is for a busy machine; it is less than what the agent could
# wait for otherwise: the shortest is the timeout of a connect, five seconds.
STOP_MAX = 4.8 * (3 if EMULATED else 1)

WEB = app("web", VIP4)


def stop_in_time(agent: Agent) -> None:
    """By its own log, from the signal on: the sanitizers take their time after that."""
    before = len(agent.log)
    agent.stop()
    lines = agent.log[before:].splitlines()
    [begin] = [line for line in lines if "SIGTERM: stopping" in line]
    [end] = [line for line in lines if "agent: stopped" in line]
    began, ended = (datetime.fromisoformat(line.split()[0]) for line in (begin, end))
    assert (ended - began).total_seconds() < STOP_MAX, lines


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_cleanly(bed: Testbed, number: signal.Signals) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4)
    agent.stop(number)
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}


def test_hangup_ends_nothing(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4)
    agent.process.signal(signal.SIGHUP)
    agent.register("after", VIP6)
    router.wait_routes(VIP4, VIP6)
    assert agent.session_states() == {router.ip: 6}
    assert router.routes()[VIP4]


def test_second_signal_during_the_stop_does_no_harm(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4)
    agent.process.signal(signal.SIGTERM)
    agent.process.signal(signal.SIGTERM)
    agent.expect_exit(0)
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}


def test_stop_without_any_session(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": ROUTER_AS}, apps=(WEB,)))
    stop_in_time(agent)
    assert bed.host.loopback_addresses() == {}


def test_stop_while_connecting_to_a_silent_address(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.99", "peer_as": ROUTER_AS}, apps=(WEB,)))
    stop_in_time(agent)


def test_stop_with_a_frozen_router(bed: Testbed) -> None:
    frozen, healthy = bed.start_router("bird"), bed.start_router("gobgp")
    agent = bed.start_agent(config(peer(frozen), peer(healthy), apps=(WEB,)))
    frozen.wait_routes(VIP4)
    healthy.wait_routes(VIP4)
    frozen.process.pause()
    stop_in_time(agent)
    healthy.wait_routes()
    assert bed.host.loopback_addresses() == {}
    frozen.process.resume()
    frozen.wait_routes()


def test_stop_with_a_router_that_vanished_silently(bed: Testbed) -> None:
    gone, healthy = bed.start_router("bird"), bed.start_router("gobgp")
    agent = bed.start_agent(config(peer(gone), peer(healthy), apps=(WEB,)))
    gone.wait_routes(VIP4)
    healthy.wait_routes(VIP4)
    # From now on it acknowledges nothing.
    gone.namespace.ip(f"route add blackhole {gone.link.host_ip}/32")
    stop_in_time(agent)
    healthy.wait_routes()
    assert bed.host.loopback_addresses() == {}


def test_stop_with_a_peer_that_never_reads(bed: Testbed) -> None:
    healthy = bed.start_router("gobgp")
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip, receive_buffer=2048)
    # A community of its own each: an UPDATE each, together more than the peer's window.
    apps = tuple(
        app(f"app{n}", f"192.0.2.{n}/32", communities=(f"65001:{n}",)) for n in range(1, 251)
    )
    deaf_entry = {"peer_ip": link.router_ip, "peer_as": 64999}
    agent = bed.start_agent(config(deaf_entry, peer(healthy), apps=apps))
    deaf = listener.accept()
    deaf.establish(64999)
    prefixes = [entry["vip"] for entry in apps]
    healthy.wait_routes(*prefixes)
    stop_in_time(agent)
    healthy.wait_routes()
    assert bed.host.loopback_addresses() == {}


def test_stop_with_a_peer_that_never_sends_an_open(bed: Testbed) -> None:
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    agent = bed.start_agent(config({"peer_ip": link.router_ip, "peer_as": ROUTER_AS}, apps=(WEB,)))
    session: rawpeer.RawSession = listener.accept()
    session.expect_open()
    stop_in_time(agent)


def test_killed_agent_adopts_its_addresses_after_restart(bed: Testbed) -> None:
    """Configured VIPs are adopted, forgotten ones removed."""
    router = bed.start_router("bird")
    structure = config(peer(router), apps=(app("web", [VIP4, VIP6]),), agent={"state_file": "off"})
    agent = bed.start_agent(structure)
    agent.register("transient", "192.0.2.99/32")
    router.wait_routes(VIP4, VIP6, "192.0.2.99/32")
    bed.host.ip("addr add 192.0.2.200/32 dev lo")

    agent.kill()
    assert {VIP4, VIP6, "192.0.2.99/32"} <= set(bed.host.loopback_addresses())
    left = bed.host.loopback_addresses()
    agent.start()
    if not kernel_keeps_tags():
        # Without a state file either, nothing proves that they are ours.
        agent.wait_log(f"app web: {VIP4} is on lo already")
        agent.wait_log(f"app web: {VIP6} is on lo already")
        agent.stop()
        assert bed.host.loopback_addresses() == left
        return
    router.wait_routes(VIP4, VIP6)
    bed.wait_loopback({VIP4: "lo:web", VIP6: "", "192.0.2.200/32": "lo"})

    agent.stop()
    assert bed.host.loopback_addresses() == {"192.0.2.200/32": "lo"}
