"""Peers that are configured by their interface: how the router is found, and found again."""

import socket
import struct
from typing import Any

import pytest

from . import bgp
from .configs import VIP4, VIP6, app, config
from .fabric import HOST, PORT, ROUTER, Client, bare_link, start_router
from .netns import Namespace
from .privileges import without
from .rawpeer import RawListener
from .routers import Router
from .routers.fabric import FABRIC, UNNUMBERED
from .test_peer_admin import order
from .testbed import ROUTER_AS, Link, Testbed
from .wait import never, wait_until

APPS = (app("web", [VIP4, VIP6], f"port:tcp:{PORT}"),)
ICMPV6_FILTER = 1
RA, NS = 134, 135


def entry(link: Link, **keys: Any) -> dict[str, Any]:
    return {"interface": link.device, "peer_as": "external", **keys}


def start_agent(bed: Testbed, link: Link, **keys: Any) -> Any:
    bed.start_service(PORT)
    return bed.start_agent(config(entry(link, **keys), apps=APPS))


def only_peer(agent: Any) -> dict[str, Any]:
    [peer] = agent.status("peers")["peers"]
    return dict(peer)


def wait_established(agent: Any, name: str) -> None:
    def up() -> bool:
        peer = only_peer(agent)
        return (peer["address"], peer["state"]) == (name, "established")

    wait_until(up, f"a session with {name}")


def waits_for_its_neighbour(router_kind: str) -> bool:
    """GoBGP reads the kernel's neighbors once, when it starts."""
    return router_kind == "gobgp"


@pytest.mark.parametrize("router_kind", sorted(FABRIC))
def test_tcp_through_an_unnumbered_link(bed: Testbed, router_kind: str) -> None:
    link = bare_link(bed)
    client = Client(bed, link)
    agent = None
    if waits_for_its_neighbour(router_kind):
        agent = start_agent(bed, link)
        wait_until(lambda: neighbour_known(link.namespace), "the host among the neighbors")
    router: Any = start_router(bed, router_kind, link, UNNUMBERED, setup={"remote_as": "external"})
    agent = agent or start_agent(bed, link)
    routes = router.wait_routes(VIP4, VIP6)
    # BIRD shows :: in front of a link-local one.
    assert {route.next_hop for route in routes.values()} <= {HOST, "::"}
    if router_kind == "gobgp":
        router.carry(VIP4)
    client.wait_reaches(VIP4)
    shown = only_peer(agent)
    assert (shown["address"], shown["interface"]) == (f"{ROUTER}%{link.device}", link.device)
    assert (shown["peer_as"], shown["path_error"], shown["hint"]) == (ROUTER_AS, "", "")


def neighbour_known(namespace: Namespace) -> bool:
    return any(entry["dst"] == HOST for entry in namespace.ip_json("-6", "neigh"))


def test_router_that_does_not_advertise_itself(bed: Testbed) -> None:
    """It answers an echo request to all routers."""
    link = bare_link(bed)
    link.namespace.forward()
    router = start_router(bed, "bird", link, UNNUMBERED, setup={"radv": False})
    start_agent(bed, link)
    router.wait_routes(VIP4, VIP6)


# ---- before the router is known ----


def test_no_router(bed: Testbed) -> None:
    """The peer has the name of the interface; what is lacking is said, with what to do."""
    link = bare_link(bed)
    agent = start_agent(bed, link)
    peer = only_peer(agent)
    assert (peer["address"], peer["state"]) == (link.device, "idle")
    said = f"no router was heard on interface {link.device}"
    agent.wait_log(f"peer {link.device}: {said}")
    peer = only_peer(agent)
    assert peer["path_error"] == said and "FRR" in peer["hint"]
    assert agent.route_state(VIP4, link.device) == "no-session"
    router = start_router(bed, "frr", link, UNNUMBERED)
    router.wait_routes(VIP4, VIP6)
    wait_until(lambda: only_peer(agent)["path_error"] == "", "no trouble any more")
    assert only_peer(agent)["hint"] == ""


