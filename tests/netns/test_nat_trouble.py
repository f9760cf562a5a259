"""A VIP whose NAT rules cannot be installed is not announced, and the reason is logged."""

import fcntl
import os
import re
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from .agent import Agent
from .nat import (
    BACKENDS,
    DEST,
    LISTEN,
    VIP4,
    VIPS,
    NatBed,
    nat_app,
    nat_status,
    vip_status,
    wait_announced,
)
from .privileges import without
from .testbed import Testbed
from .wait import never, wait_until

pytestmark = pytest.mark.usefixtures("xtables_lock")
both = pytest.mark.parametrize("backend", BACKENDS)

WITHOUT = [sys.executable, "-IS", str(Path(__file__).with_name("without.py"))]


def wait_reason(agent: Agent, name: str, *words: str) -> str:
    """Wait until each VIP of the app is not announced, for a reason with these words in it."""

    def reasons() -> list[str]:
        vips = vip_status(agent, name)
        assert not any(vip["form"] != "none" for vip in vips)
        found = [vip["error"] or "" for vip in vips]
        return found if all(word in text for word in words for text in found) else []

    return wait_until(reasons, f"{words} in the reason", ignore=(KeyError,))[0]


@contextmanager
def held(lock: Path) -> Iterator[None]:
    descriptor = os.open(lock, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def test_lock_held_by_another_process(bed: Testbed, xtables_lock: Path) -> None:
    nat = NatBed(bed)
    router = bed.start_router("bird", link=nat.link)
    nat.start_echo()
    agent = nat.start_agent(backend="iptables")
    router.wait_established()
    with held(xtables_lock):
        nats = [f"tcp:{LISTEN}:{DEST}", f"udp:{LISTEN}:{DEST}"]
        assert agent.register("dns", *VIPS, nats=nats).status == 200
        assert agent.register("plain", "192.0.2.1/32").status == 200
        # Neither the API nor a VIP without NAT waits for the lock, which is held all the while.
        router.wait_routes("192.0.2.1/32")
        wait_reason(agent, "dns", "waiting for the xtables lock", "held by another process")
        assert "waiting for the xtables lock" in nat_status(agent)["error"]
        assert nat.legacy_tables() == ""
        assert set(router.routes()) == {"192.0.2.1/32"}
        metrics = agent.get("/metrics").text
        [stalls] = re.findall(r"^vipherald_loop_stall_seconds_count (\d+)$", metrics, re.M)
        assert f'vipherald_loop_stall_seconds_bucket{{le="5"}} {stalls}\n' in metrics
    router.wait_routes("192.0.2.1/32", *VIPS)
    nat.assert_all_answer()
    status = nat_status(agent)
    assert status["error"] is None
    assert status["waits"] == 1


def test_lock_held_while_stopping(bed: Testbed, xtables_lock: Path) -> None:
    nat = NatBed(bed)
    agent = nat.start_agent(nat_app("dns"), backend="iptables")
    wait_announced(agent, "dns")
    with held(xtables_lock):
        agent.process.signal(signal.SIGTERM)
        agent.wait_log("waiting for the xtables lock")
        assert agent.process.running
    agent.expect_exit(0)
    assert nat.our_rules("iptables") == []
    assert bed.host.loopback_addresses() == {}


@pytest.mark.parametrize(
    "backend, lost, named",
    [
        ("iptables", ["net_raw"], ["CAP_NET_RAW"]),
        ("iptables", ["net_raw"], ["nftables (nat.backend) needs CAP_NET_ADMIN only"]),
    ],
)
def test_missing_capability_is_named(
    bed: Testbed, backend: str, lost: Sequence[str], named: Sequence[str]
) -> None:
    nat = NatBed(bed)
    agent = nat.start_agent(nat_app("dns"), backend=backend, wrapper=without(*lost))
    wait_reason(agent, "dns", "iptables", *named)
    assert named[0] in agent.log
    assert nat.legacy_tables() == ""


def test_nftables_needs_net_admin_only(bed: Testbed) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(
        nat_app("dns"), backend="nftables", wrapper=without("net_raw")
    )
    wait_announced(agent, "dns")
    nat.assert_all_answer()


def test_auto_takes_what_the_kernel_has(bed: Testbed) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    agent = nat.start_agent(nat_app("dns"), wrapper=[*WITHOUT, "--nftables"])
    wait_announced(agent, "dns")
    assert nat_status(agent)["backend"] == "iptables"
    assert "nftables" in nat_status(agent)["why"]
    nat.assert_all_answer()


def test_auto_takes_nftables_without_legacy_iptables(bed: Testbed) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    nat.host.run(["iptables-legacy", "-t", "nat", "-S"])
    agent = nat.start_agent(nat_app("dns"), wrapper=[*WITHOUT, "--iptables"])
    wait_announced(agent, "dns")
    assert nat_status(agent)["backend"] == "nftables"
    nat.assert_all_answer()


def test_rules_that_cannot_be_listed(bed: Testbed) -> None:
    """It does not follow that they are gone: an event, and the VIPs stay."""
    nat = NatBed(bed)
    agent = nat.start_agent(nat_app("dns"), backend="iptables")
    wait_announced(agent, "dns")
    limits = resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
    nat.host.run("iptables-legacy -t nat -A OUTPUT -d 10.9.9.9 -p tcp -j DNAT --to 10.9.9.8".split())
    agent.wait_log("nat: legacy iptables, IPv4, reading: Too many open files")
    resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE, limits)
    said = "legacy iptables, IPv4, reading: Too many open files"
    agent.wait_event("nat.trouble", level="warning", text=said)
    assert agent.status("events?kind=nat.lost")["events"] == []
    assert all(vip["form"] != "none" for vip in vip_status(agent, "dns"))


