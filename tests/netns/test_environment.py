"""Faults of the host: the agent reports what is wrong and harms nothing."""

import os
import time

import pytest

from .configs import VIP4, VIP6, app, config, peer
from .privileges import without
from .testbed import Testbed
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
WEB = app("web", VIP4)


@pytest.mark.parametrize("vip", [VIP4, VIP6])
def test_foreign_address_is_kept_and_shown(bed: Testbed, vip: str) -> None:
    router = bed.start_router("bird")
    bed.host.ip(f"addr add {vip} dev lo")
    before = bed.host.loopback_addresses()
    agent = bed.start_agent(config(peer(router), apps=(app("web", vip), app("ok", "192.0.2.9/32"))))
    router.wait_route("192.0.2.9/32")
    error = agent.vip(vip)["error"]
    assert vip in error and "on lo already" in error
    [alarm] = agent.status("status")["alarms"]
    assert (alarm["alarm"], alarm["vip"], alarm["count"]) == ("vip-trouble", vip, 1)
    assert alarm["text"] == f"{vip}: {error}"
    assert not agent.vip(vip)["announced"]
    agent.unregister("web")
    agent.stop()
    assert bed.host.loopback_addresses() == before


def test_deleted_vip_comes_back(bed: Testbed) -> None:
    router = bed.start_router("bird")
    bed.start_agent(config(peer(router), apps=(app("web", [VIP4, VIP6]),)))
    router.wait_routes(VIP4, VIP6)
    bed.host.ip(f"addr del {VIP4} dev lo", f"addr del {VIP6} dev lo")
    bed.wait_loopback({VIP4: "lo:web", VIP6: ""})


def test_taken_api_port_is_a_clear_error(bed: Testbed) -> None:
    bed.link()
    bed.start_service(8080)
    agent = bed.make_agent(config(PEER, apps=(WEB,), agent={"listen_addr": "127.0.0.1:8080"}))
    agent.spawn()
    log = agent.expect_exit(1)
    assert "127.0.0.1:8080" in log and "in use" in log
    assert bed.host.loopback_addresses() == {}


def test_taken_bgp_port_is_a_clear_error(bed: Testbed) -> None:
    bed.link()
    bed.start_service(179)
    agent = bed.make_agent(config(PEER, apps=(WEB,), listen=True))
    agent.spawn()
    log = agent.expect_exit(1)
    assert "179" in log and "in use" in log
    assert bed.host.loopback_addresses() == {}


@pytest.mark.parametrize("what", ["missing", "directory", "forbidden"])
def test_unreadable_configuration_is_a_clear_error(bed: Testbed, what: str) -> None:
    agent = bed.make_agent(config(PEER), wrapper=without("dac_override", "dac_read_search"))
    path = agent.config_path
    if what == "forbidden":
        path.chmod(0)
    else:
        path.unlink()
    if what == "directory":
        path.mkdir()
    agent.spawn()
    reason = {
        "missing": "No such file",
        "directory": "Is a directory",
        "forbidden": "Permission denied",
    }[what]
    log = agent.expect_exit(1)
    assert str(path) in log and reason.lower() in log.lower()


def test_no_ipv6_next_hop_is_shown_and_ipv4_goes_out(bed: Testbed) -> None:
    link = bed.link()
    bed.host.ip(f"addr del {link.host_ip6}/64 dev {link.device}")
    router = bed.start_router("bird", link)
    agent = bed.start_agent(config(peer(router), apps=(app("web", [VIP4, VIP6]),)))
    router.wait_routes(VIP4)
    assert agent.route_state(VIP4, router.ip) == "sent"
    assert agent.route_state(VIP6, router.ip) == "no-next-hop"
    assert "local_ip6" in agent.app("web")["announcement_errors"]