def test_interface_comes_later(bed: Testbed) -> None:
    """And with duplicate address detection."""
    link = bare_link(bed)
    router = start_router(bed, "frr", link, UNNUMBERED)
    bed.start_service(PORT)
    agent = bed.start_agent(config({"interface": "later", "peer_as": "external"}, apps=APPS))
    agent.wait_log("peer later: interface later is gone")
    bed.host.ip(f"link set {link.device} down", f"link set {link.device} name later")
    with bed.host.inside():
        open("/proc/sys/net/ipv6/conf/later/accept_dad", "w").write("1")
    bed.host.ip("link set later up")
    router.wait_routes(VIP4, VIP6)
    wait_established(agent, f"{ROUTER}%later")


def test_without_cap_net_raw(bed: Testbed) -> None:
    link = bare_link(bed)
    start_router(bed, "frr", link, UNNUMBERED)
    bed.start_service(PORT)
    agent = bed.start_agent(config(entry(link), apps=APPS), wrapper=without("net_raw"))
    agent.wait_log("CAP_NET_RAW is missing, required for router advertisements")
    agent.wait_log(f"peer {link.device}: cannot send and receive .*CAP_NET_RAW is missing")
    wait_until(lambda: "CAP_NET_RAW" in only_peer(agent)["hint"], "the hint")


# ---- what counts as an advertisement ----

VALID = bytes([RA, 0, 0, 0, 64, 0]) + struct.pack(">HII", 1800, 0, 0)


class Sender:
    """ICMPv6 from the router's side, as the test says."""

    def __init__(self, link: Link):
        with link.namespace.inside():
            self._socket = socket.socket(
                socket.AF_INET6, socket.SOCK_RAW, socket.getprotobyname("ipv6-icmp")
            )
            self._scope = socket.if_nametoindex("eth0")

    def send(self, message: bytes, source: str = ROUTER, hops: int = 255) -> None:
        pktinfo = socket.inet_pton(socket.AF_INET6, source) + struct.pack("@I", self._scope)
        self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
        self._socket.sendmsg(
            [message],
            [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, pktinfo)],
            0,
            ("ff02::1", 0, 0, self._scope),
        )

    def close(self) -> None:
        self._socket.close()


def test_forged_advertisements_are_ignored(bed: Testbed) -> None:
    """RFC 4861 6.1.2. The last one is right, and shows that the others had arrived."""
    link = bare_link(bed)
    link.namespace.ip(f"addr add {link.router_ip6}/64 dev eth0 nodad")
    link.namespace.ip("addr add fe80::7/64 dev eth0 nodad")
    agent = start_agent(bed, link)
    sender = Sender(link)

    def send_all() -> None:
        sender.send(VALID, hops=64)
        sender.send(VALID, source=link.router_ip6)
        sender.send(VALID[:15])
        sender.send(bytes([RA, 1]) + VALID[2:])
        sender.send(VALID + b"\1\0\0\0\0\0\0\0")
        sender.send(bytes([NS]) + VALID[1:])
        sender.send(VALID, source="fe80::7")

    def heard() -> bool:
        send_all()  # again, if the agent did not listen yet
        return bool(only_peer(agent)["address"] == f"fe80::7%{link.device}")

    wait_until(heard, "the right one")
    assert f"{ROUTER}%" not in agent.log
    sender.close()


# ---- links and routers change ----


def test_link_flap(bed: Testbed) -> None:
    link = bare_link(bed)
    router = start_router(bed, "frr", link, UNNUMBERED)
    agent = start_agent(bed, link)
    router.wait_routes(VIP4, VIP6)
    link.namespace.ip("link set eth0 down")
    agent.wait_log(f"peer {ROUTER}%{link.device}: session ended: interface {link.device} has no")
    wait_until(lambda: only_peer(agent)["address"] == link.device, "the name of the interface")
    link.namespace.ip("link set eth0 up", f"addr replace {ROUTER}/64 dev eth0 nodad")
    router.wait_routes(VIP4, VIP6)
    wait_established(agent, f"{ROUTER}%{link.device}")


def test_another_link_local_address_of_this_host(bed: Testbed) -> None:
    """The session keeps its address while that is there."""
    link = bare_link(bed)
    router = start_router(bed, "frr", link, UNNUMBERED)
    agent = start_agent(bed, link)
    router.wait_routes(VIP4, VIP6)
    wait_established(agent, f"{ROUTER}%{link.device}")
    sessions = only_peer(agent)["sessions"]
    bed.host.ip(f"addr add fe80::77/64 dev {link.device} nodad")
    never(lambda: only_peer(agent)["state"] != "established", "the session ends")
    assert (only_peer(agent)["local_address"], only_peer(agent)["sessions"]) == (HOST, sessions)
    bed.host.ip(f"addr del {HOST}/64 dev {link.device}")
    wait_until(lambda: only_peer(agent)["local_address"] == "fe80::77", "the other address")
    router.wait_routes(VIP4, VIP6)


