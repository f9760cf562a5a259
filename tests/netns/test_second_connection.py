"""A connection of the peer while a session with it is established (RFC 4724 section 5): with graceful
restart it replaces the session once it has proved to be that peer's, else it is refused."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

from . import bgp
from .agent import Agent
from .bfdpeer import ADMIN_DOWN, BfdPeer
from .bgp import IPV4_UNICAST, IPV6_UNICAST, Graceful
from .configs import VIP4, VIP6, app, config
from .netns import Namespace
from .rawpeer import RawListener, RawSession, connect
from .testbed import ROUTER_AS, Link, Testbed
from .wait import never, wait_until

WEB = app("web", [VIP4, VIP6])
REJECTED, COLLISION = 5, 7
OFFER = Graceful(restarting=True, time=120, families={IPV4_UNICAST: True, IPV6_UNICAST: True})
CAPABILITIES = bgp.usual_capabilities(ROUTER_AS) + OFFER.encode()
REPLACED = "session ended: the peer opened another connection: it has restarted"


class Peer:
    """The scripted peer, and the agent, which has a session with it that it made itself."""

    def __init__(self, bed: Testbed, capabilities: bytes = CAPABILITIES, **keys: Any):
        self.link: Link = bed.link()
        self.capabilities = capabilities
        listener = RawListener(self.link.namespace, self.link.router_ip)
        entry = {"peer_ip": self.link.router_ip, "peer_as": ROUTER_AS, **keys}
        setup: dict[str, Any] = {"listen": True, "graceful_restart": True}
        self.agent: Agent = bed.start_agent(config(entry, apps=(WEB,), **setup))
        self.session = listener.accept()
        # No third one: what the agent makes from here on is refused.
        listener.close()
        self.establish(self.session)
        self.name = self.link.router_ip

    def establish(self, session: RawSession) -> Graceful | None:
        opened = session.establish(ROUTER_AS, self.link.router_ip, capabilities=self.capabilities)
        updates = session.receive_updates_until_end_of_rib()
        assert {prefix for update in updates for prefix in update.announced} == {VIP4, VIP6}
        return opened.graceful

    def connect(self) -> RawSession:
        return connect(self.link.namespace, self.link.router_ip, self.link.host_ip)

    def status(self) -> dict[str, Any]:
        return self.agent.peer(self.name)

    def expect_alive(self, session: RawSession) -> None:
        """It answers, and the agent counts no other session."""
        session.send(bgp.route_refresh(IPV4_UNICAST))
        session.expect_route(VIP4)
        assert (self.status()["state"], self.status()["sessions"]) == ("established", 1)


def test_it_replaces_the_session(bed: Testbed) -> None:
    """The former one is closed without a NOTIFICATION, and all routes are sent again."""
    peer = Peer(bed)
    assert peer.status()["local_port"] != 179
    second = peer.connect()
    offer = peer.establish(second)
    assert offer == Graceful(False, True, 120, {IPV4_UNICAST: True, IPV6_UNICAST: True})
    assert [m for m in rest_of(peer.session) if isinstance(m, bgp.Notification)] == []
    peer.agent.wait_log(REPLACED)
    shown = peer.status()
    assert (shown["state"], shown["sessions"], shown["local_port"]) == ("established", 2, 179)
    # And once more, in the place of an incoming one.
    third = peer.connect()
    peer.establish(third)
    assert [m for m in rest_of(second) if isinstance(m, bgp.Notification)] == []
    wait_until(lambda: peer.status()["sessions"] == 3, "the third session")
    never(lambda: peer.status()["state"] != "established", "the session ends")
    assert (peer.status()["sessions"], peer.status()["replaced"]) == (3, 2)
    counted = f'vipherald_bgp_session_replaced_total{{peer="{peer.name}"}} 2'
    assert counted in peer.agent.get("/metrics").text
    third.close()


def rest_of(session: RawSession) -> list[bgp.Update | bgp.Notification | bgp.Message]:
    found = []
    while (raw := session.receive()) is not None:
        found.append(bgp.decode(raw))
    session.close()
    return found


def test_the_next_one_replaces_it_before_it_is_established(bed: Testbed) -> None:
    peer = Peer(bed)
    first, second = peer.connect(), peer.connect()
    first.expect_notification(bgp.CEASE, COLLISION)
    peer.establish(second)
    first.close()
    second.close()


def test_it_goes_on_when_the_session_ends_first(bed: Testbed) -> None:
    peer = Peer(bed)
    second = peer.connect()
    second.expect_open()
    peer.session.close()
    peer.agent.wait_log("session ended: ")
    second.send(bgp.open_message(ROUTER_AS, peer.name, capabilities=CAPABILITIES))
    second.expect_keepalive()
    second.send(bgp.keepalive())
    second.receive_updates_until_end_of_rib()
    wait_until(lambda: peer.status()["sessions"] == 2, "the second session")
    assert peer.status()["local_port"] == 179
    second.close()


def test_a_stop_ends_both(bed: Testbed) -> None:
    peer = Peer(bed)
    second = peer.connect()
    second.expect_open()
    peer.agent.process.signal(signal.SIGTERM)
    second.expect_notification(bgp.CEASE, bgp.ADMIN_SHUTDOWN)
    assert isinstance(rest_of(peer.session)[-1], bgp.Notification)
    second.close()
    peer.agent.expect_exit(0)


# ---- what does not replace it ----


def open_with(**keys: Any) -> Callable[[RawSession], None]:
    def send(session: RawSession) -> None:
        values: dict[str, Any] = {
            "asn": ROUTER_AS,
            "bgp_id": session.local_ip,
            "capabilities": CAPABILITIES,
            **keys,
        }
        session.send(bgp.open_message(**values) + bgp.keepalive())

    return send


def raw(data: bytes) -> Callable[[RawSession], None]:
    return lambda session: session.send(data)


def half_an_open(session: RawSession) -> None:
    session.send(bgp.open_message(ROUTER_AS, session.local_ip, capabilities=CAPABILITIES)[:-3])


def open_alone(session: RawSession) -> None:
    session.send(bgp.open_message(ROUTER_AS, session.local_ip, capabilities=CAPABILITIES))


def open_and_notification(session: RawSession) -> None:
    """The peer knows of the session, and gives this one up."""
    open_alone(session)
    session.send(bgp.notification(bgp.CEASE, COLLISION))


OTHER = bgp.usual_capabilities(65009) + OFFER.encode()
USUAL = bgp.usual_capabilities(ROUTER_AS)
# The NOTIFICATION that it gets; None: the connection goes on until its own timers end it.
HOSTILE: dict[str, tuple[Callable[[RawSession], None], tuple[int, int] | None]] = {
    "nothing": (lambda session: None, None),
    "half an OPEN": (half_an_open, None),
    "an OPEN that is not confirmed": (open_alone, None),
    "an OPEN and Cease": (open_and_notification, None),
    "not BGP": (raw(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), (1, 1)),
    "a KEEPALIVE": (raw(bgp.keepalive()), (5, 1)),
    "an UPDATE": (raw(bgp.message(bgp.UPDATE, bytes(4))), (5, 1)),
    "a NOTIFICATION": (raw(bgp.notification(6, 2)), None),
    "no graceful restart": (open_with(capabilities=USUAL), (6, COLLISION)),
    "no capabilities": (open_with(capabilities=b""), (6, COLLISION)),
    "another identifier": (open_with(bgp_id="10.9.9.9"), (6, COLLISION)),
    "our identifier": (open_with(bgp_id="10.0.1.2"), (6, COLLISION)),
    "another AS": (open_with(asn=65009, capabilities=OTHER), (2, 2)),
    "another version": (open_with(version=3), (2, 1)),
    "hold time 1": (open_with(hold_time=1), (2, 6)),
}


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_the_session_stays(bed: Testbed, case: str) -> None:
    send, answer = HOSTILE[case]
    peer = Peer(bed)
    second = peer.connect()
    second.expect_open()
    send(second)
    if answer:
        second.expect_notification(*answer)
    peer.expect_alive(peer.session)
    second.close()
    peer.expect_alive(peer.session)
    assert (peer.status()["hint"], peer.status()["last_notification"]) == ("", None)


def test_any_as_is_that_of_the_session(bed: Testbed) -> None:
    """The configuration allows several; a session is with one of them."""
    peer = Peer(bed, peer_as="external")
    second = peer.connect()
    open_with(asn=65009, capabilities=OTHER)(second)
    second.expect_notification(bgp.CEASE, COLLISION)
    peer.expect_alive(peer.session)
    second.close()


def test_a_flood_of_them(bed: Testbed) -> None:
    peer = Peer(bed)
    connections = [peer.connect() for _ in range(200)]
    peer.expect_alive(peer.session)
    for connection in connections:
        connection.close()
    peer.expect_alive(peer.session)


def test_without_graceful_restart_it_is_refused(bed: Testbed) -> None:
    """RFC 4271 6.8, as the session was established."""
    peer = Peer(bed, capabilities=USUAL)
    second = peer.connect()
    open_with()(second)
    second.expect_notification(bgp.CEASE, COLLISION)
    peer.expect_alive(peer.session)
    second.close()


# ---- routers ----


def test_a_peer_that_has_to_wait_for_bfd_replaces_nothing(bed: Testbed) -> None:
    """The session outlasts an AdminDown of BFD; a new one would have to wait for BFD."""
    bfd = {"interval": "100ms", "required": True}
    link = bed.link()
    router = BfdPeer(link.namespace, link.router_ip, link.host_ip)
    listener = RawListener(link.namespace, link.router_ip)
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, "bfd": bfd}
    agent = bed.start_agent(config(entry, apps=(WEB,), listen=True, graceful_restart=True))
    # A detection time that outlasts the test: nothing keeps it up.
    router.come_up(multiplier=255, min_tx=1_000_000)
    session = listener.accept()
    session.establish(ROUTER_AS, link.router_ip, capabilities=CAPABILITIES)
    session.receive_updates_until_end_of_rib()
    listener.close()
    router.send(router.packet(ADMIN_DOWN))
    wait_until(lambda: agent.peer(link.router_ip)["bfd"]["state"] == "down", "BFD down")
    second = connect(link.namespace, link.router_ip, link.host_ip)
    second.expect_notification(6, REJECTED)
    session.send(bgp.route_refresh(IPV4_UNICAST))
    session.expect_route(VIP4)
    status = agent.peer(link.router_ip)
    assert (status["state"], status["sessions"]) == ("established", 1)


def test_a_silent_one_does_not_keep_us_from_connecting(bed: Testbed) -> None:
    """The session, which came in, ends; the connection that waited for that never says a word."""
    link = bed.link()
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS}
    bed.start_agent(config(entry, apps=(WEB,), listen=True, graceful_restart=True))
    session = connect(link.namespace, link.router_ip, link.host_ip)
    session.establish(ROUTER_AS, link.router_ip, capabilities=CAPABILITIES)
    session.receive_updates_until_end_of_rib()
    silent = connect(link.namespace, link.router_ip, link.host_ip)
    silent.expect_open()
    listener = RawListener(link.namespace, link.router_ip)
    session.close()
    listener.accept().expect_open()


def plug(bed: Testbed, bridge: Namespace, number: int) -> Link:
    """The router on the bridge, in the machine with this number."""
    namespace = bed.namespace(f"machine{number}")
    namespace.ip(f"link add eth0 type veth peer name port{number} netns {bridge.name}")
    bridge.ip(f"link set port{number} master br0", f"link set port{number} up")
    namespace.ip(
        "link set eth0 up", "addr add 10.0.1.1/24 dev eth0", "addr add fd00:1::1/64 dev eth0 nodad"
    )
    return Link(namespace, "eth1", "10.0.1.2", "fd00:1::2", "10.0.1.1", "fd00:1::1")


@pytest.mark.parametrize("kind", ["bird", "frr"])
def test_a_router_that_restarts_without_a_word(bed: Testbed, kind: str) -> None:
    """It lost power: no FIN, no RST. It is back long before the hold timer expires."""
    bridge = bed.namespace("switch")
    bridge.ip("link add br0 type bridge", "link set br0 up")
    bed.host.ip(
        f"link add eth1 type veth peer name host netns {bridge.name}",
        "link set eth1 up",
        "addr add 10.0.1.2/24 dev eth1",
        "addr add fd00:1::2/64 dev eth1 nodad",
    )
    bridge.ip("link set host master br0", "link set host up")
    options = {"graceful_restart": True, "hold_time": 240, "passive": False}
    router = bed.start_router(kind, plug(bed, bridge, 1), **options)
    entry = {"peer_ip": "10.0.1.1", "peer_as": ROUTER_AS}
    agent = bed.start_agent(config(entry, apps=(WEB,), listen=True, graceful_restart=True))
    router.wait_routes(VIP4, VIP6)
    before = agent.peer("10.0.1.1")["sessions"]
    bridge.ip("link del port1")
    router.kill()
    never(lambda: agent.peer("10.0.1.1")["state"] != "established", "the session ends")
    again = bed.start_router(kind, plug(bed, bridge, 2), **options)
    again.wait_routes(VIP4, VIP6)
    agent.wait_log(REPLACED)
    assert agent.peer("10.0.1.1")["sessions"] == before + 1
