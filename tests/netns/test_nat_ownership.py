"""Ownership of NAT rules: after a crash, after a change of back end, beside a thousand foreign
rules and programs that rewrite the tables meanwhile, and when another process removes ours."""

import re
import subprocess
import sys

import pytest

from .nat import (
    BACKENDS,
    DEST,
    LISTEN,
    VIP4,
    VIP6,
    VIPS,
    NatBed,
    ask,
    kernel_rules_per_mapping,
    nat_app,
    nat_status,
    wait_announced,
)
from .process import Process
from .testbed import Testbed
from .wait import wait_until

pytestmark = pytest.mark.usefixtures("xtables_lock")
both = pytest.mark.parametrize("backend", BACKENDS)

FOREIGN = 1000
# Differs from ours in one point, so it is foreign.
LOOKALIKE = (
    f"-d {VIP4}/32 -p tcp -m tcp --dport {LISTEN} -m comment --comment vipherald:nat "
    f"-m mark --mark 0x7 -j DNAT --to-destination 10.0.1.2:{DEST}"
)


def expected(backend: str, mappings: int = 4) -> int:
    return mappings * kernel_rules_per_mapping(backend)


def foreign_rules(nat: NatBed) -> list[str]:
    ours = nat.our_rules("iptables")
    return [rule for rule in nat.legacy_rules() if rule not in ours]


def add_foreign_rules(nat: NatBed, backend: str) -> None:
    """A thousand foreign rules, where this back end could get in their way."""
    if backend == "iptables":
        rules = [
            f"-A PREROUTING -d 10.99.{n // 250}.{n % 250}/32 -p tcp -m tcp --dport 80 -j DNAT "
            "--to-destination 10.0.1.2:8080"
            for n in range(FOREIGN - 1)
        ]
        path = nat.bed.workdir / "foreign"
        path.write_text("\n".join(["*nat", f"-A PREROUTING {LOOKALIKE}", *rules, "COMMIT", ""]))
        nat.host.run(["iptables-legacy-restore", "--noflush", path])
    else:
        rules = [
            f"ip daddr 10.99.{n // 250}.{n % 250} tcp dport 80 dnat to 10.0.1.2:8080"
            for n in range(FOREIGN)
        ]
        chain = "chain c {\ntype nat hook prerouting priority -100\n" + "\n".join(rules)
        nat.nft(f"table ip foreign {{\n{chain}\n}}\n}}\n")


def snapshot(nat: NatBed, backend: str) -> object:
    """The foreign rules."""
    if backend == "iptables":
        return foreign_rules(nat)
    return nat.host.run(["nft", "list", "table", "ip", "foreign"])


