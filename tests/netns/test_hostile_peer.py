"""Peers that break the rules get the right NOTIFICATION, and no other peer is affected."""

import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from . import bgp
from .configs import DNS, PORT, VIP4, VIP6, app, config, peer
from .rawpeer import RawListener, RawSession
from .testbed import ROUTER_AS, Testbed
from .wait import never

WEB = app("web", VIP4)
ID = "10.0.1.1"


def raw(length: int, kind: int, body: bytes = b"", marker: bytes = bgp.MARKER) -> bytes:
    return marker + struct.pack(">HB", length, kind) + body


def instead_of_open(data: bytes) -> Callable[[RawSession], None]:
    return lambda session: session.send(data)


def after_establishment(data: bytes) -> Callable[[RawSession], None]:
    def send(session: RawSession) -> None:
        session.establish(ROUTER_AS)
        session.send(data)

    return send


def good_open(**changes: object) -> bytes:
    return bgp.open_message(**{"asn": ROUTER_AS, "bgp_id": ID, **changes})


# name: what the peer does, then code and subcode of RFC 4271 section 4.5 and later RFCs
HOSTILE: dict[str, tuple[Callable[[RawSession], None], int, int]] = {
    "noise": (instead_of_open(b"GET / HTTP/1.1\r\nHost: example\r\n\r\n"), 1, 1),
    "marker not ones": (instead_of_open(raw(19, 4, marker=b"\0" * 16)), 1, 1),
    "length 18": (instead_of_open(raw(18, 4)), 1, 2),
    "length 65535": (instead_of_open(raw(65535, 1)), 1, 2),
    "keepalive of 20 octets": (after_establishment(raw(20, 4, b"\0")), 1, 2),
    "unknown type": (after_establishment(raw(19, 77)), 1, 3),
    "version 3": (instead_of_open(good_open(version=3)), 2, 1),
    "other AS": (instead_of_open(good_open(asn=64999)), 2, 2),
    "identifier 0.0.0.0": (instead_of_open(good_open(bgp_id="0.0.0.0")), 2, 3),
    "hold time 1": (instead_of_open(good_open(hold_time=1)), 2, 6),
    "keepalive instead of open": (instead_of_open(bgp.keepalive()), 5, 1),
    "second open": (after_establishment(good_open()), 5, 3),
    "withdrawn length beyond the message": (after_establishment(raw(23, 2, b"\xff\xff\0\0")), 3, 1),
    "prefix length 33": (after_establishment(raw(28, 2, b"\0\5\x21\1\2\3\4\0\0")), 3, 10),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_broken_rule_gets_its_notification(bed: Testbed, name: str) -> None:
    attack, code, subcode = HOSTILE[name]
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS}
    agent = bed.start_agent(config(entry, apps=(WEB,)))
    session = listener.accept()
    attack(session)
    session.expect_notification(code, subcode)
    agent.stop()


def test_broken_attribute_is_tolerated(bed: Testbed) -> None:
    """RFC 7606: an ORIGIN of 7 makes the routes withdrawn, not the session."""
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    bed.start_agent(config({"peer_ip": link.router_ip, "peer_as": ROUTER_AS}, apps=(WEB,)))
    session = listener.accept()
    session.establish(ROUTER_AS)
    attributes = (
        bgp.attribute(bgp.ORIGIN, b"\7")
        + bgp.attribute(bgp.AS_PATH, b"")
        + bgp.attribute(bgp.NEXT_HOP, b"\x0a\0\1\1")
    )
    session.expect_route(VIP4)
    body = struct.pack(">HH", 0, len(attributes)) + attributes + bgp.encode_prefix("10.9.0.0/16")
    session.send(bgp.message(bgp.UPDATE, body) + bgp.route_refresh(bgp.IPV4_UNICAST))
    session.expect_route(VIP4)


def flood(session: RawSession) -> None:
    session.establish(ROUTER_AS + 1)
    update = bgp.update_message(["198.51.100.0/24"], "10.0.2.1", [ROUTER_AS + 1])
    session.send(update * 20000)


def vanish(session: RawSession) -> None:
    session.send(good_open()[:25])
    session.close()


BESIDE: dict[str, Callable[[RawSession], None]] = {
    "noise": instead_of_open(b"\x16\x03\x01" * 100),
    "flood": flood,
    "vanishing in the middle of an open": vanish,
    "silent": lambda session: None,
}


@pytest.mark.parametrize("name", BESIDE)
def test_hostile_peer_changes_nothing_for_another(bed: Testbed, name: str) -> None:
    router = bed.start_router("bird")
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS + 1}
    agent = bed.start_agent(config(peer(router), entry, apps=(WEB,)))
    router.wait_routes(VIP4)
    BESIDE[name](listener.accept())
    never(lambda: set(router.routes()) != {VIP4}, "the other peer loses the route", 0.3)
    agent.register("late", "192.0.2.99/32")
    router.wait_routes(VIP4, "192.0.2.99/32")


@contextmanager
def flooding(session: RawSession) -> Iterator[None]:
    """The peer talks without a pause, as fast as the agent takes it; 30 s at most."""
    over = threading.Event()
    session.socket.settimeout(30)

    def flood() -> None:
        with suppress(OSError):
            while not over.is_set():
                session.send(bgp.keepalive() * 3000)

    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        session.close()
        thread.join()


def test_peer_that_never_stops_talking_delays_no_other(bed: Testbed) -> None:
    service = bed.start_service(PORT)
    router = bed.start_router("bird")
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    hostile = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS}
    agent = bed.start_agent(config(peer(router), hostile, apps=(DNS,)))
    session = listener.accept()
    session.establish(ROUTER_AS)
    router.wait_routes(VIP4, VIP6)
    with flooding(session):
        service.kill()
        router.wait_routes()
        service.start()
        router.wait_routes(VIP4, VIP6)
        assert agent.get("/v1/apps").status == 200
        agent.stop()
