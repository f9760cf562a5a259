"""IPv4 VIPs with an IPv6 next hop (RFC 8950): on the wire, and through real routers."""

import ipaddress
import socket
import struct
from typing import Any

import pytest

from . import bgp
from .configs import VIP4, VIP6, app, config
from .fabric import HOST, PORT, ROUTER, Client, bare_link, kernel_next_hop, start_router
from .rawpeer import RawListener, RawSession
from .routers.fabric import FABRIC
from .routers.frr import Frr
from .testbed import ROUTER_AS, Link, Testbed
from .wait import wait_until

EXTENDED = bgp.capability(bgp.CAP_EXTENDED_NEXT_HOP, struct.pack(">HHH", 1, 1, 2))
CAPABLE = bgp.usual_capabilities(ROUTER_AS) + EXTENDED
APPS = (app("web", [VIP4, VIP6], f"port:tcp:{PORT}"),)
ROUTER_ID = "10.255.0.2"


def start_agent(bed: Testbed, peer_ip: str, **keys: Any) -> Any:
    bed.start_service(PORT)
    entry = {"peer_ip": peer_ip, "peer_as": ROUTER_AS, **keys}
    return bed.start_agent(config(entry, apps=APPS))


def packed(*addresses: str) -> bytes:
    return b"".join(ipaddress.ip_address(address).packed for address in addresses)


def next_hop_of(update: bgp.Update) -> bytes:
    data = update.attributes[bgp.MP_REACH].data
    return data[4 : 4 + data[3]]


# ---- with routers ----

SESSIONS = {"global": True, "link-local": False}


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("router_kind", sorted(FABRIC))
def test_tcp_reaches_an_ipv4_vip_of_a_host_without_ipv4(
    bed: Testbed, router_kind: str, session: str
) -> None:
    link = bare_link(bed, global6=SESSIONS[session])
    host, peer = (
        (link.host_ip6, link.router_ip6) if SESSIONS[session] else (HOST, f"{ROUTER}%{link.device}")
    )
    router: Any = start_router(bed, router_kind, link, host)
    client = Client(bed, link)
    agent = start_agent(bed, peer)
    routes = router.wait_routes(VIP4, VIP6)
    assert {route.next_hop for route in routes.values()} <= {host, "::"}
    shown = agent.peer(peer)
    assert shown["negotiated"]["extended_next_hop"]
    assert (shown["next_hop"], shown["next_hop6"]) == (host, host)
    if router_kind == "gobgp":
        router.carry(VIP4)
    client.wait_reaches(VIP4)


@pytest.mark.parametrize("router_kind", sorted(FABRIC))
def test_withdrawal_and_return(bed: Testbed, router_kind: str) -> None:
    link = bare_link(bed)
    router = start_router(bed, router_kind, link, HOST)
    agent = start_agent(bed, f"{ROUTER}%{link.device}")
    router.wait_routes(VIP4, VIP6)
    agent.register("more", "192.0.2.99/32")
    router.wait_routes(VIP4, VIP6, "192.0.2.99/32")
    agent.unregister("more")
    router.wait_routes(VIP4, VIP6)
    assert router.is_established()


@pytest.mark.parametrize("router_kind", ["bird", "frr"])
def test_routes_stay_over_a_restart(bed: Testbed, router_kind: str) -> None:
    """RFC 4724: a kill, and a next instance that announces the same again."""
    link = bare_link(bed)
    router = start_router(bed, router_kind, link, HOST, graceful_restart=True)
    if isinstance(router, Frr):
        router.wait_begun()
    agent = start_agent(bed, f"{ROUTER}%{link.device}", graceful_restart=True)
    router.wait_routes(VIP4, VIP6)
    wait_until(lambda: kernel_next_hop(router, VIP4), "the route in the router's kernel")
    agent.kill()
    router.wait_not_established()
    assert set(router.routes()) == {VIP4, VIP6}
    assert kernel_next_hop(router, VIP4) == HOST
    agent.start()
    router.wait_established()
    wait_until(lambda: agent.route_state(VIP4, f"{ROUTER}%{link.device}") == "sent", "sent again")
    router.wait_routes(VIP4, VIP6)


def test_router_id_without_ipv4(bed: Testbed) -> None:
    """The same at every start, another with another MAC address, and the log says where it is from."""
    link = bare_link(bed)
    router_ip = f"{ROUTER}%{link.device}"

    def router_id() -> str:
        listener = RawListener(link.namespace, f"{ROUTER}%eth0")
        agent = start_agent(bed, router_ip)
        opened = listener.accept().establish(ROUTER_AS, "10.255.0.1")
        agent.wait_log(f"router id {opened.bgp_id}, derived from .*MAC address of {link.device}")
        agent.kill()
        listener.close()
        return opened.bgp_id

    first = router_id()
    assert router_id() == first
    bed.host.ip(
        f"link set {link.device} down",
        f"link set {link.device} address 02:00:00:00:00:07",
        f"link set {link.device} up",
        f"addr replace {HOST}/64 dev {link.device} nodad",
    )
    assert router_id() != first


