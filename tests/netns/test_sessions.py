"""Kinds of sessions, each with each router: how they come up, and how routes look over them."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from . import bgp
from .configs import DNS, PORT, VIP4, VIP6, app, config, peer
from .rawpeer import RawListener
from .routers import KINDS, Route, Router
from .testbed import AGENT_AS, ROUTER_AS, Link, Testbed, connect
from .wait import wait_until

Options = dict[str, Any]


@dataclass(frozen=True)
class Case:
    router: Options
    """Arguments of Testbed.start_router."""
    peer: Options
    """Keys of the agent's peer."""
    agent_as: int = AGENT_AS
    as_path: tuple[int, ...] = (AGENT_AS,)
    local_pref: int | None = None


CASES = {
    "ebgp": Case({}, {}),
    "ibgp": Case({"asn": AGENT_AS}, {}, as_path=(), local_pref=100),
    "md5": Case({"password": "secret"}, {"password": "secret"}),
    "gtsm": Case({"ttl_security": True}, {"ttl_security": True}),
    "as4": Case(
        {"asn": 4200000000, "agent_asn": 4200000001},
        {},
        agent_as=4200000001,
        as_path=(4200000001,),
    ),
}


def assert_announced(router: Router, case: Case, next_hops: dict[str, str]) -> None:
    routes = router.wait_routes(*next_hops)
    for prefix, next_hop in next_hops.items():
        route = routes[prefix]
        expected = Route(prefix, next_hop, case.as_path, "igp", ("5000:5000",), case.local_pref)
        if case.local_pref is None:
            route = replace(route, local_pref=None)
        assert replace(route, med=None) == expected


PAIRS = [(kind, name) for kind in sorted(KINDS) for name in CASES if KINDS[kind].accepts(name)]


@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_session_comes_up_and_carries_both_families(bed: Testbed, kind: str, name: str) -> None:
    case = CASES[name]
    router = bed.start_router(kind, **case.router)
    bed.start_service(PORT)
    agent = bed.start_agent(
        config(peer(router, **case.peer), apps=(DNS,), local_as=case.agent_as)
    )
    assert_announced(
        router, case, {VIP4: router.link.host_ip, VIP6: router.link.host_ip6}
    )
    assert agent.peer(router.ip)["type"] == ("internal" if case.local_pref else "external")


def test_gtsm_with_a_router_that_connects(bed: Testbed) -> None:
    """ExaBGP, which cannot do it as the listening side."""
    link = bed.link()
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, "ttl_security": True, "passive": True}
    bed.start_agent(config(entry, apps=(app("web", VIP4),), listen=True))
    router = bed.start_router("exabgp", link, ttl_security=True, passive=False)
    router.wait_routes(VIP4)


def test_session_over_ipv6(bed: Testbed, kind: str) -> None:
    link = bed.link()
    router = bed.start_router(kind, link, listen=link.router_ip6, agent_ip=link.host_ip6)
    bed.start_service(PORT)
    bed.start_agent(config(peer(router), apps=(DNS,)))
    assert_announced(router, CASES["ebgp"], {VIP4: link.host_ip, VIP6: link.host_ip6})


def start_distant_router(bed: Testbed, kind: str, **options: Any) -> tuple[Link, Router]:
    """host -- gateway -- router: 10.0.1.0/24, then 10.0.101.0/24. The link is the first one."""
    gateway = bed.link()
    far = bed.namespace("far")
    connect(gateway.namespace, far, 101)
    far_ip, far_ip6 = "10.0.101.1", "fd00:101::1"
    gateway.namespace.forward()
    bed.host.ip(f"route add {far_ip} via {gateway.router_ip}")
    bed.host.ip(f"route add {far_ip6} via {gateway.router_ip6}")
    far.ip("route add 10.0.1.0/24 via 10.0.101.2", "route add fd00:1::/64 via fd00:101::2")

    link = replace(gateway, namespace=far)
    return gateway, bed.start_router(kind, link, listen=far_ip, **{"multihop": 255, **options})


def test_multi_hop_session(bed: Testbed, kind: str) -> None:
    gateway, router = start_distant_router(bed, kind)
    bed.start_service(PORT)
    bed.start_agent(config(peer(router, multi_hop=True), apps=(DNS,)))
    assert_announced(router, CASES["ebgp"], {VIP4: gateway.host_ip, VIP6: gateway.host_ip6})


@dataclass(frozen=True)
class Opening:
    """The side that connects."""

    router_waits: bool
    agent_waits: bool


OPENINGS = {
    "agent waits": Opening(router_waits=False, agent_waits=True),
    "both connect": Opening(router_waits=False, agent_waits=False),
    "router waits": Opening(router_waits=True, agent_waits=False),
}


