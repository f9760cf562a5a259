"""Peers in VRFs: the same addresses in several of them, each session in its own."""

import socket
from typing import Any

import pytest

from . import bgp
from .agent import Agent
from .bfdpeer import DOWN, FINAL, INIT, POLL, UP, BfdPeer
from .configs import PORT, VIP4, VIP6, app, config
from .fabric import bare_link
from .rawpeer import RawListener, RawSession, connect
from .routers.bfd import start_bfd_router
from .test_define import put
from .test_ipv4_over_ipv6 import EXTENDED
from .test_peer_add import add
from .test_peer_admin import order
from .testbed import AGENT_AS, ROUTER_AS, Link, Testbed
from .vrf import (
    HOST,
    HOST6,
    ROUTER,
    ROUTER6,
    add_vrf,
    join,
    link_in,
    share_listener,
)
from .wait import never, wait_until

BLUE, RED, PLAIN = f"{ROUTER}%vrf-blue", f"{ROUTER}%vrf-red", ROUTER
ONLY_BLUE, ONLY_RED, ALL = "192.0.2.61/32", "192.0.2.62/32", "192.0.2.63/32"
EVERYONES = (app("all", ALL),)
OF_BLUE = ({**app("blue", ONLY_BLUE), "peers": [BLUE]}, *EVERYONES)
APPS = ({**app("red", ONLY_RED), "peers": ["vrf-red"]}, *OF_BLUE)


def entry(vrf: str, **keys: Any) -> dict[str, Any]:
    device = {"device": vrf} if vrf else {}
    return {"peer_ip": ROUTER, "peer_as": ROUTER_AS, **device, **keys}


class Routers:
    """Scripted ones, in two VRFs and in none, all with the same address."""

    def __init__(self, bed: Testbed, vrfs: tuple[str, ...] = ("vrf-blue", "vrf-red", "")):
        self.links: dict[str, Link] = {}
        for number, vrf in enumerate(vrfs):
            if vrf:
                add_vrf(bed.host, vrf, 10 + number)
            self.links[vrf] = link_in(bed, vrf)

    def listen(self, vrf: str, address: str = ROUTER) -> RawListener:
        return RawListener(self.links[vrf].namespace, address)

    def connect(self, vrf: str, **options: Any) -> RawSession:
        return connect(self.links[vrf].namespace, ROUTER, HOST, **options)


def expect_routes(session: RawSession, wanted: dict[str, str]) -> None:
    """These and no others, each with its next hop."""
    found: dict[str, str] = {}
    while not wanted.keys() <= found.keys():
        found |= session.expect_update(lambda update: update.announced, "a route").announced
    for pending in map(bgp.decode, session.receive_pending()):
        found |= pending.announced if isinstance(pending, bgp.Update) else {}
    assert found == wanted


def test_no_such_vrf(bed: Testbed) -> None:
    """Or a kernel without them."""
    link = bed.link()
    keys = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, "device": "vrf-blue"}
    agent = bed.start_agent(config(keys, apps=(app("web", VIP4),), listen=True))
    name = f"{link.router_ip}%vrf-blue"
    wait_until(lambda: agent.peer(name)["path_error"] != "", "the trouble")
    peer = agent.peer(name)
    assert (peer["path_error"], peer["device"]) == ("interface vrf-blue is gone", "vrf-blue")
    wait_until(lambda: agent.route_state(VIP4, name) == "no-session", "the app is up")
    # The router is there, in no VRF: it is not that peer.
    with pytest.raises((ConnectionError, AssertionError)):
        session = connect(link.namespace, link.router_ip, link.host_ip)
        session.expect_open()


def outside(agent: Agent) -> tuple[str, int] | None:
    alarms = agent.status("status")["alarms"]
    found = [(a["vip"], a["count"]) for a in alarms if a["alarm"] == "vip-outside-vrf"]
    return found[0] if found else None


def define(agent: Agent, name: str, vip: str, **keys: Any) -> None:
    assert put(agent, name, {"vip": [vip], **keys}).status == 200


