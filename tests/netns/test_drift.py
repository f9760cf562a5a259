"""Other processes change our addresses and local routes: events report it, they are restored, the
BGP route stays if that is quick, and foreign ones are left alone."""

import re
import sys
from contextlib import closing

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config
from .netlink import AddressTags
from .netns import Namespace
from .old_kernel import kernel_keeps_tags
from .rawpeer import RawListener, RawSession
from .testbed import ROUTER_AS, Link, Testbed
from .wait import wait_until

NET4, NET6 = "198.51.100.0/24", "2001:db8:1::/64"
WEB = app("web", [VIP4, VIP6, NET4, NET6])


class Drift:
    """A scripted router, that sees every withdrawal, and an agent that can be asked while lo is down."""

    def __init__(self, bed: Testbed, *apps: dict[str, object]):
        self.bed = bed
        self.host = bed.host
        self.link: Link = bed.link()
        self.listener = RawListener(self.link.namespace, self.link.router_ip)
        entry = {"peer_ip": self.link.router_ip, "peer_as": ROUTER_AS}
        api = {"listen_addr": f"unix:{bed.workdir}/api"}
        self.agent: Agent = bed.start_agent(config(entry, apps=apps or (WEB,), agent=api))
        self.session: RawSession = self.listener.accept()
        self.session.establish(ROUTER_AS)
        self.markers = 0

    def wait_announced(self, *prefixes: str) -> None:
        missing = set(prefixes)
        while missing:
            update = self.session.expect_update(lambda _: True, f"routes {missing}")
            missing -= set(update.announced)

    def assert_no_withdrawal(self) -> None:
        """No withdrawal so far: another route is announced behind it."""
        self.markers += 1
        marker = f"203.0.113.{self.markers}/32"
        self.agent.register(f"marker{self.markers}", marker)
        while True:
            update = self.session.expect_update(lambda _: True, f"route {marker}")
            assert not update.withdrawn, update
            if marker in update.announced:
                return

    def is_local(self, address: str) -> bool:
        output = self.host.run(["ip", "route", "get", address], check=False)
        return output.startswith("local ")

    def vip_error(self, prefix: str) -> str:
        return self.agent.vip(prefix)["error"] or ""

    def repairs(self, kind: str) -> int:
        return self.agent.status("status")["drift"][kind]["repairs"]


REMOVALS = {
    VIP4: f"ip addr del {VIP4} dev lo",
    VIP6: f"ip addr del {VIP6} dev lo",
    NET4: f"ip route del local {NET4} dev lo table local",
    NET6: f"ip addr del {NET6} dev lo",
    "local route": "ip route del local 2001:db8::53 dev lo table local proto 118",
}


@pytest.mark.parametrize("what", REMOVALS)
def test_removed_vip_is_back_and_its_route_stayed(bed: Testbed, what: str) -> None:
    drift = Drift(bed)
    drift.wait_announced(VIP4, VIP6, NET4, NET6)
    prefix = what if "/" in what else VIP6
    before = drift.host.loopback_addresses()
    drift.host.run(REMOVALS[what].split())
    lost = drift.agent.wait_event("vip.lost", vip=prefix)
    assert lost["level"] == "warning"
    said = rf"{prefix}: (removed from lo|local route removed) by another process, restoring it"
    assert re.fullmatch(said, lost["text"]), lost
    wait_until(lambda: drift.repairs("address") == 1, "it is restored")
    assert drift.host.loopback_addresses() == before
    assert drift.is_local("198.51.100.255") and drift.is_local("2001:db8:1::77")
    assert drift.is_local("192.0.2.53") and drift.is_local("2001:db8::53")
    drift.assert_no_withdrawal()
    assert 'drift_repairs_total{kind="address"} 1\n' in drift.agent.get("/metrics").text


@pytest.mark.parametrize("flush", ["route flush table local", "-6 route flush table local"])
def test_flush_of_the_local_table_takes_no_vip_for_good(bed: Testbed, flush: str) -> None:
    """Without its local route an address is there, and nothing answers on it."""
    drift = Drift(bed)
    drift.wait_announced(VIP4, VIP6, NET4, NET6)
    drift.host.run(["ip", *flush.split()], check=False)
    for address in ("192.0.2.53", "198.51.100.255", "2001:db8::53", "2001:db8:1::77"):
        wait_until(lambda: drift.is_local(address), f"{address} is local")


