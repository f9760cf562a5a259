"""VIPs that are asked for over HTTP and by tags: what this host or a neighbour has is refused."""

from pathlib import Path
from typing import Any

import pytest

from .agent import Agent, Response
from .configs import VIP4, VIP6, config, peer
from .consul import Consul, tags
from .routers import Router
from .test_state_file import wait_running
from .testbed import Testbed
from .wait import wait_until

SECOND = "10.0.1.200"
"""Another address of the host's interface."""


@pytest.fixture
def router(bed: Testbed) -> Router:
    return bed.start_router("bird")


def start(bed: Testbed, router: Router, vips: dict[str, Any] | None = None, **more: Any) -> Agent:
    agent = {**({"vips": vips} if vips else {}), **more}
    return bed.start_agent(config(peer(router), agent=agent))


def refused(response: Response, *words: str) -> None:
    assert response.status == 403, response
    for word in words:
        assert word in response.text, response


def alarms(agent: Agent) -> dict[str, str]:
    return {alarm["alarm"]: alarm["text"] for alarm in agent.status("status")["alarms"]}


def test_what_gocast_users_register_is_accepted(bed: Testbed, router: Router) -> None:
    agent = start(bed, router)
    assert agent.register("web", VIP4, VIP6, nats=["tcp:80:8080"], communities="100:1").status == 200
    router.wait_routes(VIP4, VIP6)


def test_what_cuts_the_host_off_is_refused(bed: Testbed, router: Router) -> None:
    """Each was done with one GET, and stored."""
    bed.host.ip(
        f"addr add {SECOND}/24 dev eth1",
        "addr add 10.255.0.1/32 dev lo",
        "route add 198.51.100.0/24 via 10.0.1.9",
        "route add 203.0.113.0/24 dev eth1",
        "route add 198.18.0.0/15 nexthop via 10.0.1.10 dev eth1 nexthop via 10.0.1.11 dev eth1",
    )
    agent = start(bed, router)
    for vip, reason in {
        "10.0.1.0/24": "agent.vips.allow",
        "2000::/3": "agent.vips.allow",
        f"{SECOND}/32": "an address of interface eth1",
        "10.0.1.2/32": "an address of interface eth1",
        "10.255.0.1/32": "an address of interface lo",
        "fd00:1::2/128": "an address of interface eth1",
        "10.0.1.9/32": "next hop",
        "10.0.1.10/32": "next hop",
        "10.0.1.11/32": "next hop",
        "10.0.1.255/32": "broadcast",
        "10.0.1.0/32": "broadcast",
        "203.0.113.128/25": "agent.vips.allow",
        "203.0.113.0/32": "broadcast",
        "203.0.113.255/32": "broadcast",
        "100.100.100.200/32": "metadata",
        "64:ff9b::1/128": "NAT64",
    }.items():
        refused(agent.register("bad", vip, nats=["tcp:22:2222"]), vip, reason, "agent.vips.allow")
    assert agent.get("/v1/apps").json()["apps"] == []
    assert router.routes() == {}
    assert "10.255.0.1/32" in bed.host.loopback_addresses()


def test_next_hop_objects(bed: Testbed, router: Router) -> None:
    """Routes that show nothing but the number of theirs."""
    with bed.host.inside():
        Path("/proc/sys/net/ipv4/nexthop_compat_mode").write_text("0")
    bed.host.ip(
        "nexthop add id 3 via 10.0.1.21 dev eth1",
        "nexthop add id 4 via 10.0.1.22 dev eth1",
        "nexthop add id 5 group 3/4",
        "nexthop add id 6 via 10.0.1.23 dev eth1",
        "nexthop add id 7 dev eth1",
        "nexthop add id 8 via fd00:1::21 dev eth1",
        "route add 198.18.0.0/16 nhid 5",
        "route add 198.19.0.0/16 nhid 6",
        "route add 203.0.113.0/24 nhid 7",
        "route add 2001:db8:8::/48 nhid 8",
    )
    agent = start(bed, router)
    for vip in ("10.0.1.21/32", "10.0.1.22/32", "10.0.1.23/32", "fd00:1::21/128"):
        refused(agent.register("bad", vip), vip, "the next hop of a route of this host")
    refused(agent.register("bad", "203.0.113.255/32"), "broadcast address of interface eth1")
    assert agent.register("behind", "198.18.0.7/32").status == 200
    assert agent.register("free", "10.0.1.24/32").status == 200
    bed.host.ip("nexthop replace id 6 via 10.0.1.25 dev eth1")
    refused(agent.register("bad", "10.0.1.25/32"), "the next hop of a route of this host")
    assert agent.register("past", "10.0.1.23/32").status == 200


def test_what_gocast_left_on_lo_is_no_address_of_the_host(bed: Testbed, router: Router) -> None:
    """The app waits until it is removed, as ever; for another app it is in use."""
    bed.host.ip(f"addr add {VIP4} dev lo label lo:web")
    agent = start(bed, router)
    refused(agent.register("other", VIP4), "an address of interface lo")
    assert agent.register("web", VIP4).status == 200
    wait_until(lambda: "on lo already" in (agent.app("web")["vips"][0]["error"] or ""), "it is in use")
    bed.host.ip(f"addr del {VIP4} dev lo")
    router.wait_routes(VIP4)


