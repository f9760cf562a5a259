"""Whose the address of a VIP is on the host (`bind`)."""

from typing import Any

import pytest

from .configs import VIP4, VIP6, app, config, peer
from .netns import Namespace
from .old_kernel import without_tags
from .pings import Pings
from .test_reload import Watch
from .testbed import Testbed
from .wait import wait_until


def route_to(namespace: Namespace, *vips: str) -> None:
    """By the host of link 1: a router of the test bed does not forward."""
    for vip in vips:
        via = "fd00:1::2" if ":" in vip else "10.0.1.2"
        namespace.ip(f"route replace {vip} via {via}")


def check_answers(namespace: Namespace, *vips: str) -> None:
    with Pings(namespace, *vips) as pings:
        pings.check()


def bound(name: str, bind: str | None, *vips: str, **keys: Any) -> dict[str, Any]:
    return {**app(name, list(vips) or [VIP4, VIP6]), **({"bind": bind} if bind else {}), **keys}


def test_none_announces_without_an_address(bed: Testbed) -> None:
    """Per app, from the agent, over HTTP where the list allows it; and no address is touched."""
    router = bed.start_router("bird")
    bed.host.ip("addr add 192.0.2.99/32 dev lo")
    there = bed.host.loopback_addresses()
    agent = bed.start_agent(config(peer(router), apps=(bound("web", "none"),)))
    router.wait_routes(VIP4, VIP6)
    assert bed.host.loopback_addresses() == there
    for vip in agent.app("web")["vips"]:
        assert (vip["bind"], vip["bound"], vip["announced"]) == ("none", True, True)
    assert agent.app("web")["definition"]["bind"] == "none"
    conditions = agent.status("explain?name=web")["vips"][0]["conditions"]
    assert {c["condition"]: c["text"] for c in conditions}["address"] == "none is needed (bind: none)"

    refused = agent.get("/register?name=http&vip=192.0.2.54/32&bind=none")
    assert refused.status == 403 and "agent.vips.allow" in refused.text
    wrong = agent.get("/register?name=http&vip=192.0.2.54/32&bind=nothing")
    assert wrong.status == 400 and "nothing" in wrong.text
    allowed = {"bind": "none", "vips": {"allow": ["192.0.2.0/24"]}}
    agent.reload(config(peer(router), apps=(bound("web", None),), agent=allowed))
    assert agent.get("/register?name=http&vip=192.0.2.54/32").status == 200
    assert agent.get("/register?name=lo&vip=192.0.2.55/32&bind=address").status == 200
    router.wait_routes(VIP4, VIP6, "192.0.2.54/32", "192.0.2.55/32")
    assert bed.host.loopback_addresses() == {**there, "192.0.2.55/32": "lo:lo"}

    agent.stop()
    assert bed.host.loopback_addresses() == there


def test_the_agents_bind_is_that_of_registered_apps_too(bed: Testbed) -> None:
    """A reload that changes it rebinds them; so does the next start."""
    router = bed.start_router("bird")
    vips = {"vips": {"allow": ["192.0.2.0/24"]}}
    agent = bed.start_agent(config(peer(router), agent=vips))
    agent.get("/register?name=a&vip=192.0.2.54/32")
    agent.get("/register?name=b&vip=192.0.2.55/32&bind=address")
    router.wait_routes("192.0.2.54/32", "192.0.2.55/32")
    agent.reload(config(peer(router), agent={**vips, "bind": "none"}))
    only_b = {"192.0.2.55/32": "lo:b"}
    wait_until(lambda: bed.host.loopback_addresses() == only_b, "a has no address")
    assert agent.app("a")["vips"][0]["bind"] == "none"

    agent.kill()
    agent.start()
    router.wait_routes("192.0.2.54/32", "192.0.2.55/32")
    wait_until(lambda: bed.host.loopback_addresses() == only_b, "a has none")
    agent.reload(config(peer(router), agent=vips))
    both = {"192.0.2.54/32": "lo:a", **only_b}
    wait_until(lambda: bed.host.loopback_addresses() == both, "a is bound")


# --- an interface other than lo ---

PORTS = "vips0"
"""A bridge of the host, which no packet passes."""


def add_interface(bed: Testbed, name: str = PORTS, kind: str = "bridge") -> None:
    bed.host.ip(f"link add {name} type {kind}", f"link set {name} up")


def addresses(bed: Testbed, name: str = PORTS) -> dict[str, str]:
    """Address/length -> label; {} while there is no such interface."""
    found: dict[str, str] = {}
    for link in bed.host.ip_json("addr", "show"):
        if link["ifname"] == name:
            for info in link["addr_info"]:
                if info["scope"] != "link":
                    found[f"{info['local']}/{info['prefixlen']}"] = info.get("label", "")
    return found


def wait_addresses(bed: Testbed, wanted: dict[str, str], name: str = PORTS) -> None:
    wait_until(lambda: addresses(bed, name) == wanted, f"exactly {wanted} on {name}")


ON_PORTS = {VIP4: "vips0:web", VIP6: ""}
ON_LO = {VIP4: "lo:web", VIP6: ""}


