"""Incoming sessions at the agent, seen from a scripted peer."""

import time

import pytest

from . import bgp, rawpeer
from .agent import Agent
from .configs import VIP4, app, config
from .rawpeer import RawListener
from .testbed import ROUTER_AS, Link, Testbed
from .wait import wait_until

WEB = app("web", VIP4)
CEASE, REJECTED, COLLISION = 6, 5, 7


OPEN_DELAY = 1.0
"""Seconds that an OPEN waits for an attempt of the agent's own: BGP_DELAY_OPEN."""
ATTEMPT = 5.0
"""Seconds that an attempt may take, the peer's too: BGP_CONNECT_TIMEOUT."""


def start(bed: Testbed, link: Link, *, passive: bool, listen: bool = True) -> Agent:
    entry = {
        "peer_ip": link.router_ip,
        "peer_as": ROUTER_AS,
        "passive": passive,
        "connect_retry_max": "200ms",
    }
    return bed.start_agent(config(entry, apps=(WEB,), listen=listen, router_id="10.0.1.100"))


def test_passive_agent_takes_the_session(bed: Testbed) -> None:
    link = bed.link()
    start(bed, link, passive=True)
    session = rawpeer.connect(link.namespace, link.router_ip, link.host_ip)
    session.establish(ROUTER_AS)
    session.expect_route(VIP4)


def test_agent_without_listen_refuses_connections(bed: Testbed) -> None:
    link = bed.link()
    start(bed, link, passive=False, listen=False)
    with pytest.raises(ConnectionRefusedError):
        rawpeer.connect(link.namespace, link.router_ip, link.host_ip)


def test_session_to_a_vip_is_refused(bed: Testbed) -> None:
    """It would make the VIP the next hop of all others, and end with it."""
    link = bed.link()
    agent = start(bed, link, passive=True)
    first = rawpeer.connect(link.namespace, link.router_ip, link.host_ip)
    first.establish(ROUTER_AS)
    first.expect_route(VIP4)
    vip = VIP4.split("/")[0]
    link.namespace.ip(f"route add {vip} via {link.host_ip}")
    second = rawpeer.connect(link.namespace, link.router_ip, vip)
    assert second.receive() is None
    agent.wait_log(f"refused a connection to {vip}, which is a VIP")


def test_stranger_is_turned_away(bed: Testbed) -> None:
    """RFC 4486: Connection Rejected, or closed without a NOTIFICATION."""
    link = bed.link()
    start(bed, link, passive=True)
    link.namespace.ip("addr add 10.0.1.77/24 dev eth0")
    session = rawpeer.connect(link.namespace, "10.0.1.77", link.host_ip)
    answer = session.receive()
    if answer is not None:
        assert bgp.decode(answer) == bgp.Notification(CEASE, REJECTED, b"")
        session.expect_end()


COLLISIONS = [("10.0.1.200", "incoming"), ("10.0.1.50", "outgoing")]


@pytest.mark.parametrize(("peer_id", "kept"), COLLISIONS)
def test_collision_keeps_the_connection_of_the_higher_identifier(
    bed: Testbed, peer_id: str, kept: str
) -> None:
    """RFC 4271 6.8. The agent is 10.0.1.100; it connected first and is in OpenConfirm."""
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    start(bed, link, passive=False)
    outgoing = listener.accept()
    outgoing.send(bgp.open_message(ROUTER_AS, peer_id))
    outgoing.expect_open()
    outgoing.expect_keepalive()

    incoming = rawpeer.connect(link.namespace, link.router_ip, link.host_ip)
    incoming.expect_open()
    incoming.send(bgp.open_message(ROUTER_AS, peer_id))

    winner, loser = (incoming, outgoing) if kept == "incoming" else (outgoing, incoming)
    loser.expect_notification(CEASE, COLLISION)
    if winner is incoming:
        winner.expect_keepalive()
    winner.send(bgp.keepalive())
    winner.expect_route(VIP4)


def test_established_session_survives_a_second_connection(bed: Testbed) -> None:
    """A stranger at the peer's address cannot push an established session aside."""
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    start(bed, link, passive=False)
    session = listener.accept()
    session.establish(ROUTER_AS, "10.0.1.200")
    session.expect_route(VIP4)
    second = rawpeer.connect(link.namespace, link.router_ip, link.host_ip)
    second.send(bgp.open_message(ROUTER_AS, "10.0.1.200"))
    second.expect_notification(CEASE, COLLISION)
    session.send(bgp.route_refresh(bgp.IPV4_UNICAST))
    session.expect_route(VIP4)


def test_no_attempt_while_the_peers_connection_opens(bed: Testbed) -> None:
    """RFC 4271 8.2.2: the peer's connection ends the wait in Active. A silent one holds
    the agent back for as long as an attempt may take, while the agent retries every 0.2 s."""
    link = bed.link()
    start(bed, link, passive=False)
    began = time.monotonic()
    incoming = rawpeer.connect(link.namespace, link.router_ip, link.host_ip)
    incoming.expect_open()
    RawListener(link.namespace, link.router_ip).accept()
    assert time.monotonic() - began > 0.9 * ATTEMPT


def test_open_waits_while_an_attempt_is_undecided(bed: Testbed) -> None:
    """ExaBGP 4 on the other side: when it has our OPEN on its own connection and then accepts
    ours, it drops its own, never reads ours and hangs until it is restarted."""
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    began = time.monotonic()
    start(bed, link, passive=False)
    outgoing = listener.accept()
    incoming = rawpeer.connect(link.namespace, link.router_ip, link.host_ip)
    incoming.send(bgp.open_message(ROUTER_AS, "10.0.1.50"))
    wait_until(lambda: bed.host.has_accepted(179), "the agent knows of it")
    outgoing.establish(ROUTER_AS, "10.0.1.50")
    first = incoming.receive()
    took = time.monotonic() - began
    outgoing.expect_route(VIP4)
    assert first is not None
    if took < OPEN_DELAY:
        assert bgp.decode(first) == bgp.Notification(CEASE, COLLISION, b"")
        incoming.expect_end()


def test_open_does_not_wait_for_ever(bed: Testbed) -> None:
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    start(bed, link, passive=False)
    silent = listener.accept()
    incoming = rawpeer.connect(link.namespace, link.router_ip, link.host_ip)
    incoming.establish(ROUTER_AS, "10.0.1.200")
    incoming.expect_route(VIP4)
    silent.close()


def test_open_follows_at_once_when_the_attempt_failed(bed: Testbed) -> None:
    """Routers that just close the second connection (GoBGP, OpenBGPD) wait for it."""
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    start(bed, link, passive=False)
    waits = []
    for _ in range(5):  # a slow machine may use up the delay by itself
        outgoing = listener.accept()
        began = time.monotonic()
        incoming = rawpeer.connect(link.namespace, link.router_ip, link.host_ip)
        outgoing.close()
        incoming.expect_open()
        waits.append(time.monotonic() - began)
        if waits[-1] < OPEN_DELAY / 2:
            return
        incoming.close()
    raise AssertionError(f"the OPEN came after {waits} s")
