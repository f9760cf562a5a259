"""Messages on the wire, octet by octet, read by a scripted peer."""

import struct

import pytest

from . import bgp
from .agent import Agent
from .configs import VIP4, VIP6, app, config
from .rawpeer import RawListener, RawSession
from .testbed import AGENT_AS, ROUTER_AS, Link, Testbed
from .wait import wait_until

BIG_AS = 4200000001
WEB = app("web", VIP4, communities=("5000:5000", "1000:1000"))
WEB6 = app("web6", VIP6)


def start(
    bed: Testbed, peer_as: int = ROUTER_AS, **bgp_keys: object
) -> tuple[RawSession, Link, Agent]:
    """An agent with an IPv4 and an IPv6 VIP, and its connection to a scripted peer."""
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    entry = {"peer_ip": link.router_ip, "peer_as": peer_as, "communities": ["100:100", "5000:5000"]}
    agent = bed.start_agent(
        config(entry, apps=(WEB, WEB6), communities=["1000:1000"], **bgp_keys)
    )
    session = listener.accept()
    listener.close()
    return session, link, agent


def test_open_announces_all_capabilities(bed: Testbed) -> None:
    session, link, _ = start(bed, router_id="192.0.2.7", hold_time="30s")
    found = session.establish(ROUTER_AS)
    assert (found.version, found.asn, found.hold_time) == (4, AGENT_AS, 30)
    assert found.bgp_id == "192.0.2.7"
    assert sorted(found.capability(bgp.CAP_MULTIPROTOCOL)) == [b"\0\1\0\1", b"\0\2\0\1"]
    assert found.capability(bgp.CAP_AS4) == [struct.pack(">I", AGENT_AS)]
    for code in (bgp.CAP_REFRESH, bgp.CAP_ENHANCED_REFRESH, bgp.CAP_EXTENDED_MESSAGE):
        assert found.capability(code) == [b""], f"capability {code}"


def test_ebgp_update_and_end_of_rib(bed: Testbed) -> None:
    session, link, _ = start(bed)
    session.establish(ROUTER_AS)
    updates = session.receive_updates_until_end_of_rib()

    [v4] = [update for update in updates if VIP4 in update.announced]
    assert v4.announced == {VIP4: link.host_ip}
    assert v4.as_path() == [AGENT_AS]
    assert v4.origin == "igp"
    # Merged in the order global, peer, route; duplicates once.
    assert v4.communities == ["1000:1000", "100:100", "5000:5000"]
    assert set(v4.attributes) == {bgp.ORIGIN, bgp.AS_PATH, bgp.NEXT_HOP, bgp.COMMUNITIES}
    flags = {code: attribute.flags for code, attribute in v4.attributes.items()}
    assert flags == {bgp.ORIGIN: 0x40, bgp.AS_PATH: 0x40, bgp.NEXT_HOP: 0x40, bgp.COMMUNITIES: 0xC0}

    [v6] = [update for update in updates if VIP6 in update.announced]
    assert v6.announced == {VIP6: link.host_ip6}
    assert v6.communities == ["1000:1000", "100:100", "5000:5000"]
    assert set(v6.attributes) == {bgp.ORIGIN, bgp.AS_PATH, bgp.MP_REACH, bgp.COMMUNITIES}
    assert v6.attributes[bgp.MP_REACH].flags == 0x80


def test_ibgp_update_has_local_pref_and_an_empty_path(bed: Testbed) -> None:
    session, _, _ = start(bed, peer_as=AGENT_AS)
    session.establish(AGENT_AS)
    update = session.expect_route(VIP4)
    assert update.as_path() == []
    assert update.local_pref == 100
    assert update.attributes[bgp.LOCAL_PREF].flags == 0x40


@pytest.mark.parametrize(("origin", "expected"), [
    ("igp", "igp"), ("egp", "egp"), ("unknown", "incomplete"), ("incomplete", "incomplete")
])  # fmt: skip
def test_origin(bed: Testbed, origin: str, expected: str) -> None:
    session, _, _ = start(bed, origin=origin)
    session.establish(ROUTER_AS)
    assert session.expect_route(VIP4).origin == expected


def test_large_as_towards_an_old_peer_goes_as_trans_with_as4_path(bed: Testbed) -> None:
    """RFC 6793: the peer knows two octets only."""
    session, _, _ = start(bed, local_as=BIG_AS)
    old = bgp.multiprotocol(bgp.IPV4_UNICAST) + bgp.multiprotocol(bgp.IPV6_UNICAST)
    found = session.establish(ROUTER_AS, capabilities=old)
    assert found.asn == bgp.AS_TRANS
    assert found.capability(bgp.CAP_AS4) == [struct.pack(">I", BIG_AS)]
    for prefix in (VIP4, VIP6):
        update = session.expect_route(prefix)
        assert update.as_path(width=2) == [bgp.AS_TRANS]
        assert update.as_path(width=4, attribute=bgp.AS4_PATH) == [BIG_AS]
        assert update.attributes[bgp.AS4_PATH].flags == 0xC0


