"""Incoming sessions at the agent, seen from a scripted peer."""

import pytest

from . import bgp, rawpeer
from .agent import Agent
from .configs import VIP4, app, config
from .rawpeer import RawListener
from .testbed import ROUTER_AS, Link, Testbed

WEB = app("web", VIP4)
CEASE, REJECTED, COLLISION = 6, 5, 7


def start(bed: Testbed, link: Link, *, passive: bool, listen: bool = True) -> Agent:
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, "passive": passive}
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


def test_stranger_is_turned_away(bed: Testbed) -> None:
    """RFC 4486: Connection Rejected, or no word at all."""
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
    """Somebody at the peer's address cannot push an established session aside."""
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
