# SPDX-License-Identifier: MIT
"""Hosts whose routing depends on the source: policy routing, and IPv6 privacy addresses. Real routers, which
accept the session from one address only."""

from pathlib import Path

import pytest

from . import rawpeer
from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .routers import Router
from .testbed import ROUTER_AS, Link, Testbed
from .wait import never, wait_until

FAR = pytest.mark.parametrize("far", [False, True], ids=["connected", "multi-hop"])
FAMILIES = pytest.mark.parametrize("v6", [False, True], ids=["IPv4", "IPv6"])


class Rule:
    """A router that only table 100 leads to, for packets from this host's address on that link; the main
    table has the default route of a management network. `preferred`: with that address as the source, so
    that the kernel chooses it for a socket that is not bound."""

    def __init__(self, bed: Testbed, *, v6: bool, far: bool, preferred: bool = False):
        self.bed, self.far, self.v6 = bed, far, v6
        self.link: Link = bed.link()
        self.management: Link = bed.link()
        self.own = self.link.host_ip6 if v6 else self.link.host_ip
        self.loopback = "2001:db8:200::1" if v6 else "10.200.0.1"
        near = self.link.router_ip6 if v6 else self.link.router_ip
        self.router_ip = self.loopback if far else near
        device, length, net = (
            (self.link.device, 64, "fd00:1::/64") if v6 else (self.link.device, 24, "10.0.1.0/24")
        )
        src = f" src {self.own}"
        self._default = "route replace default via " + (
            self.management.router_ip6 if v6 else self.management.router_ip
        ) + (src if preferred else "")
        self._table = [
            f"route replace {net} dev {device} table 100" + ("" if v6 else src),
            f"route replace default via {near} dev {device} table 100",
        ]
        if v6:
            # As the kernel does it with IPv4: addresses stay on an interface that goes down.
            for link in (self.link, self.management):
                with bed.host.inside():
                    conf = f"/proc/sys/net/ipv6/conf/{link.device}"
                    Path(f"{conf}/keep_addr_on_down").write_text("1")
                    Path(f"{conf}/accept_dad").write_text("0")
        bed.host.ip(
            f"addr del {self.own}/{length} dev {device}",
            f"addr add {self.own}/{length} dev {device} noprefixroute" + (" nodad" if v6 else ""),
            *self._table,
            self._default,
        )
        family = "-6" if v6 else "-4"
        bed.host.run(["ip", family, "rule", "add", "from", self.own, "lookup", "100"])
        if far:
            self.link.namespace.ip(f"addr add {self.loopback}/{128 if v6 else 32} dev lo")

    def start_router(self, kind: str) -> Router:
        return self.bed.start_router(
            kind,
            self.link,
            agent_ip=self.own,
            listen=self.router_ip,
            **({"multihop": 5} if self.far else {}),
        )

    def entry(self, **keys: object) -> dict[str, object]:
        far = {"multi_hop": True} if self.far else {}
        return {"peer_ip": self.router_ip, "peer_as": ROUTER_AS, **far, **keys}

    def link_down(self) -> None:
        self.bed.host.ip(f"link set {self.link.device} down")

    def link_up(self) -> None:
        self.bed.host.ip(f"link set {self.link.device} up", *self._table)

    def expect_management_not_to_matter(self, agent: Agent) -> None:
        self.bed.host.ip(f"link set {self.management.device} down")
        never(
            lambda: agent.peer(self.router_ip)["path_error"]
            or agent.peer(self.router_ip)["sessions"] != 1,
            "the management network matters",
            0.3,
        )
        self.bed.host.ip(f"link set {self.management.device} up", self._default)

    def expect_loss_to_be_noticed(self, agent: Agent) -> None:
        down = f"interface {self.link.device} is down"
        self.link_down()
        wait_until(
            lambda: down in agent.peer(self.router_ip)["path_error"],
            "the loss of the link is noticed",
        )
        if not self.far:
            agent.wait_log(f"session ended: {down}")


def expect_no_advice(agent: Agent, peer_ip: str) -> None:
    assert "WARN  bgp" not in agent.log and "multi_hop" not in agent.log
    assert agent.peer(peer_ip)["path_error"] == ""


def check_path(rule: Rule, kind: str, **keys: object) -> None:
    router = rule.start_router(kind)
    vip = VIP6 if rule.v6 else VIP4
    agent = rule.bed.start_agent(
        config(rule.entry(**keys), apps=(app("web", vip),), router_id="10.0.1.2")
    )
    assert router.wait_routes(vip)[vip].next_hop == rule.own
    expect_no_advice(agent, rule.router_ip)
    rule.expect_management_not_to_matter(agent)
    rule.expect_loss_to_be_noticed(agent)
    rule.link_up()
    wait_until(lambda: agent.peer(rule.router_ip)["path_error"] == "", "the link is back")
    router.wait_routes(vip)


@FAR
@pytest.mark.parametrize("kind", ["bird", "frr"])
def test_path_of_the_session_counts(bed: Testbed, kind: str, far: bool) -> None:
    rule = Rule(bed, v6=False, far=far)
    check_path(rule, kind, local_ip=rule.own)


