# SPDX-License-Identifier: MIT
"""Default gateways and on-link routes in every form that the kernel has, and what the agent makes of
them: which router is the peer, and no advice that does not fit."""

from pathlib import Path

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config
from .rawpeer import RawListener
from .testbed import ROUTER_AS, Testbed
from .wait import wait_until

ROUTER, OTHER = "10.0.1.1", "10.0.1.8"
ROUTER6, OTHER6 = "fd00:1::1", "fd00:1::8"

MULTIPATH = [
    f"route add default nexthop via {ROUTER} nexthop via {OTHER}",
]
GROUP = [
    f"nexthop add id 3 via {ROUTER} dev eth1",
    f"nexthop add id 4 via {OTHER} dev eth1",
    "nexthop add id 1 group 3/4",
    "route add default nhid 1",
]
MULTIPATH6 = [
    f"route add ::/0 nexthop via {ROUTER6} nexthop via {OTHER6}",
]
GROUP6 = [
    f"nexthop add id 3 via {ROUTER6} dev eth1",
    f"nexthop add id 4 via {OTHER6} dev eth1",
    "nexthop add id 1 group 3/4",
    "route add ::/0 nhid 1",
]


def compat_mode_off(bed: Testbed) -> None:
    with bed.host.inside():
        Path("/proc/sys/net/ipv4/nexthop_compat_mode").write_text("0")


def gateway_as_peer(bed: Testbed, routes: list[str], router: str, **bgp: object) -> Agent:
    link = bed.link()
    bed.host.ip(*routes)
    listener = RawListener(link.namespace, router)
    structure = config(
        peer_ip=None, peer_as=ROUTER_AS, apps=(app("web", VIP6 if ":" in router else VIP4),), **bgp
    )
    agent = bed.start_agent(structure)
    session = listener.accept()
    session.establish(ROUTER_AS, ROUTER)
    return agent


def gateways_alarm(agent: Agent) -> list[str]:
    alarms = agent.status("status")["alarms"]
    return [alarm["text"] for alarm in alarms if alarm["alarm"] == "more-gateways"]


@pytest.mark.parametrize(
    ("routes", "router", "other"),
    [
        (MULTIPATH, ROUTER, OTHER),
        (GROUP, ROUTER, OTHER),
        (MULTIPATH6, ROUTER6, OTHER6),
        (GROUP6, ROUTER6, OTHER6),
    ],
    ids=["ipv4", "ipv4 group", "ipv6", "ipv6 group"],
)
@pytest.mark.parametrize("compat", ["compat", "no compat"])
def test_one_of_several_is_the_peer_and_the_others_are_named(
    bed: Testbed, routes: list[str], router: str, other: str, compat: str
) -> None:
    if compat == "no compat":
        compat_mode_off(bed)
    agent = gateway_as_peer(bed, routes, router)
    text = f"the default gateway {router} is the peer, other default gateways get"
    assert f": {other} on eth1" in agent.wait_log(text)
    [alarm] = gateways_alarm(agent)
    assert text in alarm and alarm.endswith(f": {other} on eth1")
    assert "multi_hop" not in agent.log and "no longer directly connected" not in agent.log


def test_one_gateway_is_no_alarm(bed: Testbed) -> None:
    agent = gateway_as_peer(bed, [f"route add default via {ROUTER}"], ROUTER)
    assert gateways_alarm(agent) == []


@pytest.mark.parametrize("compat", ["compat", "no compat"])
def test_group_that_changes_is_noticed(bed: Testbed, compat: str) -> None:
    """Without compat mode the kernel reports the object only, not the routes that use it."""
    if compat == "no compat":
        compat_mode_off(bed)
    agent = gateway_as_peer(bed, GROUP, ROUTER)
    assert len(gateways_alarm(agent)) == 1
    bed.host.ip("nexthop replace id 1 group 3")
    wait_until(lambda: gateways_alarm(agent) == [], "one gateway is left")
    bed.host.ip("nexthop replace id 1 group 4")
    agent.wait_log(f"default gateway is now {OTHER}, the peer stays")