def test_vip_outside_the_vrf_of_its_peer_is_told(bed: Testbed) -> None:
    """The peers of the configuration decide, so that no kernel with VRFs is needed."""
    link = bed.link()
    blue = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, "device": "vrf-blue"}
    plain = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS}
    agent = bed.start_agent(config(plain, blue))
    said = f"bound to lo, which is not in the VRF of peer {link.router_ip}%vrf-blue"
    define(agent, "inside", VIP4, interface="vrf-blue")
    define(agent, "elsewhere", VIP6, except_peers=["vrf-blue"])
    assert (outside(agent), said in agent.log) == (None, False)
    assert agent.register("web", ALL).status == 200
    agent.wait_log(f"WARN.*web: {said}")
    assert outside(agent) == (ALL, 1)
    agent.unregister("web")
    wait_until(lambda: outside(agent) is None, "no alarm any more")


@pytest.mark.vrf
def test_interface_of_the_vrf_is_inside_and_others_are_not(bed: Testbed) -> None:
    routers = Routers(bed, ("vrf-blue", ""))
    agent = bed.start_agent(config(entry("vrf-blue")))
    member, other = routers.links["vrf-blue"].device, routers.links[""].device
    define(agent, "inside", VIP4, interface=member)
    assert outside(agent) is None
    define(agent, "outside", ALL, interface=other)
    agent.wait_log(f"outside: bound to {other}, which is not in the VRF of peer {BLUE}")
    assert outside(agent) == (ALL, 1)


@pytest.mark.vrf
def test_same_address_in_two_vrfs_and_in_none(bed: Testbed) -> None:
    routers = Routers(bed)
    listeners = {vrf: routers.listen(vrf) for vrf in routers.links}
    agent = bed.start_agent(config(*(entry(vrf) for vrf in routers.links), apps=APPS))
    sessions = {}
    for vrf, listener in listeners.items():
        sessions[vrf] = listener.accept()
        sessions[vrf].establish(ROUTER_AS)
    expect_routes(sessions["vrf-blue"], {ONLY_BLUE: HOST, ALL: HOST})
    expect_routes(sessions["vrf-red"], {ONLY_RED: HOST, ALL: HOST})
    expect_routes(sessions[""], {ALL: HOST})
    for name in (BLUE, RED, PLAIN):
        agent.wait_log(f"peer {name}: established")
        assert f'vipherald_bgp_session_up{{peer="{name}"' in metrics(agent)
    assert [peer["device"] for peer in agent.status("peers")["peers"]] == [
        "vrf-blue",
        "vrf-red",
        None,
    ]
    assert agent.route_state(ONLY_BLUE, BLUE) == "sent"
    assert agent.route_state(ONLY_BLUE, RED) == "filtered"
    # An order is for the one that it names.
    assert order(agent, f"{ROUTER}%25vrf-blue", "disable")["result"] == "disabled"
    sessions["vrf-blue"].expect_notification(bgp.CEASE, bgp.ADMIN_SHUTDOWN)
    assert agent.peer(BLUE)["admin_down"]
    never(lambda: agent.peer(RED)["state"] != "established", "the other session ends")
    assert agent.peer(PLAIN)["sessions"] == 1


def metrics(agent: Agent) -> str:
    return agent.get("/metrics").text


@pytest.mark.vrf
def test_ipv6(bed: Testbed) -> None:
    """Over one session, IPv4 VIPs with the address of the interface in the VRF."""
    routers = Routers(bed, ("vrf-blue", ""))
    listeners = {vrf: routers.listen(vrf, ROUTER6) for vrf in routers.links}
    peers = [{**entry(vrf), "peer_ip": ROUTER6} for vrf in routers.links]
    agent = bed.start_agent(config(*peers, apps=(app("web", [VIP4, VIP6]),)))
    sessions = [listener.accept() for listener in listeners.values()]
    for session in sessions:
        session.establish(ROUTER_AS, "10.255.0.1")
        expect_routes(session, {VIP4: HOST, VIP6: HOST6})
    assert agent.peer(f"{ROUTER6}%vrf-blue")["state"] == "established"
    assert agent.peer(ROUTER6)["state"] == "established"