@pytest.mark.parametrize("tags", [True, False], ids=["tags", "no tags"])
def test_an_interface_that_comes_goes_and_comes_back(bed: Testbed, tags: bool) -> None:
    router = bed.start_router("bird")
    web = bound("web", None, interface=PORTS)
    route_to(router.link.namespace, VIP4, VIP6)
    env = {} if tags else without_tags(bed)
    agent = bed.start_agent(config(peer(router), apps=(web,)), env=env)
    agent.wait_log("there is no interface vips0; it is bound when the interface appears")
    vip = agent.app("web")["vips"][0]
    assert (vip["interface"], vip["bound"], vip["announced"]) == (PORTS, False, False)
    assert "there is no interface vips0" in vip["error"]
    assert router.routes() == {}

    add_interface(bed)
    router.wait_routes(VIP4, VIP6)
    assert addresses(bed) == ON_PORTS
    assert bed.host.loopback_addresses() == {}
    check_answers(router.link.namespace, VIP4, VIP6)

    bed.host.ip(f"link set {PORTS} down")
    router.wait_routes()
    assert "vips0 is down" in agent.app("web")["vips"][0]["error"]
    bed.host.ip(f"link set {PORTS} up")
    router.wait_routes(VIP4, VIP6)
    assert addresses(bed) == ON_PORTS

    bed.host.ip(f"link del {PORTS}")
    router.wait_routes()
    add_interface(bed)
    router.wait_routes(VIP4, VIP6)
    check_answers(router.link.namespace, VIP4, VIP6)

    # Another process removes them: restored, and the route stays.
    for address in (VIP4, VIP6):
        bed.host.ip(f"addr del {address} dev {PORTS}")
        agent.wait_log(f"{address}: removed from its interface by another process, restoring it")
    wait_addresses(bed, ON_PORTS)
    agent.stop()
    assert addresses(bed) == {}


def test_an_address_of_another_process_is_left_alone(bed: Testbed) -> None:
    router = bed.start_router("bird")
    add_interface(bed)
    bed.host.ip(f"addr add {VIP4} dev {PORTS}", f"addr add 192.0.2.99/32 dev {PORTS}")
    web = bound("web", None, interface=PORTS)
    agent = bed.start_agent(config(peer(router), apps=(web,)))
    router.wait_routes(VIP6)
    [error] = [v["error"] for v in agent.app("web")["vips"] if v["prefix"] == VIP4]
    assert "is on vips0 already" in error and "not put there by vipherald" in error
    bed.host.ip(f"addr del {VIP4} dev {PORTS}")
    router.wait_routes(VIP4, VIP6)
    agent.stop()
    assert addresses(bed) == {"192.0.2.99/32": PORTS}


@pytest.mark.parametrize("tags", [True, False], ids=["tags", "no tags"])
def test_leftovers_are_moved_or_removed_wherever_they_are(bed: Testbed, tags: bool) -> None:
    """Killed, and started again with another interface, and with none of the apps."""
    router = bed.start_router("bird")
    add_interface(bed)
    add_interface(bed, "vips1")
    foreign = {"192.0.2.99/32": PORTS}
    bed.host.ip(f"addr add 192.0.2.99/32 dev {PORTS}")
    env = {} if tags else without_tags(bed)
    agent = bed.start_agent(
        config(peer(router), apps=(bound("web", None, interface=PORTS),)), env=env
    )
    router.wait_routes(VIP4, VIP6)
    agent.kill()
    agent.start()  # the same again: nothing is removed in between
    router.wait_routes(VIP4, VIP6)
    assert addresses(bed) == {**ON_PORTS, **foreign}

    agent.kill()
    agent.write_config(config(peer(router), apps=(bound("web", None, interface="vips1"),)))
    agent.start()
    router.wait_routes(VIP4, VIP6)
    wait_addresses(bed, {VIP4: "vips1:web", VIP6: ""}, "vips1")
    wait_addresses(bed, foreign)

    agent.kill()
    agent.write_config(config(peer(router), apps=(bound("web", None),)))
    agent.start()
    router.wait_routes(VIP4, VIP6)
    bed.wait_loopback(ON_LO)
    wait_addresses(bed, {}, "vips1")

    agent.reload(config(peer(router), apps=(bound("web", None, interface=PORTS),)))
    wait_addresses(bed, {**ON_PORTS, **foreign})
    agent.kill()
    agent.write_config(config(peer(router)))
    agent.start()
    wait_addresses(bed, foreign)
    bed.wait_loopback({})


def test_another_interface_at_a_reload_sends_nothing(bed: Testbed) -> None:
    watch = Watch(bed)
    add_interface(bed)
    agent = bed.start_agent(config(watch.entry, apps=(bound("web", None),)))
    watch.establish()
    wait_until(lambda: agent.app("web")["announced"], "the app is announced")
    watch.updates(agent)
    route_to(watch.link.namespace, VIP4, VIP6)
    with Pings(watch.link.namespace, VIP4, VIP6) as pings:
        for keys, on_lo, on_ports in (
            ({"interface": PORTS}, {}, ON_PORTS),
            ({}, ON_LO, {}),
            ({"interface": PORTS}, {}, ON_PORTS),
        ):
            agent.reload(config(watch.entry, apps=(bound("web", None, **keys),)))
            wait_addresses(bed, on_ports)
            # The marker of updates() is on lo.
            wait_until(lambda: bed.host.loopback_addresses() == on_lo, f"{on_lo} on lo")
            assert watch.updates(agent) == []
        pings.check()