@both
def test_chosen_backend_that_the_kernel_lacks(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    agent = nat.start_agent(
        nat_app("dns"), backend=backend, wrapper=[*WITHOUT, f"--{backend}"]
    )
    wait_reason(agent, "dns", "the kernel has no", backend)
    assert agent.register("plain", "192.0.2.1/32").status == 200
    wait_announced(agent, "plain")


def test_kernel_without_either(bed: Testbed) -> None:
    nat = NatBed(bed)
    agent = nat.start_agent(nat_app("dns"), wrapper=[*WITHOUT, "--nftables", "--iptables"])
    wait_reason(agent, "dns", "the kernel has no")


@both
def test_no_address_to_translate_to(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    nat.host.ip(f"addr del {nat.link.host_ip6}/64 dev {nat.link.device}")
    agent = nat.start_agent(nat_app("six", VIPS[1]), nat_app("four", VIPS[0]), backend=backend)
    wait_announced(agent, "four")
    wait_reason(agent, "six", "no IPv6 address", "set bgp.local_ip6")
    assert len(nat_status(agent)["rules"]) == 2
    # The address appears, and is used without a restart.
    nat.host.ip(f"addr add {nat.link.host_ip6}/64 dev {nat.link.device} nodad")
    wait_announced(agent, "six")


@pytest.mark.parametrize("spec", ["tcp", "tcp:0", "icmp:1", "tcp:53:99999", "udp:53:", ""])
def test_bad_mappings_are_refused_with_text(bed: Testbed, spec: str) -> None:
    nat = NatBed(bed)
    agent = nat.start_agent()
    response = agent.register("bad", f"{VIP4}/32", nats=[spec])
    assert response.status == 400
    assert response.text.startswith("Invalid request: ")
    assert f"'{spec}' is not a NAT mapping" in response.text
    assert "PROTO:LISTEN:DEST" in response.text
    assert agent.get("/v1/apps/bad").status == 404


def test_bad_mappings_in_the_file(bed: Testbed) -> None:
    nat = NatBed(bed)
    specs = ["tcp", "tcp:0", "icmp:1", "tcp:53:99999"]
    agent = bed.make_agent(nat.config(nat_app("bad", nats=specs)))
    agent.spawn()
    log = agent.expect_exit(78)
    for spec in specs:
        assert f"'{spec}' is not a NAT mapping" in log


@both
def test_route_comes_after_the_rules_and_goes_before_them(bed: Testbed, backend: str) -> None:
    """Whenever the router has the route, the rules are there."""
    nat = NatBed(bed)
    router = bed.start_router("bird", link=nat.link)
    agent = nat.start_agent(backend=backend)
    router.wait_established()
    for _ in range(5):
        nats = [f"tcp:{LISTEN}:{DEST}"]
        assert agent.register("dns", f"{VIP4}/32", nats=nats).status == 200
        router.wait_routes(f"{VIP4}/32")
        assert len(nat.our_rules(backend)) > 0
        agent.unregister("dns")
        nat.wait_rules(backend, 0)
        assert set(router.routes()) == set()


def test_one_vip_that_cannot_be_announced_does_not_hold_up_others(bed: Testbed) -> None:
    """IPv6 has no legacy NAT, as where the kernel was built without it."""
    nat = NatBed(bed)
    agent = nat.start_agent(
        nat_app("dns"), backend="iptables", wrapper=[*WITHOUT, "--iptables6"]
    )
    wait_until(
        lambda: [vip["form"] != "none" for vip in vip_status(agent, "dns")] == [True, False],
        "the IPv4 VIP is announced",
        ignore=(KeyError,),
    )
    assert "IPv6" in vip_status(agent, "dns")[1]["error"]
    never(lambda: vip_status(agent, "dns")[0]["form"] == "none", "the IPv4 VIP goes")