def test_announced_is_what_a_peer_has(bed: Testbed) -> None:
    """The only peer is established and cannot be sent the VIP: nothing says "announced"."""
    link = bed.link()
    bed.host.ip(f"addr del {link.host_ip6}/64 dev {link.device}")
    router = bed.start_router("bird", link)
    agent = bed.start_agent(config(peer(router), apps=(app("six", VIP6),)))
    router.wait_established()
    why = f"peer {router.ip}: no IPv6 address to be the next hop, set local_ip6"
    wait_until(lambda: agent.app("six")["reason"] == f"{VIP6}: {why}", "the reason")
    six = agent.app("six")
    assert (six["health"], six["announced"]) == ("up", False)
    assert six["announced_to"] == {"sent": 0, "peers": 1}
    assert (agent.vip(VIP6)["announced"], agent.vip(VIP6)["error"]) == (False, why)
    metrics = agent.get("/metrics").text
    assert "\nvipherald_vips_announced 0\n" in metrics
    assert "\nvipherald_vips_troubled 1\n" in metrics
    ready = agent.get("/readyz")
    assert (ready.status, ready.text) == (503, "1 VIP can be sent to no peer (/v1/routes)\n")
    bed.host.ip(f"addr add {link.host_ip6}/64 dev {link.device} nodad")
    router.wait_routes(VIP6)
    assert agent.app("six")["announced"] and agent.app("six")["reason"] == "no monitors, always up"
    assert agent.app("six")["announced_to"] == {"sent": 1, "peers": 1}
    assert "\nvipherald_vips_troubled 0\n" in agent.get("/metrics").text


def test_reason_names_a_taken_vip_and_a_drain(bed: Testbed) -> None:
    router = bed.start_router("bird")
    bed.host.ip(f"addr add {VIP4} dev lo")
    agent = bed.start_agent(config(peer(router), apps=(app("a", VIP4), app("b", VIP6))))
    router.wait_routes(VIP6)
    assert "on lo already" in agent.app("a")["reason"]
    agent.drain("b", reason="rack 7 moves")
    assert agent.app("b")["reason"] == "drained: rack 7 moves"


def test_ipv6_next_hop_that_comes_later(bed: Testbed) -> None:
    """At boot the session is up before the host's IPv6 address is."""
    link = bed.link()
    bed.host.ip(f"addr del {link.host_ip6}/64 dev {link.device}")
    router = bed.start_router("bird", link)
    bed.start_agent(config(peer(router), apps=(app("web", [VIP4, VIP6]),)))
    router.wait_routes(VIP4)
    bed.host.ip(f"addr add {link.host_ip6}/64 dev {link.device}")
    assert router.wait_routes(VIP4, VIP6)[VIP6].next_hop == link.host_ip6
    bed.host.ip(f"addr add fd00:1::77/64 dev {link.device} nodad")
    bed.host.ip(f"addr del {link.host_ip6}/64 dev {link.device}")
    wait_until(
        lambda: router.routes()[VIP6].next_hop == "fd00:1::77", "the route follows the address"
    )


def test_local_ip6_is_the_next_hop(bed: Testbed) -> None:
    router = bed.start_router("bird")
    device = router.link.device
    bed.host.ip(f"addr add fd00:1::77/64 dev {device} nodad")
    bed.start_agent(config(peer(router, local_ip6="fd00:1::77"), apps=(app("web", VIP6),)))
    assert router.wait_route(VIP6).next_hop == "fd00:1::77"


def test_next_hop_is_what_is_configured(bed: Testbed) -> None:
    router = bed.start_router("bird")
    device = router.link.device
    bed.host.ip(f"addr add 10.0.1.77/24 dev {device}", f"addr add fd00:1::77/64 dev {device} nodad")
    hops = {"next_hop": "10.0.1.77", "next_hop6": "fd00:1::77"}
    bed.start_agent(config(peer(router, **hops), apps=(app("web", [VIP4, VIP6]),)))
    routes = router.wait_routes(VIP4, VIP6)
    assert (routes[VIP4].next_hop, routes[VIP6].next_hop) == ("10.0.1.77", "fd00:1::77")


def test_families_that_are_offered(bed: Testbed) -> None:
    router = bed.start_router("bird")
    entry = peer(router, families=["ipv4"], multihop_ttl=7)
    agent = bed.start_agent(config(entry, apps=(app("web", [VIP4, VIP6]),)))
    router.wait_routes(VIP4)
    shown = agent.peer(router.ip)
    assert shown["negotiated"]["ipv4_unicast"] and not shown["negotiated"]["ipv6_unicast"]
    assert (shown["ttl"], shown["config"]["multi_hop"]) == (7, True)
    assert agent.route_state(VIP6, router.ip) == "family-not-negotiated"