@pytest.mark.parametrize("name", OPENINGS)
def test_listening_agent_gets_one_stable_session(bed: Testbed, kind: str, name: str) -> None:
    opening = OPENINGS[name]
    bed.start_service(PORT)
    link = bed.link()
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, "passive": opening.agent_waits}
    agent = bed.start_agent(config(entry, apps=(DNS,), listen=True))
    router = bed.start_router(kind, link, passive=opening.router_waits)
    assert_announced(router, CASES["ebgp"], {VIP4: link.host_ip, VIP6: link.host_ip6})
    assert agent.session_states() == {router.ip: 6}


# The options of the router and of its peer entry, and the option that the hint has to name.
HINTED: dict[str, tuple[Options, Options, str]] = {
    "wrong password": ({"password": "right"}, {"password": "wrong"}, "password"),
    "password only here": ({}, {"password": "secret"}, "password"),
    "password only there": ({"password": "secret"}, {}, "password"),
    "ttl security only here": ({}, {"ttl_security": True}, "ttl_security"),
}


@pytest.mark.parametrize("name", HINTED)
def test_silent_peer_gets_a_hint_about_password_and_ttl(bed: Testbed, name: str) -> None:
    router_options, peer_options, culprit = HINTED[name]
    router = bed.start_router("bird", **router_options)
    agent = bed.start_agent(config(peer(router, **peer_options)))
    hint = wait_until(lambda: agent.peer(router.ip)["hint"], "a hint")
    assert culprit in hint
    assert agent.peer(router.ip)["state"] != "established"


def test_router_that_wants_ttl_security_is_silent_and_gets_a_hint(bed: Testbed) -> None:
    """Scripted, because BIRD demands the TTL only after accept(): whether the OPEN gets through
    before that is a race."""
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip, minimum_ttl=255)
    agent = bed.start_agent(config({"peer_ip": link.router_ip, "peer_as": ROUTER_AS}))
    assert "ttl_security" in wait_until(lambda: agent.peer(link.router_ip)["hint"], "a hint")
    listener.close()


def test_router_that_accepts_and_says_nothing_gets_a_hint(bed: Testbed) -> None:
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    agent = bed.start_agent(config({"peer_ip": link.router_ip, "peer_as": ROUTER_AS}))
    session = listener.accept()
    assert "ttl_security" in wait_until(lambda: agent.peer(link.router_ip)["hint"], "a hint")
    assert agent.peer(link.router_ip)["state"] == "opensent"
    session.close()
    failed = agent.wait_event("session.failed", peer=link.router_ip, level="warning")
    assert failed["text"].startswith(f"peer {link.router_ip}: ")


def test_distant_peer_without_multi_hop_gets_a_hint(bed: Testbed) -> None:
    gateway, router = start_distant_router(bed, "bird")
    agent = bed.start_agent(config(peer(router)))
    hint = wait_until(lambda: agent.peer(router.ip)["hint"], "a hint")
    assert "multi_hop" in hint


def test_session_with_the_right_password_has_no_hint(bed: Testbed) -> None:
    router = bed.start_router("bird", password="opensesame")
    agent = bed.start_agent(config(peer(router, password="opensesame")))
    router.wait_established()
    assert not agent.peer(router.ip)["hint"]
    assert "opensesame" not in agent.get("/v1/peers").text + agent.get("/info").text + agent.log


def test_last_notification_stays(bed: Testbed) -> None:
    """A router that has ended the session refuses what follows; why it ended it is still shown."""
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    key = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, "connect_retry": "100ms"}
    agent = bed.start_agent(config(key, apps=(app("web", VIP4),)))

    def end_a_session(*how: Any) -> None:
        session = listener.accept()
        session.establish(ROUTER_AS)
        session.receive_updates_until_end_of_rib()
        session.send(bgp.notification(*how))
        session.expect_end()

    limit = bytes.fromhex("00010100000001")
    end_a_session(6, 1, limit)
    end_a_session(6, 1, limit)
    listener.close()
    wait_until(
        lambda: "refused" in agent.peer(link.router_ip)["last_error"], "the router refuses"
    )
    shown = agent.peer(link.router_ip)
    last = shown["last_notification"]
    said = "Cease/Maximum Number of Prefixes Reached (IPv4 unicast, limit 1)"
    assert (last["direction"], last["code"], last["subcode"]) == ("received", 6, 1)
    assert (last["text"], last["data"], last["count"]) == (said, limit.hex(), 2)
    assert last["first"] <= last["last"]
    assert "maximum prefix limit" in shown["hint"] and "MD5" not in shown["hint"]
    assert said in agent.wait_log("2 times within")
    assert "ask the router's owner" in agent.wait_log("maximum prefix limit")

    listener = RawListener(link.namespace, link.router_ip)
    end_a_session(6, 2, b"\x0cback at noon")
    wait_until(
        lambda: agent.peer(link.router_ip)["last_notification"]["subcode"] == 2, "the shutdown"
    )
    last = agent.peer(link.router_ip)["last_notification"]
    assert (last["text"], last["count"]) == (
        'Cease/Administrative Shutdown: "back at noon"',
        1,
    )