@pytest.mark.vrf
def test_each_vrf_has_a_listener_and_keys_of_its_own(bed: Testbed) -> None:
    routers = Routers(bed)
    keys = {"vrf-blue": "one", "vrf-red": "two", "": "three"}
    peers = [entry(vrf, passive=True, password=key) for vrf, key in keys.items()]
    agent = bed.start_agent(config(*peers, apps=APPS, listen=True))
    for vrf, key in keys.items():
        session = routers.connect(vrf, password=key)
        session.establish(ROUTER_AS)
        name = f"{ROUTER}%{vrf}" if vrf else ROUTER
        wait_until(lambda name=name: agent.peer(name)["state"] == "established", name)
        assert agent.peer(name)["local_port"] == 179
    # Other keys while it runs.
    peers = [entry(vrf, passive=True, password=f"{key}x") for vrf, key in keys.items()]
    agent.reload(config(*peers, apps=APPS, listen=True))
    order(agent, f"{ROUTER}%25vrf-red", "reset")
    again = routers.connect("vrf-red", password="twox")
    again.establish(ROUTER_AS)
    wait_until(lambda: agent.peer(RED)["sessions"] == 2, "the session with the other key")


@pytest.mark.vrf
@pytest.mark.parametrize("shared", [False, True])
def test_no_connection_is_taken_for_that_of_another_vrf(bed: Testbed, shared: bool) -> None:
    """The peer is in vrf-blue; its address connects from vrf-red, and from none."""
    routers = Routers(bed)
    if shared:
        share_listener(bed.host)
    agent = bed.start_agent(
        config(entry("vrf-blue", passive=True), entry("", passive=True), apps=OF_BLUE, listen=True)
    )
    with pytest.raises((ConnectionError, AssertionError, TimeoutError)):
        leak = routers.connect("vrf-red")
        leak.expect_open()
    assert {p["state"] for p in agent.status("peers")["peers"]} == {"active"}
    for vrf, name in (("vrf-blue", BLUE), ("", PLAIN)):
        session = routers.connect(vrf)
        session.establish(ROUTER_AS)
        wait_until(lambda name=name: agent.peer(name)["state"] == "established", name)
    assert [p["sessions"] for p in agent.status("peers")["peers"]] == [1, 1]


@pytest.mark.vrf
def test_interface_leaves_the_vrf_and_vrf_goes(bed: Testbed) -> None:
    routers = Routers(bed, ("vrf-blue",))
    listener, device = routers.listen("vrf-blue"), routers.links["vrf-blue"].device
    agent = bed.start_agent(config(entry("vrf-blue"), apps=OF_BLUE, listen=True))

    def session() -> RawSession:
        accepted = listener.accept()
        accepted.establish(ROUTER_AS)
        accepted.expect_route(ALL)
        return accepted

    first = session()
    bed.host.ip(f"link set {device} nomaster")
    agent.wait_log(f"peer {BLUE}: session ended: ")
    first.close()
    join(bed.host, device, "vrf-blue")
    second = session()
    bed.host.ip("link del vrf-blue")
    gone = "interface vrf-blue is gone"
    wait_until(lambda: agent.peer(BLUE)["path_error"] == gone, "the trouble")
    second.close()
    add_vrf(bed.host, "vrf-blue", 10)
    join(bed.host, device, "vrf-blue")
    session().close()
    # And the listener is in the new one.
    incoming = routers.connect("vrf-blue")
    incoming.establish(ROUTER_AS)


@pytest.mark.vrf
def test_route_of_the_main_table_is_no_path(bed: Testbed) -> None:
    """Without the route of last resort, the kernel would look there next."""
    routers = Routers(bed, ("",))
    bed.host.ip("link add vrf-blue type vrf table 10", "link set vrf-blue up")
    agent = bed.start_agent(config(entry("vrf-blue"), entry(""), apps=OF_BLUE))
    said = "no route in the VRF vrf-blue: that of the main table leads to"
    wait_until(lambda: said in agent.peer(BLUE)["path_error"], "the trouble")
    session = routers.listen("").accept()
    session.establish(ROUTER_AS)
    expect_routes(session, {ALL: HOST})
    assert (agent.peer(BLUE)["sessions"], agent.peer(PLAIN)["sessions"]) == (0, 1)


@pytest.mark.vrf
def test_added_over_the_api(bed: Testbed) -> None:
    routers = Routers(bed, ("vrf-blue", ""))
    listener = routers.listen("vrf-blue")
    agent = bed.start_agent(config(entry(""), apps=EVERYONES))
    add(agent, f"{ROUTER}%25vrf-blue", peer_as=ROUTER_AS)
    session = listener.accept()
    opened = session.establish(ROUTER_AS)
    assert opened.asn == AGENT_AS
    expect_routes(session, {ALL: HOST})
    assert agent.peer(BLUE)["source"] == "api"


