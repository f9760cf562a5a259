# SPDX-License-Identifier: MIT
"""Keys of a peer with routers that are particular: families, multihop_ttl, next_hop."""

from typing import Any

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .routers import Router
from .test_sessions import start_distant_router
from .testbed import Testbed
from .wait import wait_until

WEB = app("web", [VIP4, VIP6])
ROUTERS = pytest.mark.parametrize("kind", ["frr", "bird"])


# Address families


def wait_not_negotiated(agent: Agent, vip: str, router: Router) -> None:
    """The VIP of that family may be bound a moment after the other."""
    wait_until(
        lambda: agent.route_state(vip, router.ip) == "family-not-negotiated", f"{vip} cannot be sent"
    )


@ROUTERS
@pytest.mark.parametrize("family, sent, kept", [("ipv4", VIP4, VIP6), ("ipv6", VIP6, VIP4)])
def test_families_that_are_offered(
    bed: Testbed, kind: str, family: str, sent: str, kept: str
) -> None:
    router = bed.start_router(kind)
    agent = bed.start_agent(config(peer(router, families=[family]), apps=(WEB,)))
    router.wait_routes(sent)
    shown = agent.peer(router.ip)["negotiated"]
    assert (shown["ipv4_unicast"], shown["ipv6_unicast"]) == (family == "ipv4", family == "ipv6")
    wait_not_negotiated(agent, kept, router)
    agent.wait_log(r"announcement errors: \[peer .*, of 1 VIP")
    agent.reload(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4, VIP6)


def test_router_without_ipv6(bed: Testbed) -> None:
    router = bed.start_router("frr", families=("ipv4",))
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4)
    wait_not_negotiated(agent, VIP6, router)


STRICT = pytest.mark.parametrize(
    "kind, options",
    [
        ("frr", {"extra": ("strict-capability-match",)}),
        ("bird", {"mandatory": True}),
    ],
)


@STRICT
def test_strict_router_is_satisfied(bed: Testbed, kind: str, options: dict[str, Any]) -> None:
    router = bed.start_router(kind, **options)
    bed.start_agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4, VIP6)


@STRICT
def test_strict_router_lacks_a_family(bed: Testbed, kind: str, options: dict[str, Any]) -> None:
    router = bed.start_router(kind, **options)
    agent = bed.start_agent(config(peer(router, families=["ipv4"]), apps=(WEB,)))
    agent.wait_log("received NOTIFICATION OPEN Message Error/Unsupported Capability")
    agent.wait_log("the router requires a capability that this agent does not offer")
    last = agent.peer(router.ip)["last_notification"]
    assert (last["direction"], last["code"], last["subcode"]) == ("received", 2, 7)
    agent.reload(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4, VIP6)


# Distance


@ROUTERS
def test_multihop_ttl_that_reaches(bed: Testbed, kind: str) -> None:
    gateway, router = start_distant_router(bed, kind)
    agent = bed.start_agent(config(peer(router, multihop_ttl=2), apps=(WEB,)))
    routes = router.wait_routes(VIP4, VIP6)
    assert (routes[VIP4].next_hop, routes[VIP6].next_hop) == (gateway.host_ip, gateway.host_ip6)
    shown = agent.peer(router.ip)
    assert (shown["ttl"], shown["config"]["multi_hop"]) == (2, True)


@ROUTERS
def test_multihop_ttl_that_does_not_reach(bed: Testbed, kind: str) -> None:
    _, router = start_distant_router(bed, kind)
    agent = bed.start_agent(config(peer(router, multihop_ttl=1), apps=(WEB,)))
    agent.wait_log("multihop_ttl of 1 does not reach it: set it to 2 or more")
    agent.reload(config(peer(router, multihop_ttl=2), apps=(WEB,)))
    router.wait_routes(VIP4, VIP6)


TTL_SECURITY = pytest.mark.parametrize(
    "kind, options",
    [
        ("frr", {"multihop": None, "extra": ("ttl-security hops 2",)}),
        ("bird", {"multihop": 2, "ttl_security": True}),
    ],
)


@TTL_SECURITY
def test_distant_router_with_ttl_security(bed: Testbed, kind: str, options: dict[str, Any]) -> None:
    _, router = start_distant_router(bed, kind, **options)
    bed.start_agent(config(peer(router, multihop_ttl=255), apps=(WEB,)))
    router.wait_routes(VIP4, VIP6)


@TTL_SECURITY
def test_multihop_ttl_below_ttl_security(bed: Testbed, kind: str, options: dict[str, Any]) -> None:
    """The router drops what comes from further away than its hops, as the TTL tells."""
    _, router = start_distant_router(bed, kind, **options)
    agent = bed.start_agent(config(peer(router, multihop_ttl=64), apps=(WEB,)))
    hint = wait_until(lambda: agent.peer(router.ip)["hint"], "a hint")
    assert "TTL security" in hint and "255" in hint
    assert not router.is_established()


# Next hops


@ROUTERS
def test_next_hops_are_those_configured(bed: Testbed, kind: str) -> None:
    """A change is an UPDATE, the session stays."""
    router = bed.start_router(kind)
    link = router.link
    bed.host.ip(
        f"addr add 10.0.1.77/24 dev {link.device}",
        f"addr add fd00:1::77/64 dev {link.device} nodad",
    )
    hops = {"next_hop": "10.0.1.77", "next_hop6": "fd00:1::77"}
    agent = bed.start_agent(config(peer(router, **hops), apps=(WEB,)))
    routes = router.wait_routes(VIP4, VIP6)
    assert (routes[VIP4].next_hop, routes[VIP6].next_hop) == ("10.0.1.77", "fd00:1::77")
    own = {"next_hop": link.host_ip, "next_hop6": link.host_ip6}
    agent.reload(config(peer(router, **own), apps=(WEB,)))
    wait_until(
        lambda: [route.next_hop for route in router.routes().values()]
        == [link.host_ip, link.host_ip6],
        "the addresses of the interface",
    )
    assert agent.peer(router.ip)["sessions"] == 1