def test_distant_peer_without_multi_hop_is_a_warning(bed: Testbed) -> None:
    link = bed.link()
    bed.host.ip(f"route add 10.99.0.0/16 via {link.router_ip}")
    agent = bed.start_agent(config({"peer_ip": "10.99.0.1", "peer_as": 65000}))
    assert "10.99.0.1" in agent.wait_log("multi_hop")


def test_second_agent_does_not_touch_what_the_first_has(bed: Testbed) -> None:
    router = bed.start_router("bird")
    bed.start_agent(config(peer(router), apps=(app("web", VIP4),)))
    router.wait_routes(VIP4)
    elsewhere = {"listen_addr": "127.0.0.1:8081"}
    second = bed.make_agent(config(peer(router), agent=elsewhere))
    second.spawn()
    assert "another vipherald manages lo" in second.expect_exit(1)
    assert set(bed.host.loopback_addresses()) == {VIP4}


@pytest.mark.parametrize("what", ["peer", "host", "network of both"])
def test_vip_that_would_cut_the_host_off_is_refused(bed: Testbed, what: str) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(app("web", VIP4),)))
    router.wait_routes(VIP4)
    vip, address = {
        "peer": (f"{router.ip}/32", router.ip),
        "host": (f"{router.link.host_ip}/32", router.link.host_ip),
        "network of both": ("10.0.0.0/8", router.ip),
    }[what]
    answer = agent.register("bad", vip)
    assert answer.status == (409 if what == "peer" else 403)
    assert vip in answer.text and (address in answer.text or what == "network of both")
    assert set(bed.host.loopback_addresses()) == {VIP4}


def test_vips_are_back_as_soon_as_lo_is(bed: Testbed) -> None:
    router = bed.start_router("bird")
    bed.start_agent(config(peer(router), apps=(app("web", [VIP4, VIP6]),)))
    router.wait_routes(VIP4, VIP6)
    bed.host.ip("link set lo down")
    router.wait_routes()
    bed.host.ip("link set lo up")
    router.wait_routes(VIP4, VIP6)
    assert set(bed.host.loopback_addresses()) == {VIP4, VIP6}


def test_status_is_the_overview(bed: Testbed) -> None:
    """Each fault is an alarm: an app of last resort, a state file that is not
    written."""
    router = bed.start_router("bird")
    down = {"states": {"down": {"announce": True}}}
    resort = {**app("resort", VIP4, f"file:{bed.workdir}/none"), **down}
    agent = bed.make_agent(
        config(peer(router), apps=(resort,), agent={"state_file": "/proc/none/state"})
    )
    written = 1_700_000_000_250_000_000
    os.utime(agent.config_path, ns=(written, written))
    began = time.monotonic()
    agent.start()
    router.wait_routes(VIP4)
    wait_until(lambda: len(agent.status("status")["alarms"]) == 2, "the alarms")
    alarms = {alarm["alarm"]: alarm for alarm in agent.status("status")["alarms"]}
    assert set(alarms) == {"last-resort", "state-file"}
    assert (alarms["last-resort"]["app"], alarms["last-resort"]["count"]) == ("resort", 1)
    assert alarms["state-file"]["path"] == "/proc/none/state"
    status = agent.status("status")
    assert status["vips"] == {"total": 1, "bound": 1, "announced": 1, "suppressed": 0, "troubled": 0}
    assert status["peers"] == {"total": 1, "established": 1, "disabled": 0}
    assert status["started_seconds"] < time.monotonic() - began
    read = {"path": str(agent.config_path), "modified": "2023-11-14T22:13:20.250Z"}
    assert status["configuration"] == read
    # A change that was not read yet is none of it.
    os.utime(agent.config_path)
    assert agent.status("status")["configuration"] == read
    agent.reload()
    assert agent.status("status")["configuration"]["modified"] > read["modified"]
