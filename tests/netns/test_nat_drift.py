"""NAT rules that another process removes while flows use them, and a change of the host's own
address, to which they translate."""

import pytest

from .agent import Agent
from .nat import (
    BACKENDS,
    DEST,
    LISTEN,
    VIP4,
    VIP6,
    Client,
    Echo,
    NatBed,
    ask,
    nat_app,
    nat_status,
    wait_announced,
)
from .testbed import Testbed
from .wait import never, wait_until

pytestmark = pytest.mark.usefixtures("xtables_lock")
both = pytest.mark.parametrize("backend", BACKENDS)

FLUSH = {"nftables": "nft flush ruleset", "iptables": "iptables-legacy -t nat -F"}
NEW4, NEW6 = "10.0.1.77", "fd00:1::77"


@both
def test_live_udp_flow_goes_on_after_a_flush(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(nat_app("dns"), backend=backend)
    wait_announced(agent, "dns")
    clients = [Client(nat.client, VIP4), Client(nat.host, VIP4)]
    for client in clients:
        client.wait_answer(f"{DEST} hello")
    nat.host.run(FLUSH[backend].split())
    # Packets sent in between make conntrack entries without translation.
    early = Client(nat.client, VIP4)
    early.ask()
    agent.wait_log("another process removed [0-9]+ .* rules?, restoring: (tcp|udp) ")
    for client in [*clients, early]:
        client.wait_answer(f"{DEST} hello")
    metrics = agent.get("/metrics").text
    assert 'vipherald_drift_repairs_total{kind="nat_rule"} 0\n' not in metrics


def test_flush_of_iptables_nft_is_none_of_our_business(bed: Testbed) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    theirs = "-d 192.0.2.99/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.1.2:80"
    nat.host.run(["iptables-nft", "-t", "nat", "-A", "OUTPUT", *theirs.split()])
    agent = nat.start_agent(nat_app("dns"))
    wait_announced(agent, "dns")
    before = nat.our_rules("nftables")
    assert len(before) == 4
    nat.host.run(["iptables-nft", "-t", "nat", "-F"])
    never(lambda: sorted(nat.our_rules("nftables")) != sorted(before), "ours go", 0.3)
    assert "another process removed" not in agent.log
    nat.assert_all_answer()


@both
def test_table_of_others_outlives_repairs(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(nat_app("dns"), backend=backend)
    wait_announced(agent, "dns")
    before = nat.our_rules(backend)
    nat.nft("table ip theirs {\nchain c {\ntype nat hook output priority 5\n}\n}\n")
    theirs = "-d 192.0.2.99/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.1.2:80"
    nat.host.run(["iptables-legacy", "-t", "nat", "-A", "OUTPUT", *theirs.split()])
    removal = {
        "nftables": "nft delete table inet vipherald",
        "iptables": "iptables-legacy -t nat -D OUTPUT 1",
    }[backend]
    nat.host.run(removal.split())
    agent.wait_log("another process removed")
    wait_until(lambda: sorted(nat.our_rules(backend)) == sorted(before), "ours are back")
    agent.stop()
    assert "table ip theirs" in nat.ruleset()
    assert nat.legacy_rules() == [f"-A OUTPUT {theirs}"]


@pytest.mark.long
def test_change_without_the_lock_is_found_in_time(bed: Testbed) -> None:
    """From another container, say, with a lock file of its own: no event reports it."""
    nat = NatBed(bed)
    agent = nat.start_agent(nat_app("dns"), backend="iptables")
    wait_announced(agent, "dns")
    before = nat.our_rules("iptables")
    other = bed.workdir / "other.lock"
    other.touch()
    env = [f"XTABLES_LOCKFILE={other}"]
    nat.host.run(["env", *env, "iptables-legacy", "-t", "nat", "-F"])
    wait_until(
        lambda: sorted(nat.our_rules("iptables")) == sorted(before),
        "the periodic look finds it, every 10 s",
        timeout=20,
    )


@both
def test_flushing_in_a_loop_does_not_fill_the_log(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(nat_app("dns"), backend=backend)
    wait_announced(agent, "dns")
    loop = f"echo ready; while :; do {FLUSH[backend]}; done"
    fighter = nat.host.start(["sh", "-c", loop], "fighter")
    fighter.wait_line("ready")
    agent.wait_log("keeps removing NAT rules")
    put_back = nat_status(agent)["put_back"]
    wait_until(lambda: nat_status(agent)["put_back"] > put_back + 4, "two repairs more")
    fighter.kill()
    wait_until(
        lambda: all(rule["present"] for rule in nat_status(agent)["rules"]), "all rules are back"
    )
    nat.wait_rules(backend, 8 if backend == "iptables" else 4)
    nat.assert_all_answer()
    assert agent.log.count("restoring:") == 5


def renumber(nat: NatBed) -> None:
    """As a DHCP client does: the old address goes, another comes."""
    device = nat.link.device
    nat.host.ip(
        f"addr del {nat.link.host_ip}/24 dev {device}",
        f"addr del {nat.link.host_ip6}/64 dev {device}",
        f"addr add {NEW4}/24 dev {device}",
        f"addr add {NEW6}/64 dev {device} nodad",
    )
    nat.client.ip(
        f"route replace 192.0.2.0/24 via {NEW4}",
        f"route replace 2001:db8::/32 via {NEW6}",
    )
    Echo(nat.host, DEST, NEW4, NEW6)


def targets(agent: Agent) -> set[str]:
    return {rule["to"] for rule in nat_status(agent)["rules"] if rule["present"]}


@both
def test_rules_follow_the_host_to_its_new_address(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(nat_app("dns"), backend=backend)
    wait_announced(agent, "dns")
    nat.assert_all_answer()
    flow = Client(nat.host, VIP4)
    flow.wait_answer(f"{DEST} hello")
    renumber(nat)
    agent.wait_log(f"NAT target is now {NEW4}")
    new = {f"{NEW4}:{DEST}", f"[{NEW6}]:{DEST}"}
    wait_until(lambda: targets(agent) == new, "the rules translate to the new addresses")
    nat.wait_rules(backend, 8 if backend == "iptables" else 4)
    wait_announced(agent, "dns")
    nat.assert_all_answer()
    flow.wait_answer(f"{DEST} hello")  # the UDP flow follows
    drift = agent.status("status")["drift"]
    assert drift["nat_address"]["repairs"] >= 1 and drift["nat_rule"]["repairs"] == 0


def test_without_any_address_the_vip_is_withdrawn_until_there_is_one(bed: Testbed) -> None:
    nat = NatBed(bed)
    agent = nat.start_agent(nat_app("dns"))
    wait_announced(agent, "dns")
    nat.host.ip(f"addr del {nat.link.host_ip6}/64 dev {nat.link.device}")

    def states() -> dict[str, bool]:
        return {vip["prefix"]: vip["form"] != "none" for vip in agent.app("dns")["vips"]}

    wait_until(lambda: states() == {f"{VIP4}/32": True, f"{VIP6}/128": False}, "IPv6 is withdrawn")
    assert "no IPv6 address" in agent.vip(f"{VIP6}/128")["error"]
    nat.host.ip(f"addr add {nat.link.host_ip6}/64 dev {nat.link.device} nodad")
    wait_announced(agent, "dns")


def test_configured_address_that_vanishes_is_named(bed: Testbed) -> None:
    nat = NatBed(bed)
    nat.host.ip("addr add 10.5.5.5/32 dev " + nat.link.device)
    structure = nat.config(nat_app("dns", f"{VIP4}/32"), local_ip="10.5.5.5")
    structure["bgp"]["peers"][0]["local_ip"] = "10.5.5.5"
    agent = bed.start_agent(structure)
    wait_announced(agent, "dns")
    nat.host.ip("addr del 10.5.5.5/32 dev " + nat.link.device)
    wait_until(lambda: "10.5.5.5" in (agent.vip(f"{VIP4}/32")["error"] or ""), "the reason")
    assert "target 10.5.5.5 is no longer assigned to this host" in agent.vip(f"{VIP4}/32")["error"]
    nat.host.ip("addr add 10.5.5.5/32 dev " + nat.link.device)
    wait_announced(agent, "dns")


def test_rules_stay_where_they_are_while_the_host_has_the_address(bed: Testbed) -> None:
    """The route to the router now has another source; services still listen on this address."""
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(nat_app("dns"))
    wait_announced(agent, "dns")
    before = targets(agent)
    nat.host.ip(
        f"addr add {NEW4}/24 dev {nat.link.device}",
        f"route replace {nat.link.router_ip}/32 dev {nat.link.device} src {NEW4}",
    )
    never(lambda: targets(agent) != before, "the rules move", 0.3)
    assert ask(nat.client, "udp", VIP4, LISTEN) == f"{DEST} hello"
