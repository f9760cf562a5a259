# SPDX-License-Identifier: MIT
"""A router on the same host: BIRD takes the session at 127.0.0.1, and passes the routes on to a router
of the network."""

from typing import Any

import pytest

from .configs import VIP4, VIP6, app, config
from .routers import Neighbour, Router, RouterConfig
from .routers.bird import Bird
from .testbed import AGENT_AS, Link, Testbed
from .wait import wait_until

LOCAL_AS = 65002
WEB = app("web", [VIP4, VIP6])

# As docs/networks.md has it: VIPs are known from the agent alone, not from lo.
BIRD = """
log stderr all;
router id 10.0.1.2;
protocol device { }
protocol direct { interface "-lo", "*"; ipv4; ipv6; }
protocol bgp agent {
  local 127.0.0.1 as 65002;
  neighbor 127.0.0.1 as 65001;
  multihop;
  passive on;
  error wait time 1, 2;
  ipv4 { import all; export none; };
  ipv6 { import all; export none; };
}
protocol bgp up {
  local 10.0.1.2 as 65002;
  neighbor 10.0.1.1 as 65000;
  direct;
  connect delay time 1;
  connect retry time 1;
  ipv4 { import none; export where proto = "agent"; next hop self; };
  ipv6 { import none; export where proto = "agent"; next hop address fd00:1::2; };
}
"""


class LocalBird(Bird):
    def _config(self) -> str:
        return BIRD


def start_routers(bed: Testbed) -> tuple[Router, Router, Link]:
    """BIRD on the host, and the router of the network, which sees the host's AS."""
    link = bed.link()
    far = bed.start_router("bird", link, agent_asn=LOCAL_AS)
    neighbour = Neighbour("127.0.0.1", AGENT_AS)
    local = LocalBird(
        bed.host, RouterConfig(LOCAL_AS, link.host_ip, "127.0.0.1", neighbour), bed.workdir
    )
    local.link = link
    local.start()
    return local, far, link


def local_peer(**keys: Any) -> dict[str, Any]:
    return {"peer_ip": "127.0.0.1", "peer_as": LOCAL_AS, **keys}


@pytest.mark.parametrize("where", ["peer", "bgp"])
def test_next_hops_make_routes_that_the_network_can_use(bed: Testbed, where: str) -> None:
    local, far, link = start_routers(bed)
    hops = {"next_hop": link.host_ip, "next_hop6": link.host_ip6}
    structure = (
        config(local_peer(**hops), apps=(WEB,), router_id="10.0.1.200")
        if where == "peer"
        else config(local_peer(), apps=(WEB,), router_id="10.0.1.200", **hops)
    )
    agent = bed.start_agent(structure)
    routes = local.wait_routes(VIP4, VIP6)
    assert (routes[VIP4].next_hop, routes[VIP6].next_hop) == (link.host_ip, link.host_ip6)
    passed_on = far.wait_routes(VIP4, VIP6)
    assert (passed_on[VIP4].next_hop, passed_on[VIP6].next_hop) == (link.host_ip, link.host_ip6)
    assert passed_on[VIP4].as_path == (LOCAL_AS, AGENT_AS)
    assert "loopback" not in agent.log and "multi_hop" not in agent.log
    agent.stop()
    local.wait_routes()
    far.wait_routes()


def test_without_next_hop_there_is_a_warning(bed: Testbed) -> None:
    """IPv4 would have 127.0.0.1, and for IPv6 there is none."""
    local, _, _ = start_routers(bed)
    agent = bed.start_agent(config(local_peer(), apps=(WEB,), router_id="10.0.1.200"))
    agent.wait_log("the next hop would be a loopback address.*set next_hop and next_hop6")
    local.wait_established()
    wait_until(lambda: agent.route_state(VIP6, "127.0.0.1") == "no-next-hop", "no IPv6 next hop")
    assert not agent.vip(VIP6)["announced"]


def test_families_of_all_peers(bed: Testbed) -> None:
    """Under `bgp` they are the default, and a peer's own replace them."""
    link = bed.link()
    first = bed.start_router("bird", link)
    second = bed.start_router("frr")
    entries = (
        {"peer_ip": first.ip, "peer_as": first.config.asn},
        {"peer_ip": second.ip, "peer_as": second.config.asn, "families": ["ipv6"]},
    )
    agent = bed.start_agent(config(*entries, apps=(WEB,), families=["ipv4"]))
    first.wait_routes(VIP4)
    second.wait_routes(VIP6)
    shown = [agent.peer(router.ip)["negotiated"] for router in (first, second)]
    assert [one["ipv4_unicast"] for one in shown] == [True, False]
    assert [one["ipv6_unicast"] for one in shown] == [False, True]