def test_small_as_towards_an_old_peer_needs_no_as4_path(bed: Testbed) -> None:
    session, _, _ = start(bed)
    session.establish(ROUTER_AS, capabilities=bgp.multiprotocol(bgp.IPV4_UNICAST))
    update = session.expect_route(VIP4)
    assert update.as_path(width=2) == [AGENT_AS]
    assert bgp.AS4_PATH not in update.attributes


def test_peer_without_any_capability_gets_ipv4_and_the_status_says_so(bed: Testbed) -> None:
    session, link, agent = start(bed)
    session.establish(ROUTER_AS, capabilities=b"")
    assert session.expect_route(VIP4).as_path(width=2) == [AGENT_AS]
    agent.register("late", "192.0.2.99/32")
    update = session.expect_route("192.0.2.99/32")
    assert VIP6 not in update.announced
    assert agent.route_state(VIP6, link.router_ip) == "family-not-negotiated"


@pytest.mark.parametrize("family", [bgp.IPV4_UNICAST, bgp.IPV6_UNICAST])
def test_route_refresh_sends_the_routes_again(bed: Testbed, family: tuple[int, int]) -> None:
    session, _, _ = start(bed)
    session.establish(ROUTER_AS)
    session.receive_updates_until_end_of_rib()
    session.send(bgp.route_refresh(family))
    session.expect_route(VIP4 if family == bgp.IPV4_UNICAST else VIP6)


def test_enhanced_route_refresh_is_framed(bed: Testbed) -> None:
    """RFC 7313: begin (1), the routes, end (2)."""
    session, _, _ = start(bed)
    capabilities = bgp.usual_capabilities(ROUTER_AS) + bgp.capability(bgp.CAP_ENHANCED_REFRESH)
    session.establish(ROUTER_AS, capabilities=capabilities)
    session.receive_updates_until_end_of_rib()
    session.send(bgp.route_refresh(bgp.IPV4_UNICAST))
    assert session.receive() == bgp.Message(bgp.ROUTE_REFRESH, b"\0\1\1\1")
    session.expect_route(VIP4)
    assert session.receive() == bgp.Message(bgp.ROUTE_REFRESH, b"\0\1\2\1")


def test_many_routes_share_updates(bed: Testbed) -> None:
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    apps = tuple(app(f"app{n}", f"192.0.2.{n}/32") for n in range(200))
    agent = bed.start_agent(config({"peer_ip": link.router_ip, "peer_as": ROUTER_AS}, apps=apps))
    session = listener.accept()
    # They are announced a few milliseconds' worth at a time: not all before the session otherwise.
    wait_until(lambda: "\nvipherald_announcements_total 200\n" in agent.get("/metrics").text, "all VIPs")
    session.establish(ROUTER_AS)
    updates = [u for u in session.receive_updates_until_end_of_rib() if u.announced]
    assert len({prefix for update in updates for prefix in update.announced}) == 200
    assert len(updates) == 1


def test_hold_time_is_the_smaller_and_keepalives_keep_it(bed: Testbed) -> None:
    session, link, agent = start(bed, hold_time="90s")
    session.establish(ROUTER_AS, hold_time=3)
    session.receive_updates_until_end_of_rib()
    # One every second, instead of every half a minute, while the scripted peer keeps the session.
    seen: list[bgp.Message] = []

    def two_keepalives() -> bool:
        session.send(bgp.keepalive())
        seen.extend(session.receive_pending())
        return seen.count(bgp.Message(bgp.KEEPALIVE, b"")) >= 2

    wait_until(two_keepalives, "two keepalives")
    # It sends nothing more, and loses it.
    session.expect_notification(4, 0)
    assert "hold" in agent.peer(link.router_ip)["last_error"].lower()


def test_messages_one_octet_at_a_time(bed: Testbed) -> None:
    session, link, _ = start(bed)
    session.send_slowly(bgp.open_message(ROUTER_AS, link.router_ip) + bgp.keepalive())
    session.expect_open()
    session.expect_keepalive()
    session.expect_route(VIP4)


def test_messages_coalesced(bed: Testbed) -> None:
    session, link, _ = start(bed)
    update = bgp.update_message(["198.51.100.0/24"], link.router_ip, [ROUTER_AS])
    session.send(
        bgp.open_message(ROUTER_AS, link.router_ip) + bgp.keepalive() * 3 + update * 5
        + bgp.keepalive()
    )  # fmt: skip
    session.expect_open()
    session.expect_keepalive()
    session.expect_route(VIP4)


def test_received_routes_go_nowhere(bed: Testbed) -> None:
    """Not into the kernel, not to another peer."""
    session, link, agent = start(bed)
    session.establish(ROUTER_AS)
    session.receive_updates_until_end_of_rib()
    before = bed.host.ip_json("route", "show", "table", "all")
    session.send(bgp.update_message(["198.51.100.0/24"], link.router_ip, [ROUTER_AS]))
    session.send(bgp.route_refresh(bgp.IPV4_UNICAST))
    assert session.expect_route(VIP4).announced == {VIP4: link.host_ip}
    assert bed.host.ip_json("route", "show", "table", "all") == before