@both
def test_kill_then_start_doubles_nothing(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(nat_app("dns"), backend=backend)
    wait_announced(agent, "dns")
    before = nat.our_rules(backend)
    assert len(before) == expected(backend)

    agent.kill()
    assert nat.our_rules(backend) == before
    nat.assert_all_answer()
    agent.start()
    wait_announced(agent, "dns")
    assert nat.our_rules(backend) == before
    # Kept as they were, not made anew.
    assert nat_status(agent)["transactions"] == 0
    assert "found 4" in agent.log
    nat.assert_all_answer()
    agent.stop()
    assert nat.our_rules(backend) == []


def former_table(nat: NatBed) -> str:
    """The table of version 0.1.0 with the mappings of nat_app() and one to the same port."""
    comment = 'comment "vipherald:nat:1"'
    to = (nat.link.host_ip, nat.link.host_ip6)
    maps = "".join(
        f"""map vips{version} {{
            type {family} . inet_proto . inet_service : {family} . inet_service
            elements = {{
                {vip} . tcp . {LISTEN} : {target} . {DEST},
                {vip} . udp . {LISTEN} : {target} . {DEST},
                {vip} . tcp . {DEST} : {target} . {DEST}
            }}
        }}
        """
        for version, family, vip, target in (
            (4, "ipv4_addr", VIP4, to[0]),
            (6, "ipv6_addr", VIP6, to[1]),
        )
    )
    rules = f"""
        dnat ip to ip daddr . meta l4proto . th dport map @vips4 {comment}
        dnat ip6 to ip6 daddr . meta l4proto . th dport map @vips6 {comment}
        jump nets {comment}
    """
    chains = "".join(
        f"chain {hook} {{\n type nat hook {hook} priority -105; policy accept; {rules} }}\n"
        for hook in ("prerouting", "output")
    )
    return f"table inet vipherald {{\n{maps}\nchain nets {{ }}\n{chains}\n}}\n"


def test_the_table_of_0_1_0_is_taken_over(bed: Testbed) -> None:
    """Each transaction leaves all mappings in force; those to the same port get another place."""
    nat = NatBed(bed)
    nat.start_echo()
    nat.nft(former_table(nat))
    nats = [f"tcp:{LISTEN}:{DEST}", f"udp:{LISTEN}:{DEST}", f"tcp:{DEST}"]
    agent = nat.start_agent(nat_app("dns", nats=nats), backend="nftables")
    wait_announced(agent, "dns")
    assert "found 6 nftables rules of a previous instance" in agent.log
    assert nat_status(agent)["put_back"] == 0
    assert len(nat.our_rules("nftables")) == 6
    ruleset = nat.ruleset()
    assert "vipherald:nat:1" not in ruleset
    assert re.search(rf"map same4 {{[^}}]*{VIP4} \. tcp \. {DEST} ", ruleset)
    nat.assert_all_answer()
    assert ask(nat.client, "tcp", VIP4, DEST) == f"{DEST} hello"
    agent.stop()
    assert nat.ruleset() == ""


@both
def test_kill_then_start_without_them_leaves_nothing(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    first = nat.start_agent(nat_app("dns"), nat_app("web", "192.0.2.80/32"), backend=backend)
    wait_announced(first, "dns")
    nat.wait_rules(backend, expected(backend, 6))
    first.kill()
    # One app is gone, the other has another mapping.
    agent = nat.start_agent(
        nat_app("dns", nats=[f"udp:{LISTEN}:{DEST}", "tcp:80:8080"]), backend=backend, after=first
    )
    wait_announced(agent, "dns")
    nat.wait_rules(backend, expected(backend, 4))
    wanted = {(rule["vip"], rule["listen"]) for rule in nat_status(agent)["rules"]}
    assert wanted == {(vip, listen) for vip in VIPS for listen in (LISTEN, 80)}
    bed.wait_loopback({VIPS[0]: "lo:dns", VIPS[1]: ""})


@both
def test_kill_then_start_without_any_nat(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    first = nat.start_agent(nat_app("dns"), backend=backend)
    nat.wait_rules(backend, expected(backend))
    first.kill()
    agent = nat.start_agent(backend=backend, after=first)
    nat.wait_rules(backend, 0)
    bed.wait_loopback({})
    assert nat_status(agent)["backend"] is None
    assert "vipherald" not in nat.ruleset()


@both
def test_rules_of_a_vip_that_waits_for_its_verdict_stay(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    first = nat.start_agent(nat_app("dns"), backend=backend)
    nat.wait_rules(backend, expected(backend))
    first.kill()
    slow = {"exec": "sleep 600", "interval": "10m", "timeout": "10m"}
    agent = nat.start_agent({**nat_app("dns"), "monitors": [slow]}, backend=backend, after=first)
    agent.wait_log("found 4 .* rules of a previous instance")
    wait_until(lambda: nat_status(agent)["rules_wanted"] == 4, "the rules are wanted again")
    assert len(nat.our_rules(backend)) == expected(backend)
    nat.assert_all_answer()


@both
def test_change_of_backend_takes_the_rules_along(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    other = next(name for name in BACKENDS if name != backend)
    first = nat.start_agent(nat_app("dns"), backend=backend)
    nat.wait_rules(backend, expected(backend))
    first.kill()
    agent = nat.start_agent(nat_app("dns"), backend=other, after=first)
    nat.wait_rules(backend, 0)
    nat.wait_rules(other, expected(other))
    wait_announced(agent, "dns")
    nat.assert_all_answer()
    agent.stop()
    assert nat.our_rules(backend) == nat.our_rules(other) == []


@both
def test_thousand_foreign_rules_stay(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    add_foreign_rules(nat, backend)
    before = snapshot(nat, backend)
    agent = nat.start_agent(nat_app("dns"), backend=backend)
    wait_announced(agent, "dns")
    nat.assert_all_answer()
    assert snapshot(nat, backend) == before
    agent.unregister("dns")
    nat.wait_rules(backend, 0)
    assert snapshot(nat, backend) == before
    agent.kill()
    agent.start()
    wait_announced(agent, "dns")
    agent.stop()
    assert nat.our_rules(backend) == []
    assert snapshot(nat, backend) == before


# Adds and removes rules of its own as fast as it can, as iptables does it: read, change, write back.
_REWRITER = """
import subprocess, sys
print("ready", flush=True)
while True:
    for command in COMMANDS:
        subprocess.run(command[0], input=command[1], text=True, check=True)
    print("round", flush=True)
"""
_LEGACY_COMMANDS = [
    (["iptables-legacy-restore", "-w", "10", "--noflush"], f"*nat\n-{op} OUTPUT -d 10.98.0.1/32 "
     "-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.1.2:8080\nCOMMIT\n")
    for op in "AD"
]
_NFT_COMMANDS = [
    (["nft", "-f", "-"], "add table ip churn\nflush table ip churn\ndelete table ip churn\n"
     "table ip churn {\nchain c {\ntype nat hook output priority -100\n"
     "ip daddr 10.98.0.1 tcp dport 80 dnat to 10.0.1.2:8080\n}\n}\n"),
    (["nft", "-f", "-"], "delete table ip churn\n"),
]


def start_rewriter(nat: NatBed, backend: str) -> Process:
    commands = _LEGACY_COMMANDS if backend == "iptables" else _NFT_COMMANDS
    script = _REWRITER.replace("COMMANDS", repr(commands))
    process = nat.host.start([sys.executable, "-ISc", script], "rewriter")
    process.wait_line("round")
    return process


@both
def test_another_process_rewrites_the_table_meanwhile(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    add_foreign_rules(nat, backend)
    before = snapshot(nat, backend)
    rewriter = start_rewriter(nat, backend)
    agent = nat.start_agent(backend=backend)
    for n in range(10):
        name, vip = f"app{n}", f"192.0.2.{n + 1}"
        nats = [f"tcp:{LISTEN}:{DEST}", f"udp:{LISTEN}:{DEST}"]
        assert agent.register(name, f"{vip}/32", nats=nats).status == 200
        wait_announced(agent, name)
        assert ask(nat.client, "tcp", vip) == f"{DEST} hello"
        if n % 2:
            agent.unregister(name)
    # The agent is asked: nft starts its listing anew with every change, and may never come to an end.
    wait_until(lambda: nat_status(agent)["rules_present"] == 10, "five apps of ten have their rules")
    rewriter.wait_line("round", start=len(rewriter.log))
    assert rewriter.running, rewriter.log
    rewriter.kill()
    assert len(nat.our_rules(backend)) == expected(backend, 10)
    agent.stop()
    assert nat.our_rules(backend) == []
    if backend == "iptables":
        left = [rule for rule in snapshot(nat, backend) if "10.98.0.1" not in rule]
        assert left == before
    else:
        assert snapshot(nat, backend) == before


REMOVALS = {
    "iptables": ["iptables-legacy -t nat -F", "iptables-legacy -t nat -D OUTPUT 1"],
    "nftables": [
        "nft flush ruleset",
        "nft delete table inet vipherald",
        "nft flush chain inet vipherald output",
        "nft flush map inet vipherald vips4",
    ],
}


@pytest.mark.parametrize(
    "backend, command",
    [(backend, command) for backend in BACKENDS for command in REMOVALS[backend]],
)
def test_removed_rules_come_back(bed: Testbed, backend: str, command: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(nat_app("dns"), backend=backend)
    wait_announced(agent, "dns")
    before = nat.our_rules(backend)
    nat.host.run(command.split())
    lost = agent.wait_event("nat.lost", level="warning")
    assert lost["vip"] in VIPS, lost
    assert re.match(
        rf"another process removed \d+ {backend} rules?, restoring: (tcp|udp) {lost['vip']}:", lost["text"]
    ), lost
    # nft fails when a table goes while it lists.
    wait_until(
        lambda: sorted(nat.our_rules(backend)) == sorted(before),
        "all rules are back",
        ignore=(subprocess.CalledProcessError,),
    )
    nat.assert_all_answer()
    assert nat_status(agent)["put_back"] > 0
    assert all(vip["form"] != "none" for vip in agent.get("/v1/apps/dns").json()["vips"])


def test_three_kinds_of_nat_side_by_side(bed: Testbed) -> None:
    """Foreign legacy rules, foreign iptables-nft rules, and ours."""
    nat = NatBed(bed)
    nat.start_echo()
    nat.start_echo(DEST + 1)
    nat.start_echo(DEST + 2)
    bed.host.ip("addr add 192.0.2.101/32 dev lo", "addr add 192.0.2.102/32 dev lo")
    for tool, vip, port in (
        ("iptables-legacy", "192.0.2.101", DEST + 1),
        ("iptables-nft", "192.0.2.102", DEST + 2),
    ):
        for chain in ("PREROUTING", "OUTPUT"):
            nat.host.run(
                [tool, "-t", "nat", "-A", chain, "-p", "tcp", "-d", vip, "--dport", str(LISTEN)]
                + ["-j", "DNAT", "--to-destination", f"{nat.link.host_ip}:{port}"]
            )

    def others() -> list[str | None]:
        return [
            ask(namespace, "tcp", vip)
            for vip in ("192.0.2.101", "192.0.2.102")
            for namespace in (nat.client, nat.host)
        ]

    want = [f"{DEST + 1} hello"] * 2 + [f"{DEST + 2} hello"] * 2
    rules = (nat.legacy_rules(), nat.ruleset())
    assert others() == want
    for backend in BACKENDS:
        agent = nat.start_agent(nat_app("dns"), backend=backend)
        wait_announced(agent, "dns")
        nat.assert_all_answer()
        assert others() == want
        agent.stop()
        assert others() == want
        assert (nat.legacy_rules(), nat.ruleset()) == rules


HOSTS = {
    "nothing": ("true", "nftables"),
    "legacy iptables, some table": ("iptables-legacy -S", "iptables"),
    "legacy iptables, IPv6 only": ("ip6tables-legacy -t nat -S", "iptables"),
    "iptables-nft": ("iptables-nft -t nat -A OUTPUT -j ACCEPT", "nftables"),
    "nftables": ("nft add table ip nat", "nftables"),
}


@pytest.mark.parametrize("host", HOSTS)
def test_auto_follows_the_host(bed: Testbed, host: str) -> None:
    command, backend = HOSTS[host]
    nat = NatBed(bed)
    nat.start_echo()
    nat.host.run(command.split())
    tables = nat.legacy_tables()
    agent = nat.start_agent(nat_app("dns"))
    wait_announced(agent, "dns")
    assert nat_status(agent)["backend"] == backend
    assert "in use on this host" in nat_status(agent)["why"]
    nat.assert_all_answer()
    if backend == "nftables":
        assert nat.legacy_tables() == tables