@pytest.mark.vrf
def test_bfd_of_one_address_in_two_vrfs(bed: Testbed) -> None:
    """No packet of the one changes the other, also with its discriminator."""
    routers = Routers(bed, ("vrf-blue", "vrf-red", ""))
    bfd = {"interval": "100ms", "multiplier": 255}
    agent = bed.start_agent(config(*(entry(vrf, bfd=bfd) for vrf in routers.links)))
    names = {"vrf-blue": BLUE, "vrf-red": RED, "": PLAIN}
    peers = {}

    def states() -> dict[str, str]:
        return {vrf: agent.peer(name)["bfd"]["state"] for vrf, name in names.items()}

    for number, (vrf, link) in enumerate(routers.links.items()):
        peers[vrf] = peer = BfdPeer(link.namespace, ROUTER, HOST)
        peer.expect(DOWN)
        # A detection time that outlasts the test: nothing keeps it up.
        peer.send(peer.packet(INIT, my_discr=number + 1, multiplier=255))
        peer.expect(UP, POLL)
        peer.send(peer.packet(UP, my_discr=number + 1, multiplier=255, flags=FINAL))
        wait_until(lambda vrf=vrf: states()[vrf] == "up", f"BFD in {vrf or 'no VRF'}")
    blue, red = peers["vrf-blue"], peers["vrf-red"]
    assert agent.peer(BLUE)["bfd"]["interface"] == routers.links["vrf-blue"].device
    red.send(blue.packet(DOWN, my_discr=1, multiplier=255))
    red.send(red.packet(UP, my_discr=2, multiplier=255, flags=POLL))
    red.expect(UP, FINAL)
    assert set(states().values()) == {"up"}
    blue.send(blue.packet(DOWN, my_discr=1, multiplier=255))
    wait_until(lambda: states()["vrf-blue"] != "up", "down")
    assert (states()["vrf-red"], states()[""]) == ("up", "up")
    for peer in peers.values():
        peer.close()


@pytest.mark.vrf
def test_bgp_and_bfd_with_a_real_router(bed: Testbed) -> None:
    """BIRD, which knows nothing of the VRF at the other end; its silence is found in there."""
    routers = Routers(bed, ("vrf-blue", ""))
    router = start_bfd_router(bed, "bird", routers.links["vrf-blue"])
    agent = bed.start_agent(config(entry("vrf-blue", bfd=True), entry(""), apps=OF_BLUE))
    assert router.wait_routes(ONLY_BLUE, ALL)[ALL].next_hop == HOST
    router.wait_bfd("up")
    wait_until(lambda: agent.peer(BLUE)["bfd"]["state"] == "up", "BFD up at the agent")
    router.process.pause()
    agent.wait_log(f"peer {BLUE}: session ended: BFD down: no packet for 900ms")
    router.process.resume()
    router.wait_routes(ONLY_BLUE, ALL)
    wait_until(lambda: agent.peer(BLUE)["bfd"]["state"] == "up", "BFD up again")
    assert agent.peer(PLAIN)["sessions"] == 0


