# SPDX-License-Identifier: MIT
"""BGP roles and Only to Customer (RFC 9234): routers that have them, and a scripted peer."""

import struct
from typing import Any

import pytest

from . import bgp
from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .rawpeer import RawListener
from .routers import Router
from .test_verbs import Client
from .testbed import AGENT_AS, ROUTER_AS, Testbed
from .wait import wait_until

WEB = app("web", [VIP4, VIP6])
CAP_ROLE, OTC = 9, 35
ROLE_MISMATCH = (2, 11)
PROVIDER, CUSTOMER, PEER = 0, 3, 4

# Ours, the router's in the words of FRR and BIRD, and whether our routes carry OTC.
FITTING = {
    "customer": ("provider", "provider", False),
    "provider": ("customer", "customer", True),
    "peer": ("peer", "peer", True),
    "rs-client": ("rs-server", "rs_server", False),
    "rs": ("rs-client", "rs_client", True),
}
COUNTERPART = {
    "customer": "provider",
    "provider": "customer",
    "peer": "peer",
    "rs-client": "rs",
    "rs": "rs-client",
}


def role_of(kind: str, ours: str) -> str:
    return FITTING[ours][0 if kind == "frr" else 1]


def last(agent: Agent, router: Router | str) -> Any:
    ip = router if isinstance(router, str) else router.ip
    return agent.peer(ip)["last_notification"]


@pytest.mark.parametrize("kind", ["frr", "bird"])
@pytest.mark.parametrize("ours", FITTING)
def test_roles_that_fit(bed: Testbed, kind: str, ours: str) -> None:
    """Both sides in strict mode."""
    router = bed.start_router(kind, role=role_of(kind, ours), role_strict=True)
    agent = bed.start_agent(config(peer(router, role=ours, role_strict=True), apps=(WEB,)))
    routes = router.wait_routes(VIP4, VIP6)
    otc = AGENT_AS if FITTING[ours][2] else None
    assert [routes[vip].only_to_customer for vip in (VIP4, VIP6)] == [otc, otc]
    shown = agent.peer(router.ip)
    assert (shown["role"], shown["peer_role"]) == (ours, COUNTERPART[ours])
    assert shown["config"]["role_strict"] and shown["last_notification"] is None
    assert f"{ours}, of the peer {COUNTERPART[ours]}" in Client(bed, agent)("peer", router.ip)


@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_roles_that_do_not_fit(bed: Testbed, kind: str) -> None:
    """Whichever side rejects the other first, log and API say why. A reload mends it."""
    router = bed.start_router(kind, role="customer")
    agent = bed.start_agent(config(peer(router, role="customer"), apps=(WEB,)))
    wait_until(lambda: last(agent, router) is not None, "a NOTIFICATION")
    shown = agent.peer(router.ip)
    notice = shown["last_notification"]
    assert (notice["code"], notice["subcode"], notice["data"]) == (*ROLE_MISMATCH, "")
    assert notice["text"] == "OPEN Message Error/Role Mismatch"
    wait_until(lambda: "customer and provider" in agent.peer(router.ip)["hint"], "the hint")
    agent.wait_log("BGP role mismatch: the peer's role is customer|NOTIFICATION .*Role Mismatch")
    agent.wait_log("BGP roles .RFC 9234. of both sides have to be")
    agent.reload(config(peer(router, role="provider"), apps=(WEB,)))
    router.wait_routes(VIP4, VIP6)
    assert agent.peer(router.ip)["peer_role"] == "customer"


@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_strict_router(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind, role="provider", role_strict=True)
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    wait_until(lambda: last(agent, router) is not None, "a NOTIFICATION")
    notice = last(agent, router)
    assert (notice["direction"], notice["code"], notice["subcode"]) == ("received", *ROLE_MISMATCH)
    agent.wait_log("the router requires a BGP role .RFC 9234.: set role for this peer")
    agent.reload(config(peer(router, role="customer"), apps=(WEB,)))
    router.wait_routes(VIP4, VIP6)