def test_router_without_the_capability(bed: Testbed) -> None:
    """The VIP is not announced, and why is said with what to do."""
    link = bare_link(bed)
    start_router(bed, "bird", link, HOST, setup={"extended": False})
    router_ip = f"{ROUTER}%{link.device}"
    agent = start_agent(bed, router_ip)
    wait_until(lambda: agent.route_state(VIP6, router_ip) == "sent", "IPv6")
    wait_until(lambda: agent.route_state(VIP4, router_ip) == "no-next-hop", "IPv4")
    assert "RFC 8950" in agent.app("web")["announcement_errors"]
    assert "RFC 8950" in agent.wait_log("announcement errors")


def test_no_way_back_is_told(bed: Testbed) -> None:
    """Without an IPv4 default route what the host answers does not leave it."""
    link = bare_link(bed)
    router = start_router(bed, "bird", link, HOST)
    agent = start_agent(bed, f"{ROUTER}%{link.device}")
    router.wait_routes(VIP4, VIP6)
    agent.wait_log("WARN.*this host has no IPv4 default route")

    def told() -> bool:
        return any(alarm["alarm"] == "no-way-back" for alarm in agent.status("status")["alarms"])

    wait_until(told, "the alarm")
    bed.host.ip(f"route add 0.0.0.0/0 via inet6 {ROUTER} dev {link.device}")
    wait_until(lambda: not told(), "no alarm any more")
    bed.host.ip("route del 0.0.0.0/0")
    wait_until(told, "the alarm again")
    agent.unregister("web")
    agent.reload(config({"peer_ip": f"{ROUTER}%{link.device}", "peer_as": ROUTER_AS}))
    wait_until(lambda: not told(), "no IPv4 VIP, no alarm")


# ---- the forms of a next hop that a router takes: docs/routers.md ----

GLOBAL = "fd00:1::2"
FORMS = {
    "192.0.2.10/32": packed(GLOBAL),
    "192.0.2.11/32": packed(GLOBAL, HOST),
    "192.0.2.12/32": packed(HOST),
    "192.0.2.13/32": packed(HOST, HOST),
}


def announcement(prefix: str, next_hop: bytes, asn: int) -> bytes:
    reach = struct.pack(">HBB", *bgp.IPV4_UNICAST, len(next_hop)) + next_hop + b"\0"
    attributes = bgp.attribute(bgp.MP_REACH, reach + bgp.encode_prefix(prefix), 0x80)
    attributes += bgp.attribute(bgp.ORIGIN, b"\0")
    attributes += bgp.attribute(bgp.AS_PATH, struct.pack(">BBI", 2, 1, asn))
    return bgp.message(bgp.UPDATE, struct.pack(">HH", 0, len(attributes)) + attributes)


def speak(bed: Testbed, link: Link, source: str, target: str) -> RawSession:
    """A session from the host, without an agent."""
    with bed.host.inside():
        connection = socket.socket(socket.AF_INET6)
        scope = socket.if_nametoindex(link.device) if source == HOST else 0
    connection.settimeout(20)
    connection.bind((source, 0, 0, scope))
    connection.connect((target, 179, 0, scope))
    return RawSession(connection)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("router_kind", sorted(FABRIC))
def test_forms_that_routers_accept(bed: Testbed, router_kind: str, session: str) -> None:
    link = bare_link(bed, global6=True)
    source, target = (GLOBAL, link.router_ip6) if SESSIONS[session] else (HOST, ROUTER)
    router = start_router(bed, router_kind, link, source)
    own = bgp.usual_capabilities(65001) + EXTENDED
    sessions: list[RawSession] = []

    def opens() -> bgp.Open:
        """FRR closes connections until zebra has told it of the interface."""
        sessions.append(speak(bed, link, source, target))
        return sessions[-1].establish(65001, ROUTER_ID, capabilities=own)

    opened = wait_until(opens, "the router takes the session", ignore=(AssertionError, OSError))
    speaker = sessions[-1]
    assert opened.capability(bgp.CAP_EXTENDED_NEXT_HOP) == [struct.pack(">HHH", 1, 1, 2)]
    for prefix, next_hop in FORMS.items():
        speaker.send(announcement(prefix, next_hop, 65001))
    router._wait_routes(lambda routes: set(routes) == set(FORMS), "every form")
    speaker.close()