def test_interface_is_deleted_and_made_again(bed: Testbed) -> None:
    """With another router at its end, of another AS and with another address."""
    link = bare_link(bed)
    router = start_router(bed, "frr", link, UNNUMBERED)
    agent = start_agent(bed, link)
    router.wait_routes(VIP4, VIP6)
    bed.host.ip(f"link del {link.device}")
    agent.wait_log(f"session ended: interface {link.device} is gone")
    router.kill()

    other = bed.namespace("other")
    bed.host.ip(
        f"link add {link.device} type veth peer name eth0 netns {other.name}",
        f"link set {link.device} up",
    )
    other.ip("link set eth0 up", "addr add fe80::9/64 dev eth0 nodad")
    swapped = Link(other, link.device, "", "", "", "")
    second = start_router(bed, "frr", swapped, UNNUMBERED, asn=4200000009)
    second.wait_routes(VIP4, VIP6)
    assert only_peer(agent)["peer_as"] == 4200000009


def switch(bed: Testbed) -> tuple[Namespace, str]:
    """A bridge with the host on it, which keeps the host's carrier whatever is behind it."""
    bridge = bed.namespace("switch")
    bridge.ip("link add br0 type bridge", "link set br0 up")
    bed.host.ip(
        f"link add eth1 type veth peer name host netns {bridge.name}",
        "link set eth1 up",
        f"addr add {HOST}/64 dev eth1 nodad",
    )
    bridge.ip("link set host master br0", "link set host up")
    return bridge, "eth1"


def plug(bed: Testbed, bridge: Namespace, number: int) -> Link:
    """Router number N, fe80::aN, on the bridge."""
    namespace = bed.namespace(f"plugged{number}")
    namespace.ip(f"link add eth0 type veth peer name port{number} netns {bridge.name}")
    bridge.ip(f"link set port{number} master br0", f"link set port{number} up")
    namespace.ip(
        "link set eth0 up", "addr flush dev eth0", f"addr add fe80::a{number}/64 dev eth0 nodad"
    )
    return Link(namespace, "eth1", "", "", "", "")


@pytest.mark.parametrize("router_kind", ["frr", "bird"])
def test_router_is_swapped_behind_a_switch(bed: Testbed, router_kind: str) -> None:
    """No carrier is lost, and the session does not wait for its hold timer."""
    bridge, device = switch(bed)
    first = plug(bed, bridge, 1)
    router = start_router(bed, router_kind, first, UNNUMBERED)
    agent = start_agent(bed, first)
    router.wait_routes(VIP4, VIP6)
    bridge.ip("link del port1")
    second = plug(bed, bridge, 2)
    other = start_router(bed, router_kind, second, UNNUMBERED)
    other.wait_routes(VIP4, VIP6)
    wait_established(agent, f"fe80::a2%{device}")
    agent.wait_log(f"peer fe80::a1%{device}: session ended: .*fe80::a2 is there")


def test_two_routers_on_a_link(bed: Testbed) -> None:
    """The first is the peer, the other one is named."""
    bridge, device = switch(bed)
    router = start_router(bed, "frr", plug(bed, bridge, 1), UNNUMBERED)
    agent = start_agent(bed, plug_of(router))
    router.wait_routes(VIP4, VIP6)
    other = start_router(bed, "frr", plug(bed, bridge, 2), UNNUMBERED)
    line = agent.wait_log("fe80::a2 advertises itself on interface eth1, too")
    assert "WARN" in line and "fe80::a1, which was heard first" in line
    assert only_peer(agent)["other_router"] == "fe80::a2"
    [alarm] = [a for a in agent.status("status")["alarms"] if a["alarm"] == "more-routers"]
    assert "fe80::a2" in alarm["text"]
    never(lambda: only_peer(agent)["state"] != "established", "the session ends")
    assert only_peer(agent)["sessions"] == 1
    # The first one goes: the other takes its place.
    router.kill()
    bridge.ip("link del port1")
    other.wait_routes(VIP4, VIP6)


