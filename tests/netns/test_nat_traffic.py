"""Traffic through NAT: from another host and from the host itself, TCP and UDP, IPv4 and IPv6, with
both back ends."""

import subprocess

import pytest

from .nat import (
    BACKENDS,
    DEST,
    LISTEN,
    VIP4,
    VIP6,
    Client,
    NatBed,
    ask,
    is_silent,
    kernel_rules_per_mapping,
    nat_app,
    nat_status,
    wait_announced,
)
from .testbed import Testbed
from .wait import wait_until

pytestmark = pytest.mark.usefixtures("xtables_lock")
both = pytest.mark.parametrize("backend", BACKENDS)


@both
def test_every_client_reaches_the_service(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(nat_app("dns"), backend=backend)
    wait_announced(agent, "dns")

    nat.assert_all_answer()
    status = nat_status(agent)
    assert (status["backend"], status["error"]) == (backend, None)
    assert status["why"] == "nat.backend is set"
    assert {(r["vip"], r["protocol"], r["listen"], r["to"], r["present"]) for r in status["rules"]} == {
        (f"{VIP4}/32", "tcp", LISTEN, f"{nat.link.host_ip}:{DEST}", True),
        (f"{VIP4}/32", "udp", LISTEN, f"{nat.link.host_ip}:{DEST}", True),
        (f"{VIP6}/128", "tcp", LISTEN, f"[{nat.link.host_ip6}]:{DEST}", True),
        (f"{VIP6}/128", "udp", LISTEN, f"[{nat.link.host_ip6}]:{DEST}", True),
    }
    shown = agent.get("/v1/apps/dns").json()["nat"]
    assert shown["backend"] == backend
    assert [rule.pop("socket") for rule in shown["rules"]] == [True] * 4
    assert sorted(map(str, shown["rules"])) == sorted(map(str, status["rules"]))
    assert f'nat_backend{{backend="{backend}"}} 1' in agent.get("/metrics").text
    assert f"using {backend}" in agent.log


@both
def test_every_address_of_a_network_is_translated(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(
        nat_app("net", ["198.51.100.0/24", "2001:db8:1::/64"]), backend=backend
    )
    wait_announced(agent, "net")
    for address in ("198.51.100.1", "198.51.100.254", "2001:db8:1::1", "2001:db8:1::ffff"):
        for protocol in ("tcp", "udp"):
            assert ask(nat.client, protocol, address) == f"{DEST} hello", (protocol, address)
            assert ask(nat.host, protocol, address) == f"{DEST} hello", (protocol, address)


@both
def test_only_what_is_mapped_is_translated(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(nat_app("dns", nats=[f"udp:{LISTEN}:{DEST}"]), backend=backend)
    wait_announced(agent, "dns")
    assert ask(nat.client, "udp", VIP4) == f"{DEST} hello"
    assert is_silent(nat.client, "tcp", VIP4)
    assert is_silent(nat.client, "udp", VIP4, LISTEN + 1)
    assert is_silent(nat.client, "udp", nat.link.host_ip)


@both
def test_local_ip_is_what_is_translated_to(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.host.ip("addr add 10.9.9.9/32 dev lo", "addr add fd00:9::9/128 dev lo")
    config = nat.config(
        nat_app("dns"), backend=backend, local_ip="10.9.9.9", local_ip6="fd00:9::9"
    )
    agent = bed.start_agent(config)
    wait_announced(agent, "dns")
    assert {rule["to"] for rule in nat_status(agent)["rules"]} == {
        f"10.9.9.9:{DEST}",
        f"[fd00:9::9]:{DEST}",
    }


@both
def test_rules_come_and_go_with_the_app(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    before = (nat.ruleset(), nat.legacy_rules())
    agent = nat.start_agent(backend=backend)
    assert (nat.ruleset(), nat.legacy_tables()) == (before[0], "")

    nats = [f"tcp:{LISTEN}:{DEST}", f"udp:{LISTEN}:{DEST}"]
    assert agent.register("dns", f"{VIP4}/32", f"{VIP6}/128", nats=nats).status == 200
    wait_announced(agent, "dns")
    nat.assert_all_answer()
    assert agent.unregister("dns").status == 200
    nat.wait_rules(backend, 0)
    bed.wait_loopback({})
    assert is_silent(nat.client, "tcp", VIP4)
    # nft fails when a table goes while it lists.
    wait_until(
        lambda: (nat.ruleset(), nat.legacy_rules()) == before,
        "nothing of ours is left",
        ignore=(subprocess.CalledProcessError,),
    )


@both
def test_a_stop_removes_all(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    agent = nat.start_agent(nat_app("dns"), backend=backend)
    wait_announced(agent, "dns")
    nat.wait_rules(backend, 4 * kernel_rules_per_mapping(backend))
    agent.stop()
    assert nat.our_rules(backend) == []
    assert nat.ruleset() == "" or backend == "iptables"
    assert bed.host.loopback_addresses() == {}


@both
def test_thousand_rules(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    apps = [
        nat_app(
            f"app{n}", f"192.0.2.{n + 1}/32", [f"tcp:{1000 + port}:{DEST}" for port in range(50)]
        )
        for n in range(20)
    ]
    agent = nat.start_agent(*apps, backend=backend)
    wait_until(
        lambda: nat_status(agent)["rules_present"] == 1000, "all rules", ignore=(KeyError,)
    )
    for n in range(20):
        wait_announced(agent, f"app{n}")
    # One per turn of the loop, of which a start takes one for every 5 ms of registering: for each
    # app on a busy machine, never for each rule.
    assert nat_status(agent)["transactions"] <= len(apps) + 1
    assert len(nat.our_rules(backend)) == 1000 * kernel_rules_per_mapping(backend)
    assert ask(nat.client, "tcp", "192.0.2.1", 1000) == f"{DEST} hello"
    assert ask(nat.client, "tcp", "192.0.2.20", 1049) == f"{DEST} hello"
    agent.stop()
    assert nat.our_rules(backend) == []


@both
def test_live_udp_flow_follows_a_change(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo(DEST)
    nat.start_echo(DEST + 1)
    agent = nat.start_agent(backend=backend)
    for vip, vips in ((VIP4, f"{VIP4}/32"), (VIP6, f"{VIP6}/128")):
        assert agent.register("dns", vips, nats=[f"udp:{LISTEN}:{DEST}"]).status == 200
        wait_announced(agent, "dns")
        flows = [Client(nat.client, vip), Client(nat.host, vip)]
        for flow in flows:
            flow.wait_answer(f"{DEST} hello")
        # The VIP stays up and announced; only the mapping changes.
        assert agent.register("dns", vips, nats=[f"udp:{LISTEN}:{DEST + 1}"]).status == 200
        for flow in flows:
            flow.wait_answer(f"{DEST + 1} hello")  # it is translated anew
    # The count comes from a child, a moment after what it counts.
    wait_until(lambda: nat_status(agent)["flows_forgotten"] >= 4, "the flows are counted")


@both
def test_flow_from_before_the_rules_is_translated(bed: Testbed, backend: str) -> None:
    """conntrack has the flow as untranslated; a sender that never pauses would stay so for ever."""
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(backend=backend)
    assert agent.register("dns", f"{VIP4}/32").status == 200
    bed.wait_loopback({f"{VIP4}/32": "lo:dns"})
    # Something tracks connections, as it is on hosts with a firewall.
    nat.nft("table ip t { chain c { type filter hook input priority 0; ct state new counter; }\n}")
    early = Client(nat.client, VIP4)
    assert early.ask() is None
    assert agent.register("dns", f"{VIP4}/32", nats=[f"udp:{LISTEN}:{DEST}"]).status == 200
    early.wait_answer(f"{DEST} hello")