def test_openbgpd_has_no_extended_next_hop(bed: Testbed) -> None:
    """That of Debian 12; the agent does not send it such routes."""
    link = bed.link()
    router = bed.start_router("openbgpd", link, listen=link.router_ip6, agent_ip=link.host_ip6)
    bed.host.ip(f"addr del {link.host_ip}/24 dev {link.device}")
    agent = start_agent(bed, router.ip)
    router.wait_routes(VIP6)
    wait_until(lambda: agent.route_state(VIP4, router.ip) == "no-next-hop", "IPv4")
    assert not agent.peer(router.ip)["negotiated"]["extended_next_hop"]


# ---- on the wire ----


def establish(bed: Testbed, link: Link, address: str, capabilities: bytes = CAPABLE) -> RawSession:
    listener = RawListener(link.namespace, address)
    peer = f"{ROUTER}%{link.device}" if address.startswith(ROUTER) else address
    agent = start_agent(bed, peer)
    session = listener.accept()
    # Before the OPEN, so that all routes are sent before End-of-RIB.
    for vip in VIP4, VIP6:
        wait_until(lambda vip=vip: agent.vip(vip)["form"] == "up", f"{vip} is to be announced")
    opened = session.establish(ROUTER_AS, "10.255.0.1", capabilities=capabilities)
    assert opened.capability(bgp.CAP_EXTENDED_NEXT_HOP) == [struct.pack(">HHH", 1, 1, 2)]
    listener.close()
    return session


def announced(updates: list[bgp.Update]) -> dict[str, bgp.Update]:
    return {prefix: update for update in updates for prefix in update.announced}


def test_global_session_has_16_octets(bed: Testbed) -> None:
    link = bare_link(bed, global6=True)
    session = establish(bed, link, link.router_ip6)
    updates = session.receive_updates_until_end_of_rib()
    found = announced(updates)
    assert next_hop_of(found[VIP4]) == next_hop_of(found[VIP6]) == packed(link.host_ip6)
    assert bgp.NEXT_HOP not in found[VIP4].attributes
    # End-of-RIB of IPv4 unicast has one form (RFC 4724 2).
    [end4] = [update for update in updates if update.end_of_rib == bgp.IPV4_UNICAST]
    assert not end4.attributes


def test_link_local_session_has_32_octets(bed: Testbed) -> None:
    link = bare_link(bed, global6=True)
    session = establish(bed, link, f"{ROUTER}%eth0")
    found = announced(session.receive_updates_until_end_of_rib())
    assert next_hop_of(found[VIP4]) == packed(link.host_ip6, HOST)
    assert next_hop_of(found[VIP6]) == packed(link.host_ip6, HOST)
    # The global address goes: the link-local one stands in for it.
    bed.host.ip(f"addr del {link.host_ip6}/64 dev {link.device}")
    again = announced([session.expect_route(VIP4)]) | announced([session.expect_route(VIP6)])
    assert next_hop_of(again[VIP4]) == next_hop_of(again[VIP6]) == packed(HOST, HOST)


def test_ipv4_address_comes_first(bed: Testbed) -> None:
    """As without the capability; it comes and goes while the session is up."""
    link = bare_link(bed, global6=True)
    bed.host.ip(f"addr add {link.host_ip}/24 dev {link.device}")
    session = establish(bed, link, link.router_ip6)
    found = announced(session.receive_updates_until_end_of_rib())
    assert found[VIP4].announced[VIP4] == link.host_ip and bgp.NEXT_HOP in found[VIP4].attributes
    bed.host.ip(f"addr del {link.host_ip}/24 dev {link.device}")
    assert next_hop_of(session.expect_route(VIP4)) == packed(link.host_ip6)
    bed.host.ip(f"addr add {link.host_ip}/24 dev {link.device}")
    assert session.expect_route(VIP4).announced[VIP4] == link.host_ip


def test_withdrawal_has_the_form_of_the_announcement(bed: Testbed) -> None:
    link = bare_link(bed, global6=True)
    listener = RawListener(link.namespace, link.router_ip6)
    agent = start_agent(bed, link.router_ip6)
    session = listener.accept()
    session.establish(ROUTER_AS, "10.255.0.1", capabilities=CAPABLE)
    session.receive_updates_until_end_of_rib()
    agent.register("more", "192.0.2.99/32")
    session.expect_route("192.0.2.99/32")
    agent.unregister("more")
    update = session.expect_withdrawal("192.0.2.99/32")
    assert set(update.attributes) == {bgp.MP_UNREACH}


def test_not_sent_to_a_peer_without_the_capability(bed: Testbed) -> None:
    link = bare_link(bed, global6=True)
    session = establish(bed, link, link.router_ip6, bgp.usual_capabilities(ROUTER_AS))
    assert VIP4 not in announced(session.receive_updates_until_end_of_rib())


def test_not_offered_over_ipv4(bed: Testbed) -> None:
    """There the host has an IPv4 address."""
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    start_agent(bed, link.router_ip)
    opened = listener.accept().establish(ROUTER_AS)
    assert not opened.capability(bgp.CAP_EXTENDED_NEXT_HOP)
    listener.close()