@FAR
@pytest.mark.parametrize("kind", ["bird", "frr"])
def test_path_of_an_ipv6_session_counts(bed: Testbed, kind: str, far: bool) -> None:
    rule = Rule(bed, v6=True, far=far)
    check_path(rule, kind, local_ip6=rule.own)


@FAR
def test_path_from_the_source_that_the_kernel_chooses(bed: Testbed, far: bool) -> None:
    """Without `local_ip`. The kernel looks the way up again with the source that it has chosen."""
    check_path(Rule(bed, v6=False, far=far, preferred=True), "bird")


@FAR
@FAMILIES
def test_path_of_a_session_that_the_peer_opened(bed: Testbed, v6: bool, far: bool) -> None:
    """Without `local_ip`: the session has the address that the peer connected to."""
    rule = Rule(bed, v6=v6, far=far)
    entry = rule.entry(passive=True)
    vip = VIP6 if v6 else VIP4
    agent = bed.start_agent(
        config(entry, apps=(app("web", vip),), listen=True, router_id="10.0.1.2")
    )
    session = rawpeer.connect(rule.link.namespace, rule.router_ip, rule.own)
    session.establish(ROUTER_AS, "10.0.1.1")
    session.expect_route(vip)
    assert agent.peer(rule.router_ip)["path_error"] == ""
    rule.expect_management_not_to_matter(agent)
    rule.expect_loss_to_be_noticed(agent)
    rule.link_up()
    wait_until(lambda: agent.peer(rule.router_ip)["path_error"] == "", "the link is back")
    if far:
        assert agent.peer(rule.router_ip)["sessions"] == 1
        return
    session = rawpeer.connect(rule.link.namespace, rule.router_ip, rule.own)
    session.establish(ROUTER_AS, "10.0.1.1")
    session.expect_route(vip)


@FAMILIES
def test_next_hop_of_the_other_family_is_that_of_the_session(bed: Testbed, v6: bool) -> None:
    """Of the interface that the session leaves by, not of the management network."""
    rule = Rule(bed, v6=v6, far=True)
    vip = VIP4 if v6 else VIP6
    agent = bed.start_agent(
        config(
            rule.entry(passive=True), apps=(app("web", vip),), listen=True, router_id="10.0.1.2"
        )
    )
    session = rawpeer.connect(rule.link.namespace, rule.router_ip, rule.own)
    session.establish(ROUTER_AS, "10.0.1.1")
    own = rule.link.host_ip if v6 else rule.link.host_ip6
    assert session.expect_route(vip).announced[vip] == own
    assert agent.peer(rule.router_ip)["path_error"] == ""


def temporary(bed: Testbed, device: str) -> list[str]:
    info = bed.host.ip_json("-6", "addr", "show", "dev", device)[0]["addr_info"]
    return [entry["local"] for entry in info if entry.get("temporary")]


def preferred(bed: Testbed, link: Link) -> str:
    """The kernel's source towards the router. A privacy address is tentative at first."""
    [route] = bed.host.ip_json("-6", "route", "get", link.router_ip6)
    return str(route["prefsrc"])


@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_ipv6_session_does_not_start_from_a_privacy_address(bed: Testbed, kind: str) -> None:
    link = bed.link()
    with bed.host.inside():
        Path(f"/proc/sys/net/ipv6/conf/{link.device}/use_tempaddr").write_text("2")
    bed.host.ip(
        f"addr del {link.host_ip6}/64 dev {link.device}",
        f"addr add {link.host_ip6}/64 dev {link.device} nodad mngtmpaddr",
    )
    wait_until(lambda: preferred(bed, link) in temporary(bed, link.device), "a privacy address is preferred")
    router = bed.start_router(kind, link, agent_ip=link.host_ip6, listen=link.router_ip6)
    agent = bed.start_agent(config(peer(router), apps=(app("six", VIP6),), router_id="10.0.1.2"))
    assert router.wait_routes(VIP6)[VIP6].next_hop == link.host_ip6
    # It is replaced every day.
    bed.host.ip(*(f"addr del {a}/64 dev {link.device}" for a in temporary(bed, link.device)))
    assert agent.register("more", "2001:db8::99/128").status == 200
    router.wait_routes(VIP6, "2001:db8::99/128")
    assert agent.peer(router.ip)["sessions"] == 1


def test_ipv6_next_hop_of_an_ipv4_session_is_no_privacy_address(bed: Testbed) -> None:
    link = bed.link()
    with bed.host.inside():
        Path(f"/proc/sys/net/ipv6/conf/{link.device}/use_tempaddr").write_text("2")
    bed.host.ip(
        f"addr del {link.host_ip6}/64 dev {link.device}",
        f"addr add {link.host_ip6}/64 dev {link.device} nodad mngtmpaddr",
    )
    wait_until(lambda: preferred(bed, link) in temporary(bed, link.device), "a privacy address is preferred")
    router = bed.start_router("frr", link)
    bed.start_agent(config(peer(router), apps=(app("six", VIP6),)))
    assert router.wait_routes(VIP6)[VIP6].next_hop == link.host_ip6