def plug_of(router: Router) -> Link:
    link: Link = router.link
    return link


# ---- configuration ----


def test_local_ip6_chooses_among_link_local_addresses(bed: Testbed) -> None:
    link = bare_link(bed)
    bed.host.ip(f"addr add fe80::77/64 dev {link.device} nodad")
    router = start_router(bed, "frr", link, UNNUMBERED)
    agent = start_agent(bed, link, local_ip6="fe80::77")
    routes = router.wait_routes(VIP4, VIP6)
    assert {route.next_hop for route in routes.values()} == {"fe80::77"}
    assert only_peer(agent)["local_address"] == "fe80::77"


def test_local_ip6_that_is_not_there(bed: Testbed) -> None:
    link = bare_link(bed)
    agent = start_agent(bed, link, local_ip6="fe80::77")
    agent.wait_log(f"local_ip6 fe80::77 is not an address of interface {link.device}")
    bed.host.ip(f"addr add fe80::77/64 dev {link.device} nodad")
    router = start_router(bed, "frr", link, UNNUMBERED)
    router.wait_routes(VIP4, VIP6)


def test_reload_brings_and_takes_such_a_peer(bed: Testbed) -> None:
    """After the sandbox is closed."""
    link = bare_link(bed)
    router = start_router(bed, "frr", link, UNNUMBERED)
    bed.start_service(PORT)
    none = {"peer_ip": "192.0.2.200", "peer_as": ROUTER_AS}
    agent = bed.start_agent(config(none, apps=APPS, router_id="10.255.0.2"))
    agent.reload(config(none, entry(link), apps=APPS, router_id="10.255.0.2"))
    router.wait_routes(VIP4, VIP6)
    agent.reload(config(none, apps=APPS, router_id="10.255.0.2"))
    router.wait_not_established()
    assert len(agent.status("peers")["peers"]) == 1


def test_reload_keeps_the_session(bed: Testbed) -> None:
    link = bare_link(bed)
    router = start_router(bed, "frr", link, UNNUMBERED)
    agent = start_agent(bed, link)
    router.wait_routes(VIP4, VIP6)
    name = f"{ROUTER}%{link.device}"
    agent.reload(config(entry(link, communities=["65001:7"]), apps=APPS))
    wait_until(
        lambda: (route := router.routes().get(VIP4)) and route.communities == ("65001:7",), "the community"
    )
    assert (only_peer(agent)["address"], only_peer(agent)["sessions"]) == (name, 1)
    # As an address, it is another peer.
    agent.reload(config({"peer_ip": name, "peer_as": "external"}, apps=APPS))
    router.wait_routes(VIP4, VIP6)
    assert (only_peer(agent)["address"], only_peer(agent)["interface"]) == (name, None)


def test_orders_for_the_peer_on_an_interface(bed: Testbed) -> None:
    """By the interface or the address of the router; it stays disabled with another router, and over a
    restart."""
    bridge, device = switch(bed)
    router = start_router(bed, "frr", plug(bed, bridge, 1), UNNUMBERED)
    agent = start_agent(bed, plug_of(router))
    router.wait_routes(VIP4, VIP6)
    sessions = only_peer(agent)["sessions"]
    assert order(agent, f"fe80::a1%25{device}", "reset")["result"] == "reset"
    wait_until(lambda: only_peer(agent)["sessions"] > sessions, "the next session")
    assert order(agent, device, "disable")["result"] == "disabled"
    router.wait_not_established()
    bridge.ip("link del port1")
    other = start_router(bed, "frr", plug(bed, bridge, 2), UNNUMBERED)
    wait_until(lambda: only_peer(agent)["address"] == f"fe80::a2%{device}", "the other router")
    assert only_peer(agent)["admin_down"]
    agent.kill()
    agent.start()
    wait_until(lambda: only_peer(agent)["address"] == f"fe80::a2%{device}", "the router")
    assert only_peer(agent)["admin_down"]
    assert order(agent, device, "enable")["result"] == "enabled"
    other.wait_routes(VIP4, VIP6)