@pytest.mark.vrf
@pytest.mark.parametrize("unnumbered", [False, True])
def test_link_local_peer_is_in_the_vrf_of_its_interface(bed: Testbed, unnumbered: bool) -> None:
    """Without `device` and without a sysctl: its BFD, and the connections that it opens."""
    link = bare_link(bed)
    link.namespace.forward()  # a router, which answers the search for one
    device, name = link.device, f"fe80::1%{link.device}"
    own = f"addr replace fe80::2/64 dev {device} nodad"
    # No other addresses, when the kernel cycles the device on its way into the VRF.
    link.namespace.ip("link set eth0 addrgenmode none")
    bed.host.ip(f"link set {device} addrgenmode none")
    add_vrf(bed.host, "vrf-blue", 10)
    bed.host.ip(f"link set {device} master vrf-blue", own)
    bfd = {"interval": "100ms", "multiplier": 255}
    which = {"interface": device} if unnumbered else {"peer_ip": name}
    keys = {**which, "peer_as": ROUTER_AS, "passive": True, "password": "one", "bfd": bfd}
    agent = bed.start_agent(config(keys, apps=(app("web", VIP6),), listen=True))
    peer = BfdPeer(link.namespace, "fe80::1%eth0", "fe80::2%eth0")

    def bfd_comes_up(discr: int) -> None:
        peer.expect(DOWN)
        peer.send(peer.packet(INIT, my_discr=discr, multiplier=255))
        peer.expect(UP, POLL)
        peer.send(peer.packet(UP, my_discr=discr, multiplier=255, flags=FINAL))
        wait_until(lambda: agent.peer(name)["bfd"]["state"] == "up", "BFD is up")
        assert agent.peer(name)["bfd"]["interface"] == device

    def session_comes_up() -> RawSession:
        # The listener has the key when the router is known.
        wait_until(lambda: agent.peer(name), "the router", ignore=(ValueError,))
        session = connect(link.namespace, "fe80::1%eth0", "fe80::2%eth0", password="one")
        session.establish(ROUTER_AS, "10.255.0.1")
        session.expect_route(VIP6)
        wait_until(lambda: agent.peer(name)["state"] == "established", "the session")
        assert agent.peer(name)["local_port"] == 179
        return session

    bfd_comes_up(1)
    session = session_comes_up()
    # It loses its addresses on the way. The kernel keeps the connection's TCP MD5 key for the VRF only.
    bed.host.ip(f"link set {device} nomaster", own)
    bfd_comes_up(2)
    order(agent, f"fe80::1%25{device}", "reset")
    agent.wait_log(f"peer {name}: session ended: ")
    session.close()
    session_comes_up().close()
    peer.close()


@pytest.mark.vrf
def test_clients_in_the_vrf_reach_the_vip(bed: Testbed) -> None:
    """By `interface`; those outside do not."""
    routers = Routers(bed, ("vrf-blue", ""))
    share_listener(bed.host)
    listener = routers.listen("vrf-blue")
    bed.start_service(PORT)
    web = {**app("web", VIP4, f"port:tcp:{PORT}"), "interface": "vrf-blue", "peers": ["vrf-blue"]}
    agent = bed.start_agent(config(entry("vrf-blue"), entry(""), apps=(web,)))
    session = listener.accept()
    session.establish(ROUTER_AS)
    session.expect_route(VIP4)
    assert "so that clients in vrf-blue do not reach them" not in agent.log
    reached = {}
    for vrf, link in routers.links.items():
        link.namespace.ip(f"route add {VIP4} via {HOST}")
        with link.namespace.inside(), socket.socket() as client:
            client.settimeout(2)
            reached[vrf] = client.connect_ex((VIP4.split("/")[0], PORT)) == 0
    assert reached == {"vrf-blue": True, "": False}


@pytest.mark.vrf
def test_way_back_is_that_of_the_vrf(bed: Testbed) -> None:
    """IPv4 VIPs with an IPv6 next hop: the default route of the main table is not one of the VRF."""
    routers = Routers(bed, ("vrf-blue", ""))
    device, other = routers.links["vrf-blue"].device, routers.links[""].device
    bed.host.ip(f"addr flush dev {device} scope global")
    bed.host.ip(f"addr add {HOST6}/64 dev {device} nodad", f"route add default dev {other}")
    listener = routers.listen("vrf-blue", ROUTER6)
    blue = {**entry("vrf-blue"), "peer_ip": ROUTER6}
    agent = bed.start_agent(config(blue, apps=(app("web", VIP4),)))
    session = listener.accept()
    session.establish(
        ROUTER_AS, "10.255.0.1", capabilities=bgp.usual_capabilities(ROUTER_AS) + EXTENDED
    )
    session.expect_route(VIP4)
    agent.wait_log("WARN.*the VRF vrf-blue has no IPv4 default route")

    def told() -> bool:
        alarms = agent.status("status")["alarms"]
        return [a["peer"] for a in alarms if a["alarm"] == "no-way-back"] == [f"{ROUTER6}%vrf-blue"]

    wait_until(told, "the alarm")
    bed.host.ip(f"route add 0.0.0.0/0 via inet6 {ROUTER6} dev {device} table 10")
    wait_until(lambda: not told(), "no alarm any more")