@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_router_without_roles(bed: Testbed, kind: str) -> None:
    """Strict mode rejects it; without, our role still decides about OTC."""
    router = bed.start_router(kind)
    agent = bed.start_agent(config(peer(router, role="peer", role_strict=True), apps=(WEB,)))
    agent.wait_log("the peer announces no BGP role, required by role_strict")
    notice = last(agent, router)
    assert (notice["direction"], notice["code"], notice["subcode"]) == ("sent", *ROLE_MISMATCH)
    agent.wait_log("for a router without roles remove role_strict")
    assert not router.routes()
    agent.reload(config(peer(router, role="peer"), apps=(WEB,)))
    routes = router.wait_routes(VIP4, VIP6)
    assert routes[VIP4].only_to_customer == AGENT_AS
    shown = agent.peer(router.ip)
    assert (shown["role"], shown["peer_role"]) == ("peer", None)


def listen(bed: Testbed, **keys: Any) -> tuple[RawListener, Agent, str]:
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, **keys}
    return listener, bed.start_agent(config(entry, apps=(WEB,))), link.router_ip


def capabilities(*roles: int) -> bytes:
    return bgp.usual_capabilities(ROUTER_AS) + b"".join(
        bgp.capability(CAP_ROLE, bytes([role])) for role in roles
    )


@pytest.mark.parametrize(
    "roles, fits",
    [
        ((PROVIDER,), True),
        ((PROVIDER, PROVIDER), True),
        ((CUSTOMER,), False),
        ((PROVIDER, CUSTOMER), False),
        ((77,), False),
    ],
)
def test_capability_on_the_wire(bed: Testbed, roles: tuple[int, ...], fits: bool) -> None:
    listener, agent, _ = listen(bed, role="customer")
    session = listener.accept()
    sent = session.expect_open()
    assert sent.capability(CAP_ROLE) == [bytes([CUSTOMER])]
    session.send(
        bgp.open_message(ROUTER_AS, "10.0.1.1", capabilities=capabilities(*roles))
        + (bgp.keepalive() if fits else b"")
    )
    if fits:
        session.receive_updates_until_end_of_rib()
    else:
        session.expect_notification(*ROLE_MISMATCH)
    agent.stop()


@pytest.mark.parametrize("role", [None, "peer"])
def test_otc_on_the_wire(bed: Testbed, role: str | None) -> None:
    listener, _, _ = listen(bed, **({"role": role} if role else {}))
    session = listener.accept()
    opened = session.establish(ROUTER_AS, capabilities=capabilities(*([PEER] if role else [])))
    assert opened.capability(CAP_ROLE) == ([bytes([PEER])] if role else [])
    updates = session.receive_updates_until_end_of_rib()
    routes = [update for update in updates if update.announced]
    assert len(routes) == 2
    for update in routes:
        if role:
            assert update.attributes[OTC] == bgp.Attribute(0xC0, struct.pack(">I", AGENT_AS))
        else:
            assert OTC not in update.attributes


def test_malformed_otc_is_treated_as_withdrawn(bed: Testbed) -> None:
    listener, agent, ip = listen(bed, role="customer")
    session = listener.accept()
    session.establish(ROUTER_AS, capabilities=capabilities(PROVIDER))
    attributes = (
        bgp.attribute(bgp.ORIGIN, b"\0")
        + bgp.attribute(bgp.AS_PATH, b"\2\1" + struct.pack(">I", ROUTER_AS))
        + bgp.attribute(bgp.NEXT_HOP, bytes([10, 0, 1, 1]))
        + bgp.attribute(OTC, b"\0\0\1", 0xC0)
    )
    body = struct.pack(">HH", 0, len(attributes)) + attributes + bgp.encode_prefix("10.9.0.0/16")
    session.send(bgp.message(bgp.UPDATE, body))
    wait_until(
        lambda: agent.peer(ip)["routes"]["received_withdrawn"] == 1, "the route is withdrawn"
    )
    shown = agent.peer(ip)
    assert (shown["state"], shown["routes"]["errors_tolerated"]) == ("established", 1)