def test_a_free_address_of_the_subnet_is_warned_of(bed: Testbed, router: Router) -> None:
    agent = start(bed, router)
    assert agent.register("web", "10.0.1.77/32").status == 200
    agent.wait_log(r"web: vip 10\.0\.1\.77/32 is inside 10\.0\.1\.0/24 of interface eth1")


def test_the_host_is_followed(bed: Testbed, router: Router) -> None:
    agent = start(bed, router)
    assert agent.register("web", "198.51.100.7/32").status == 200
    assert agent.get("/unregister?name=web").status == 200
    wait_until(lambda: not bed.host.loopback_addresses(), "the VIP is gone from lo")
    bed.host.ip("addr add 198.51.100.7/32 dev eth1")
    refused(agent.register("web", "198.51.100.7/32"), "an address of interface eth1")
    bed.host.ip("addr del 198.51.100.7/32 dev eth1", "route add 192.0.2.128/25 via 198.51.100.7 dev eth1 onlink")
    refused(agent.register("web", "198.51.100.7/32"), "next hop")
    bed.host.ip("route del 192.0.2.128/25")
    assert agent.register("web", "198.51.100.7/32").status == 200


def test_a_list(bed: Testbed, router: Router) -> None:
    vips = {"allow": ["192.0.2.0/24", "10.0.0.0/8", "10.0.1.200/32"], "max": 3}
    agent = start(bed, router, {**vips, "communities": ["100:1"]})
    assert agent.register("host", VIP4).status == 200
    assert agent.register("net", "192.0.2.128/25").status == 200
    refused(agent.register("other", "198.51.100.1/32"), "not in agent.vips.allow")
    refused(agent.register("wide", "10.128.0.0/9"), "agent.vips.min_length")
    refused(agent.register("own", "10.0.1.2/32"), "add '10.0.1.2/32' itself")
    refused(agent.register("c", "192.0.2.1/32", communities="100:2"), "agent.vips.communities")
    assert agent.register("named", f"{SECOND}/32", communities="100:1").status == 200
    refused(agent.register("fourth", "192.0.2.1/32"), "agent.vips.max")
    assert agent.get("/unregister?name=net").status == 200
    assert agent.register("fourth", "192.0.2.1/32").status == 200


def test_blackhole(bed: Testbed, router: Router) -> None:
    agent = start(bed, router)
    refused(agent.register("web", VIP4, communities="65535:666"), "agent.vips.communities")
    assert agent.register("web", VIP4, communities="no-export").status == 200


def test_the_configuration_is_bound_only_if_it_says_so(bed: Testbed, router: Router) -> None:
    apps = ({"name": "net", "vip": "198.51.100.0/24", "monitors": []},)
    agent = bed.start_agent(config(peer(router), apps=apps))
    router.wait_routes("198.51.100.0/24")
    agent.stop()
    agent = bed.start_agent(config(peer(router), apps=apps, agent={"vips": {"strict": True}}))
    agent.wait_log(r"net: vip 198\.51\.100\.0/24 is not a host route .*agent\.vips\.allow")


def test_tags(bed: Testbed, router: Router) -> None:
    consul = Consul(bed.host)
    agent = start(bed, router, consul_addr=consul.addr)
    consul.register("web", tags(VIP4))
    consul.register("net", tags("10.0.1.0/24"))
    consul.register("own", tags("10.0.1.2/32"))
    router.wait_routes(VIP4)
    wait_until(lambda: "consul-service" in alarms(agent), "the refusal is an alarm")

    def found() -> dict[str, Any]:
        return {entry["service"]: entry for entry in agent.status("consul")["found"]}

    # They come one by one.
    states = {"web": "registered", "net": "refused", "own": "refused"}
    wait_until(
        lambda: states.items() <= {name: entry["state"] for name, entry in found().items()}.items(),
        f"{states}",
    )
    assert "agent.vips.allow" in found()["own"]["problem"]
    assert router.routes().keys() == {VIP4}


def test_consuls_own_address(bed: Testbed, router: Router) -> None:
    agent = start(bed, router, consul_addr="http://192.0.2.85:8500")
    refused(agent.register("web", "192.0.2.85/32"), "the address of Consul")


def test_a_stored_app_that_is_refused_now(bed: Testbed, router: Router) -> None:
    """An alarm names it and the key; it is back when it is allowed, and goes when unregistered."""
    net = "198.51.100.0/24"
    agent = start(bed, router, {"allow": [net]})
    assert agent.register("net", net).status == 200
    router.wait_routes(net)
    agent.stop()
    allowing = agent.config_path.read_text()
    agent.config_path.write_text(allowing.replace(net, "192.0.2.0/24"))
    for _ in range(2):
        agent.start()
        wait_running(agent)
        text = alarms(agent)["stored-app-refused"]
        assert "app net of the state file" in text and "agent.vips.allow" in text
        assert agent.get("/v1/apps/net").status == 404
        agent.stop()
    agent.config_path.write_text(allowing)
    agent.start()
    router.wait_routes(net)
    assert "stored-app-refused" not in alarms(agent)
    agent.stop()
    agent.config_path.write_text(allowing.replace(net, "192.0.2.0/24"))
    agent.start()
    wait_running(agent)
    assert agent.get("/unregister?name=net").json()["result"] == "unregistered"
    assert "stored-app-refused" not in alarms(agent)
    agent.stop()
    agent.config_path.write_text(allowing)
    agent.start()
    wait_running(agent)
    assert agent.get("/v1/apps/net").status == 404