def test_kernels_own_local_route_is_not_the_only_one(bed: Testbed) -> None:
    drift = Drift(bed)
    drift.wait_announced(VIP4, VIP6, NET4, NET6)
    for vip in ("192.0.2.53", "2001:db8::53"):
        drift.host.run(f"ip route del local {vip} dev lo table local proto kernel".split())
        assert drift.is_local(vip)
    # Each time lo loses its last address, ours goes without a notification.
    for _ in range(2):
        # It gives up after ten rounds if the agent restores faster than it removes.
        drift.host.run("ip addr flush dev lo".split(), check=False)
        wait_until(lambda: _on_lo(drift) == {VIP4, VIP6, NET6}, "all of ours on lo")
        wait_until(lambda: "proto 118" in _local_routes(drift, "192.0.2.53"), "our local route")
    drift.agent.unregister("web")
    wait_until(lambda: drift.agent.status("routes")["routes"] == [], "no VIP is left")
    assert not _local_routes(drift, "192.0.2.53")


def _local_routes(drift: Drift, address: str) -> str:
    return drift.host.run(["ip", "route", "show", "table", "local", address])


def _on_lo(drift: Drift) -> set[str]:
    addresses = drift.host.ip_json("addr", "show", "dev", "lo")[0]["addr_info"]
    return {f"{info['local']}/{info['prefixlen']}" for info in addresses}


def test_flush_of_lo_restores_only_our_addresses(bed: Testbed) -> None:
    drift = Drift(bed)
    drift.wait_announced(VIP4, VIP6, NET4, NET6)
    # ip retries ten times while an address is left, and then gives up.
    drift.host.run("ip addr flush dev lo".split(), check=False)
    wait_until(lambda: _on_lo(drift) == {VIP4, VIP6, NET6}, "all of ours, and nothing else, on lo")
    wait_until(lambda: drift.is_local("198.51.100.255"), "the network is back")
    drift.assert_no_withdrawal()


BURST = 20  # that is repaired at once; agent/model/tamper.h
# One process for all: the burst is to be over within its ten seconds on a slow machine, too.
_FIGHTER = f"""
import subprocess, time
ip = subprocess.Popen(["ip", "-force", "-batch", "-"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
print("ready", flush=True)
while True:
    print("addr del {VIP4} dev lo", file=ip.stdin, flush=True)
    time.sleep(.005)
"""


@pytest.mark.long
def test_removing_a_vip_in_a_loop_causes_no_busy_loop(bed: Testbed) -> None:
    drift = Drift(bed, app("web", VIP4), app("calm", VIP6))
    drift.wait_announced(VIP4, VIP6)
    fighter = drift.host.start([sys.executable, "-ISc", _FIGHTER], "fighter")
    fighter.wait_line("ready")
    # While it is there now and then only, the routers do not have it.
    drift.session.expect_withdrawal(VIP4)
    assert "repeatedly" in drift.vip_error(VIP4)
    assert not drift.agent.vip(VIP4)["announced"]
    assert drift.agent.vip(VIP6)["announced"]
    drift.agent.wait_log(f"{VIP4}: app web: removed from lo by another process repeatedly")
    wait_until(lambda: drift.repairs("address") > BURST, "another attempt, after the rest")
    assert drift.agent.log.count("restoring it") == BURST
    assert drift.repairs("address") <= BURST + 2
    fighter.kill()
    drift.session.expect_route(VIP4)
    assert VIP4 in drift.host.loopback_addresses()


def valid_lifetimes(drift: Drift) -> dict[str, int]:
    addresses = drift.host.ip_json("addr", "show", "dev", "lo")[0]["addr_info"]
    return {info["local"]: info["valid_life_time"] for info in addresses}


@pytest.mark.parametrize("vip", [VIP4, VIP6])
def test_changed_lifetime_is_set_right(bed: Testbed, vip: str) -> None:
    drift = Drift(bed)
    drift.wait_announced(VIP4, VIP6, NET4, NET6)
    before = valid_lifetimes(drift)
    drift.host.ip(f"addr change {vip} dev lo valid_lft 3600 preferred_lft 1800")
    drift.agent.wait_log(f"{vip}: lifetime or tag of the address changed by another process")
    wait_until(lambda: drift.repairs("address") == 1, "it is repaired")
    assert valid_lifetimes(drift) == before
    drift.assert_no_withdrawal()


@pytest.mark.parametrize("vip", [VIP4, VIP6])
def test_replaced_address_is_known_as_ours_after_a_crash(bed: Testbed, vip: str) -> None:
    """`ip addr replace` removes the tag by which the next instance recognises the address; that of
    IPv4 stays on some kernels, 6.1 among them."""
    drift = Drift(bed)
    drift.wait_announced(VIP4, VIP6, NET4, NET6)
    with closing(AddressTags(drift.host)) as tags:
        drift.host.ip(f"addr replace {vip} dev lo")
        # Without tags the lifetimes of IPv6 are what changes.
        stays = vip == VIP4 if not kernel_keeps_tags() else tags.is_ours(vip.split("/")[0])
    assert not stays or vip == VIP4
    if not stays:
        drift.agent.wait_log(f"{vip}: lifetime or tag of the address changed")
        wait_until(lambda: drift.repairs("address") == 1, "it is repaired")
    drift.agent.kill()
    assert len(drift.host.loopback_addresses()) == 3
    entry = {"peer_ip": drift.link.router_ip, "peer_as": ROUTER_AS}
    bed.start_agent(config(entry), after=drift.agent)
    bed.wait_loopback({})
    wait_until(lambda: not drift.is_local("198.51.100.7"), "the local route of the network is gone")


