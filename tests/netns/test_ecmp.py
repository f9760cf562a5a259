"""Two hosts announce the same VIPs: the next hops in the kernel of the router, and their shares."""

from typing import Any

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config
from .netns import Namespace
from .routers import Neighbour, RouterConfig
from .routers.fabric import EcmpFrr
from .testbed import AGENT_AS, ROUTER_AS, Link, Testbed, connect
from .wait import wait_until

APPS = (app("web", [VIP4, VIP6]),)


class Hosts:
    """bed.host and another one, both at one router: 10.0.1.2 and 10.0.9.2."""

    def __init__(self, bed: Testbed, router_as: int = ROUTER_AS):
        self.bed = bed
        self.link: Link = bed.link()
        self.other: Namespace = bed.namespace("other")
        connect(self.other, self.link.namespace, 9, "eth9")
        config = RouterConfig(
            router_as, self.link.router_ip, "::", Neighbour(self.link.host_ip, AGENT_AS)
        )
        self.router = EcmpFrr(self.link.namespace, config, bed.workdir)
        self.router.others = ("10.0.9.2",)
        self.router.link = self.link
        self.router.start()
        self.agents: list[Agent] = []

    def start(self, *keys: dict[str, Any]) -> None:
        """An agent on each, with these keys under `bgp`."""
        places = ((self.bed.host, self.link.router_ip), (self.other, "10.0.9.1"))
        for (namespace, router), bgp in zip(places, keys, strict=True):
            entry = {"peer_ip": router, "peer_as": self.router.config.asn}
            self.agents.append(
                self.bed.start_agent(config(entry, apps=APPS, **bgp), namespace=namespace)
            )

    def shares(self, prefix: str) -> dict[str, int]:
        """Device -> weight, in the kernel of the router."""
        family = "-6" if ":" in prefix else "-4"
        found = self.link.namespace.ip_json(family, "route", "show", prefix)
        hops = [hop for route in found for hop in route.get("nexthops", [route])]
        return {hop["dev"]: hop.get("weight", 1) for hop in hops}

    def wait_shares(self, wanted: dict[str, int], *prefixes: str) -> None:
        for prefix in prefixes or (VIP4, VIP6):
            wait_until(
                lambda prefix=prefix: self.shares(prefix) == wanted,
                f"{prefix} with the shares {wanted}",
            )


def test_a_vip_of_two_hosts(bed: Testbed) -> None:
    """Both next hops; one withdrawn, one left."""
    hosts = Hosts(bed)
    hosts.start({}, {})
    hosts.wait_shares({"eth0": 1, "eth9": 1})
    hosts.agents[1].unregister("web")
    hosts.wait_shares({"eth0": 1})
    hosts.agents[1].register("web")
    hosts.wait_shares({"eth0": 1, "eth9": 1})
    hosts.agents[0].stop()
    hosts.wait_shares({"eth9": 1})
    hosts.agents[1].stop()
    hosts.wait_shares({})


@pytest.mark.parametrize("router_as", [ROUTER_AS, AGENT_AS], ids=["ebgp", "ibgp"])
def test_weights(bed: Testbed, router_as: int) -> None:
    """1 and 3 are 25 and 75 percent; a reload changes them, without resetting the session."""
    hosts = Hosts(bed, router_as)
    hosts.start({"weight": 1}, {"weight": 3})
    hosts.wait_shares({"eth0": 25, "eth9": 75})
    first = hosts.agents[0]
    [at_peer] = first.vip(VIP4)["peers"]
    form = "0x0004" if router_as == ROUTER_AS else "0x4004"
    assert at_peer["weight"] == 1
    assert at_peer["ext_communities"] == [f"{form}{AGENT_AS:04x}3f800000"]

    def use(vip_config: dict[str, Any], **bgp: Any) -> None:
        entry = {"peer_ip": hosts.link.router_ip, "peer_as": router_as}
        own = {**APPS[0], "vip_config": vip_config}
        first.reload(config(entry, apps=(own,), **bgp))

    use({}, weight=3)
    hosts.wait_shares({"eth0": 50, "eth9": 50})
    use({"weight": 12}, weight=3)
    hosts.wait_shares({"eth0": 80, "eth9": 20})
    assert first.peer(hosts.link.router_ip)["sessions"] == 1