ONLINK = [
    f"route add default via {ROUTER} dev eth1 onlink",
    f"route add ::/0 via {ROUTER6} dev eth1 onlink",
]
SCOPE_LINK = [
    f"route add {ROUTER}/32 dev eth1 scope link",
    f"route add default via {ROUTER}",
    f"route add {ROUTER6}/128 dev eth1",
    f"route add ::/0 via {ROUTER6}",
]
ONLINK_GROUP = [
    f"nexthop add id 3 via {ROUTER} dev eth1 onlink",
    "nexthop add id 1 group 3",
    "route add default nhid 1",
    f"nexthop add id 5 via {ROUTER6} dev eth1 onlink",
    "nexthop add id 2 group 5",
    "route add ::/0 nhid 2",
]


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@pytest.mark.parametrize(
    "routes", [ONLINK, SCOPE_LINK, ONLINK_GROUP], ids=["onlink", "scope link", "onlink group"]
)
def test_host_without_a_subnet(bed: Testbed, routes: list[str], family: str) -> None:
    """As in clouds: a /32, and a router that is on the link because the route says so."""
    link = bed.link()
    bed.host.ip(
        f"addr del {link.host_ip}/24 dev eth1",
        f"addr del {link.host_ip6}/64 dev eth1",
        f"addr add {link.host_ip}/32 dev eth1",
        f"addr add {link.host_ip6}/128 dev eth1 nodad",
        *routes,
    )
    router, vip = (ROUTER6, VIP6) if family == "ipv6" else (ROUTER, VIP4)
    listener = RawListener(link.namespace, router)
    entry = {"peer_ip": router, "peer_as": ROUTER_AS}
    agent = bed.start_agent(config(entry, apps=(app("web", vip),)))
    session = listener.accept()
    session.establish(ROUTER_AS, ROUTER)
    session.expect_route(vip)
    assert "WARN  bgp" not in agent.log and "multi_hop" not in agent.log
    assert agent.peer(router)["path_error"] == ""


def silent(bed: Testbed, router: str, *keys: str) -> Agent:
    """An agent whose router is on the link and drops what it gets."""
    bed.host.ip(f"neigh replace {router} lladdr 02:00:00:00:00:01 dev eth1")
    entry = {"peer_ip": router, "peer_as": ROUTER_AS}
    return bed.start_agent(config(entry, apps=(app("web", VIP4),)))


def hint(agent: Agent, router: str) -> str:
    wait_until(lambda: agent.peer(router)["hint"] != "", "a hint")
    return agent.peer(router)["hint"]


def test_silent_router_on_the_link_is_no_distant_one(bed: Testbed) -> None:
    link = bed.link()
    bed.host.ip(f"addr del {link.host_ip}/24 dev eth1", f"addr add {link.host_ip}/32 dev eth1")
    bed.host.ip(ONLINK[0])
    agent = silent(bed, ROUTER)
    assert "no answer to TCP SYN" in hint(agent, ROUTER)
    assert "multi_hop" not in agent.log and "multi_hop" not in hint(agent, ROUTER)


def test_gateway_with_another_address_may_be_the_peer(bed: Testbed) -> None:
    """A host whose only IPv6 route is the default by fe80::1, which is the router 2001:db8:1::1."""
    link = bed.link()
    link.namespace.ip("addr add fe80::1/64 dev eth0 nodad", "addr add 2001:db8:1::1/128 dev lo nodad")
    bed.host.ip(f"addr del {link.host_ip6}/64 dev eth1", f"addr add {link.host_ip6}/128 dev eth1 nodad")
    bed.host.ip("route add default via fe80::1 dev eth1")
    link.namespace.ip(f"route add {link.host_ip6}/128 dev eth0")
    listener = RawListener(link.namespace, "2001:db8:1::1")
    entry = {"peer_ip": "2001:db8:1::1", "peer_as": ROUTER_AS}
    agent = bed.start_agent(config(entry, apps=(app("web", VIP6),)))
    session = listener.accept()
    session.establish(ROUTER_AS, ROUTER)
    session.expect_route(VIP6)
    assert "WARN  bgp" not in agent.log
    assert "if that is not the peer itself, set multi_hop" in agent.log