def test_lo_down_withdraws_and_says_why(bed: Testbed) -> None:
    drift = Drift(bed)
    drift.wait_announced(VIP4, VIP6, NET4, NET6)
    drift.host.ip("link set lo down")
    missing = {VIP4, VIP6, NET4, NET6}
    while missing:
        missing -= set(drift.session.expect_update(lambda u: u.withdrawn, "withdrawals").withdrawn)
    drift.agent.wait_event("lo.down", level="error")
    for vip in (VIP4, VIP6, NET4, NET6):
        trouble = drift.agent.wait_event("vip.trouble", vip=vip, app="web", level="warning")
        assert f"{vip}: app web: cannot bind {vip}: the interface lo is down" in trouble["text"]
        assert "lo is down" in drift.vip_error(vip)
    [alarm] = drift.agent.status("status")["alarms"]
    assert alarm["alarm"] == "lo-down"
    # The next attempt by timer is further away every time; the event does not wait for it.
    drift.host.ip("link set lo up")
    drift.wait_announced(VIP4, VIP6, NET4, NET6)
    assert drift.agent.status("status")["alarms"] == []
    up = drift.agent.wait_event("lo.up", text="lo is up again, restoring all VIPs")
    for vip in (VIP4, VIP6, NET4, NET6):
        recovered = drift.agent.wait_event("vip.recovered", vip=vip, text=f"{vip}: recovered")
        assert recovered["id"] > up["id"]
    assert drift.repairs("lo") == 1 and drift.repairs("address") == 0
    assert "by another process" not in drift.agent.log
    assert drift.is_local("198.51.100.255") and drift.is_local("2001:db8:1::77")


def test_apps_unregistered_while_lo_is_down_leave_no_vip(bed: Testbed) -> None:
    drift = Drift(bed)
    drift.wait_announced(VIP4, VIP6, NET4, NET6)
    drift.host.ip("link set lo down")
    drift.agent.wait_log("lo is down")
    drift.agent.unregister("web")
    wait_until(lambda: drift.agent.status("routes")["routes"] == [], "no VIP is left")
    drift.host.ip("link set lo up")
    bed.wait_loopback({})
    assert not drift.is_local("198.51.100.7")


def test_ipv6_vip_serves_before_it_is_announced(bed: Testbed) -> None:
    """The kernel acknowledges an address before it has made the route."""
    drift = Drift(bed, app("web", VIP4))
    for n in range(1, 30):
        drift.agent.register(f"app{n}", f"2001:db8:2::{n:x}/128")
        drift.session.expect_route(f"2001:db8:2::{n:x}/128")
        assert drift.is_local(f"2001:db8:2::{n:x}")


FOREIGN = """\
addr add 198.51.100.7/24 dev lo label lo:theirs
addr add 192.0.2.77/32 dev lo
addr add 2001:db8:1::7/64 dev lo
addr add 2001:db8::77/128 dev lo
route add local 203.0.113.0/24 dev lo proto 99
""".splitlines()


def foreign(host: Namespace) -> set[str]:
    """Addresses and local routes on lo that are not ours."""
    lines = set()
    for family in ("-4", "-6"):
        for what in (["addr", "show", "dev", "lo"], ["route", "show", "table", "local"]):
            lines |= set(host.run(["ip", "-o", family, *what]).splitlines())
    return {line for line in lines if "proto 118" not in line and "lo:web" not in line}


def test_nothing_of_others_is_touched(bed: Testbed) -> None:
    """Foreign addresses in our networks, added after ours, stay when ours are removed."""
    drift = Drift(bed)
    drift.wait_announced(VIP4, VIP6, NET4, NET6)
    drift.host.ip(*FOREIGN)
    before = foreign(drift.host)
    for repaired, command in enumerate(REMOVALS.values()):
        drift.host.run(command.split())
        # Two removals of one VIP are one repair when the agent hears of them together.
        wait_until(lambda n=repaired: drift.repairs("address") == n + 1, "it is restored")
    wait_until(lambda: foreign(drift.host) == before, "theirs as they were")
    drift.agent.unregister("web")
    wait_until(lambda: drift.agent.status("routes")["routes"] == [], "no VIP is left")
    left = drift.host.loopback_addresses()
    assert left == {
        "198.51.100.7/24": "lo:theirs",
        "192.0.2.77/32": "lo",
        "2001:db8:1::7/64": "",
        "2001:db8::77/128": "",
    }
    assert "203.0.113.0/24" in drift.host.run(["ip", "route", "show", "table", "local"])