def test_password_with_a_listener(bed: Testbed) -> None:
    """The listener has the key of the router as soon as its address is known."""
    link = bare_link(bed)
    bed.start_service(PORT)
    keys = entry(link, password="secret", passive=True)
    agent = bed.start_agent(config(keys, apps=APPS, listen=True))
    router = start_router(bed, "frr", link, UNNUMBERED, extra=("password secret",))
    router.wait_routes(VIP4, VIP6)
    assert only_peer(agent)["local_port"] == 179


def test_one_file_on_two_racks(bed: Testbed) -> None:
    """Routers with other addresses, AS numbers and kinds; hosts with other MAC addresses."""
    text = """
agent: { listen_addr: "127.0.0.1:8080", monitor_interval: 100ms }
bgp:
  local_as: 65001
  peers: [ { interface: uplink, peer_as: external } ]
apps: [ { name: web, vip: [ 192.0.2.53/32, "2001:db8::53/128" ], monitors: [ "port:tcp:5353" ] } ]
"""
    ids = set()
    for number, kind, asn in ((1, "frr", 65101), (2, "bird", 4200000002)):
        host, rack = bed.namespace(f"host{number}"), bed.namespace(f"rack{number}")
        host.ip(f"link add uplink type veth peer name eth0 netns {rack.name}", "link set uplink up")
        rack.ip("link set eth0 up")
        link = Link(rack, "uplink", "", "", "", "")
        router = start_router(bed, kind, link, UNNUMBERED, asn=asn)
        bed.host = host
        bed.start_service(PORT)
        agent = bed.start_agent(text)
        assert agent.config_path.read_text() == text
        assert router.wait_routes(VIP4, VIP6)[VIP4].as_path == (65001,)
        assert only_peer(agent)["peer_as"] == asn
        # An answer to the echo makes the router known, too, before it advertises.
        wait_until(
            lambda: only_peer(agent)["unnumbered"]["advertisements"] >= 1, "the advertisement"
        )
        found = only_peer(agent)["unnumbered"]
        metrics = agent.get("/metrics").text
        name = f'{{peer="{found["router"]}%uplink"}}'
        assert f"vipherald_bgp_unnumbered_router_known{name} 1" in metrics
        assert f"vipherald_bgp_extended_next_hop{name} 1" in metrics
        ids.add(agent.wait_log("router id .*, derived from").split("router id ")[1].split(",")[0])
    assert len(ids) == 2


# ---- what this host sends ----


def test_own_advertisements(bed: Testbed) -> None:
    """A lifetime of 0, no prefix: nothing on the link takes this host for its default router."""
    link = bare_link(bed)
    with link.namespace.inside():
        tap = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.getprotobyname("ipv6-icmp"))
    only_ra = bytearray(b"\xff" * 32)
    only_ra[RA // 32 * 4 : RA // 32 * 4 + 4] = struct.pack("@I", 0xFFFFFFFF & ~(1 << RA % 32))
    tap.setsockopt(socket.getprotobyname("ipv6-icmp"), ICMPV6_FILTER, bytes(only_ra))
    tap.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    tap.settimeout(20)
    start_agent(bed, link)
    message, control, _, sender = tap.recvmsg(1500, 256)
    assert sender[0].split("%")[0] == HOST
    assert [struct.unpack("@i", data)[0] for _, _, data in control] == [255]
    assert (message[0], message[1]) == (RA, 0)
    assert message[4:16] == bytes(12)
    mac = bed.host.ip_json("link", "show", "dev", link.device)[0]["address"]
    assert message[16:] == bytes([1, 1]) + bytes.fromhex(mac.replace(":", ""))
    tap.close()


def test_session_with_a_router_that_waits_for_its_neighbour(bed: Testbed) -> None:
    """A scripted router: refuses connections until it has heard an advertisement, as FRR does."""
    link = bare_link(bed)
    agent = start_agent(bed, link)
    sender = Sender(link)
    name = f"{ROUTER}%{link.device}"

    def refused() -> bool:
        sender.send(VALID)  # again, if the agent did not listen yet
        return "refused" in only_peer(agent)["last_error"]

    wait_until(refused, "a refused connection")
    listener = RawListener(link.namespace, f"{ROUTER}%eth0")
    session = listener.accept()
    session.establish(ROUTER_AS, "10.255.0.1")
    session.receive_updates_until_end_of_rib()
    wait_established(agent, name)
    session.send(bgp.notification(6, 2))
    session.close()
    listener.close()
    sender.close()
