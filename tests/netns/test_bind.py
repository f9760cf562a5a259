"""Whose the address of a VIP is on the host (`bind`)."""

import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .netns import Namespace
from .old_kernel import without_tags
from .pings import Pings
from .privileges import as_plain_user
from .process import Process
from .test_graceful_restart import end, start_router, wait_restart_over
from .test_reload import Watch
from .testbed import Testbed
from .wait import never, wait_until


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


def test_another_place_at_a_reload_sends_nothing(bed: Testbed) -> None:
    """No other process has the address: every packet is answered all the same."""
    watch = Watch(bed)
    set_nonlocal(bed, 1)
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
            ({"bind": "route"}, {}, {}),
            ({"interface": PORTS}, {}, ON_PORTS),
            ({"bind": "route"}, {}, {}),
            ({}, ON_LO, {}),
            ({"interface": PORTS}, {}, ON_PORTS),
        ):
            agent.reload(config(watch.entry, apps=({**bound("web", None), **keys},)))
            wait_addresses(bed, on_ports)
            # The marker of updates() is on lo.
            wait_until(lambda: bed.host.loopback_addresses() == on_lo, f"{on_lo} on lo")
            assert watch.updates(agent) == []
        pings.check()


# --- present ---


def start_present(bed: Testbed, *entries: dict[str, Any], **keys: Any) -> Agent:
    return bed.start_agent(config(*entries, apps=(bound("web", "present", **keys),)))


def errors(agent: Agent, name: str = "web") -> dict[str, str | None]:
    return {vip["prefix"]: vip["error"] for vip in agent.app(name)["vips"]}


def test_present_follows_the_address(bed: Testbed) -> None:
    """On lo and on another interface, with another length; the agent changes none of them."""
    router = bed.start_router("bird")
    agent = start_present(bed, peer(router))
    agent.wait_log(f"{VIP4} is not on this host: 'bind: present' announces it as soon as")
    assert router.routes() == {}
    bed.host.ip(f"addr add {VIP4} dev lo", f"addr add {VIP6} dev lo")
    router.wait_routes(VIP4, VIP6)
    for vip in agent.app("web")["vips"]:
        assert (vip["bind"], vip["bound"], vip["interface"]) == ("present", True, None)
    bed.host.ip(f"addr del {VIP4} dev lo")
    router.wait_routes(VIP6)
    assert agent.app("web")["health"] == "up"
    assert "not on this host" in (errors(agent)[VIP4] or "")
    bed.host.ip("addr add 192.0.2.53/24 dev eth1")
    router.wait_routes(VIP4, VIP6)

    # On a second interface: the route stays when one of them goes.
    bed.host.ip(f"addr add {VIP4} dev lo", "addr del 192.0.2.53/24 dev eth1")
    marker = {"192.0.2.99/32": {}}
    agent.get("/register?name=marker&vip=192.0.2.99/32&bind=address")
    router.wait_routes(VIP4, VIP6, *marker)
    before = bed.host.loopback_addresses()
    agent.kill()
    agent.start()
    router.wait_routes(VIP4, VIP6, *marker)
    agent.stop()
    router.wait_routes()
    del before["192.0.2.99/32"]
    assert bed.host.loopback_addresses() == before == {VIP4: "lo", VIP6: ""}


def test_present_on_one_interface_that_is_up(bed: Testbed) -> None:
    router = bed.start_router("bird")
    add_interface(bed)
    bed.host.ip(f"addr add {VIP4} dev lo", f"addr add {VIP6} dev lo")
    agent = start_present(bed, peer(router), interface=PORTS)
    agent.wait_log(f"{VIP4} is on lo instead of vips0 .interface.")
    bed.host.ip(f"addr add {VIP4} dev {PORTS}", f"addr add {VIP6} dev {PORTS} nodad")
    router.wait_routes(VIP4, VIP6)
    bed.host.ip(f"link set {PORTS} down")
    router.wait_routes()
    assert "the interface is down" in (errors(agent)[VIP4] or "")
    bed.host.ip(f"link set {PORTS} up")
    router.wait_routes(VIP4)  # the kernel has removed that of IPv6
    bed.host.ip(f"link set {PORTS} down", f"link set {PORTS} name vips9", "link set vips9 up")
    agent.wait_log(f"{VIP4} is on (lo|vips9) instead of vips0 .interface")
    router.wait_routes()
    bed.host.ip("link set vips9 down", f"link set vips9 name {PORTS}", f"link set {PORTS} up")
    router.wait_routes(VIP4)
    bed.host.ip(f"link del {PORTS}")
    router.wait_routes()
    assert bed.host.loopback_addresses() == {VIP4: "lo", VIP6: ""}


def test_present_waits_for_duplicate_address_detection(bed: Testbed) -> None:
    """Tentative first, then found at another host."""
    router = bed.start_router("bird")
    namespace = router.link.namespace
    with bed.host.inside():
        for name in ("all", "eth1"):
            Path(f"/proc/sys/net/ipv6/conf/{name}/accept_dad").write_text("1")
        Path("/proc/sys/net/ipv6/conf/eth1/dad_transmits").write_text("1")
    agent = start_present(bed, peer(router), vip=[VIP6])
    bed.host.ip(f"addr add {VIP6} dev eth1")
    agent.wait_log(f"{VIP6} is on eth1, and cannot be used: .* has not ended .tentative.")
    [route] = router.wait_routes(VIP6).values()
    assert route.next_hop == "fd00:1::2"  # not the VIP, which is an address of that interface too
    bed.host.ip(f"addr del {VIP6} dev eth1")
    router.wait_routes()
    namespace.ip(f"addr add {VIP6} dev eth0 nodad")
    bed.host.ip(f"addr add {VIP6} dev eth1")
    agent.wait_log(f"{VIP6} is on eth1, and cannot be used: another host on the link has it")
    assert router.routes() == {}


def test_present_is_withdrawn_at_once(bed: Testbed) -> None:
    """The first message to the router after the address goes is the withdrawal, and it returns."""
    watch = Watch(bed)
    bed.host.ip(f"addr add {VIP4} dev lo", f"addr add {VIP6} dev lo")
    start_present(bed, watch.entry)
    watch.establish()
    for vip in (VIP4, VIP6):
        bed.host.ip(f"addr del {vip} dev lo")
        watch.session.expect_withdrawal(vip)
        bed.host.ip(f"addr add {vip} dev lo")
        watch.session.expect_route(vip)


def test_present_after_lost_notifications(bed: Testbed) -> None:
    """Notifications queued before some were lost are older than the dump read after that."""
    router = bed.start_router("bird")
    agent = start_present(bed, peer(router), vip=[VIP4])
    agent.wait_log("is not on this host")
    others = [f"10.{n // 250}.{n % 250}.77/32" for n in range(1, 1500)]
    agent.process.pause()
    bed.host.ip(f"addr add {VIP4} dev lo", *(f"addr add {ip} dev lo" for ip in others))
    bed.host.ip(f"addr del {VIP4} dev lo")
    agent.process.resume()
    bed.host.ip("addr add 192.0.2.54/32 dev lo")  # is heard of after all that
    agent.get("/register?name=marker&vip=192.0.2.99/32&bind=address")
    router.wait_routes("192.0.2.99/32")
    never(lambda: VIP4 in router.prefixes(), "a route without its address")


def test_what_is_taken_names_present_as_the_way(bed: Testbed) -> None:
    router = bed.start_router("bird")
    bed.host.ip(f"addr add {VIP4} dev lo", f"addr add {VIP6} dev lo")
    agent = bed.start_agent(config(peer(router), apps=(bound("web", None),)))
    wait_until(lambda: all(errors(agent).values()), "both are taken")
    assert all("Set 'bind: present'" in (error or "") for error in errors(agent).values())
    assert not [e for e in agent.status("events")["events"] if e["kind"] == "vip.bound"]
    agent.reload(config(peer(router), apps=(bound("web", "present"),)))
    router.wait_routes(VIP4, VIP6)
    agent.stop()
    assert bed.host.loopback_addresses() == {VIP4: "lo", VIP6: ""}


def test_who_may_ask_for_present(bed: Testbed) -> None:
    """Over HTTP: an address of full length, in an entry of the list."""
    router = bed.start_router("bird")
    bed.host.ip(f"addr add {VIP4} dev lo")
    allow = {"vips": {"allow": ["192.0.2.0/24", "10.0.1.0/24"]}}
    agent = bed.start_agent(config(peer(router)))
    refused = agent.get(f"/register?name=web&vip={VIP4}&bind=present")
    assert refused.status == 403 and "agent.vips.allow" in refused.text
    agent.reload(config(peer(router), agent=allow))
    assert agent.get(f"/register?name=web&vip={VIP4}&bind=present").status == 200
    router.wait_routes(VIP4)
    own = agent.get("/register?name=own&vip=10.0.1.2/32&bind=present")
    assert own.status == 403 and "an address of interface eth1" in own.text
    taken = agent.get(f"/register?name=other&vip={VIP4}&bind=address")
    assert taken.status == 403 and "an address of interface lo" in taken.text
    agent.kill()
    agent.start()
    router.wait_routes(VIP4)


def test_from_address_to_present_without_another_address(bed: Testbed) -> None:
    """The route first, then ours; what comes after is the other process's."""
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(bound("web", None),)))
    router.wait_routes(VIP4, VIP6)
    agent.reload(config(peer(router), apps=(bound("web", "present"),)))
    router.wait_routes()
    bed.wait_loopback({})
    bed.host.ip(f"addr add {VIP4} dev lo", f"addr add {VIP6} dev lo")
    router.wait_routes(VIP4, VIP6)


def test_present_needs_no_capability(bed: Testbed) -> None:
    router = bed.start_router("bird")
    bed.host.ip(f"addr add {VIP4} dev lo", f"addr add {VIP6} dev lo")
    apps = (bound("web", "present"), bound("edge", "none", "192.0.2.64/32"))
    agent = bed.make_agent(config(peer(router), apps=apps), wrapper=as_plain_user())
    for directory in (agent.state_dir, agent.run_dir):
        directory.mkdir()
        directory.chmod(0o777)
    bed.workdir.chmod(0o755)
    agent.start()
    router.wait_routes(VIP4, VIP6, "192.0.2.64/32")
    bed.host.ip(f"addr del {VIP4} dev lo")
    router.wait_routes(VIP6, "192.0.2.64/32")


# In a mount namespace of its own: /run and its files, and a /sys without udev, which it would wait for.
NETWORKD = """
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
chown -R systemd-network: /run/systemd/netif
cp "$1" /run/systemd/network/10-vips.network
mount -t sysfs -o ro sysfs /sys
exec /lib/systemd/systemd-networkd
"""


def start_networkd(bed: Testbed, *vips: str) -> Process:
    """It configures the bridge with these addresses; with none it takes the bridge down."""
    settings = bed.workdir / "vips.network"
    lines = ["[Match]", f"Name={PORTS}", "[Network]", "LinkLocalAddressing=no", "IPv6AcceptRA=no"]
    lines += ["ConfigureWithoutCarrier=yes", *(f"Address={vip}" for vip in vips)]
    lines += ["[Link]", f"ActivationPolicy={'up' if vips else 'down'}"]
    settings.write_text("\n".join(lines) + "\n")
    command = ["unshare", "--mount", "--propagation", "private", "bash", "-ec", NETWORKD, "bash"]
    return bed.host.start([*command, settings], "networkd")


def test_present_with_systemd_networkd(bed: Testbed) -> None:
    """It gives an address and takes it, and neither of the two is in the other's way."""
    router = bed.start_router("bird")
    bed.host.ip(f"link add {PORTS} type bridge")
    agent = start_present(bed, peer(router))
    for vips in ([VIP4, VIP6], [], [VIP4, VIP6]):
        networkd = start_networkd(bed, *vips)
        router.wait_routes(*vips)
        networkd.signal(signal.SIGTERM)
        networkd.wait()
    agent.stop()
    assert set(addresses(bed)) == {VIP4, VIP6}


# --- route ---

NET4, NET6 = "198.51.100.0/24", "2001:db8:54::/64"
ROUTED = {VIP4, VIP6, NET4, NET6}


def local_routes(bed: Testbed) -> set[str]:
    """Local routes of the agent."""
    found = set()
    for family, bits in (("-4", 32), ("-6", 128)):
        for route in bed.host.ip_json(family, "route", "show", "table", "local", "proto", "118"):
            assert (route["type"], route["dev"]) == ("local", "lo"), route
            dst = route["dst"]
            found.add(dst if "/" in dst else f"{dst}/{bits}")
    return found


def wait_local_routes(bed: Testbed, wanted: set[str]) -> None:
    wait_until(lambda: local_routes(bed) == wanted, f"exactly {wanted} in table local")


def set_nonlocal(bed: Testbed, value: int) -> None:
    with bed.host.inside():
        Path("/proc/sys/net/ipv6/ip_nonlocal_bind").write_text(str(value))


def test_route_answers_without_an_address(bed: Testbed) -> None:
    """Single addresses and networks; without the sysctl the IPv6 ones wait for it."""
    router = bed.start_router("bird")
    route_to(router.link.namespace, *ROUTED)
    set_nonlocal(bed, 0)
    web = bound("web", "route", *sorted(ROUTED))
    agent = bed.start_agent(config(peer(router), apps=(web,)))
    router.wait_routes(VIP4, NET4)
    for vip, error in errors(agent).items():
        assert ("sysctl -w net.ipv6.ip_nonlocal_bind=1" in (error or "")) == (":" in vip)
    set_nonlocal(bed, 1)
    router.wait_routes(*ROUTED)
    assert local_routes(bed) == ROUTED
    assert bed.host.loopback_addresses() == {}
    check_answers(router.link.namespace, VIP4, VIP6, "198.51.100.77/32", "2001:db8:54::77/128")
    with bed.host.inside(), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as service:
        service.bind(("2001:db8::53", 5300))
    assert agent.app("web")["vips"][0]["interface"] == "lo"

    # Another process removes them: restored.
    for vip in sorted(ROUTED):
        bed.host.ip(f"route del local {vip} dev lo table local")
        agent.wait_log(f"{vip}: local route removed by another process, restoring it")
    wait_local_routes(bed, ROUTED)
    bed.host.ip("link set lo down")
    router.wait_routes()
    bed.host.ip("link set lo up")
    router.wait_routes(*ROUTED)
    wait_local_routes(bed, ROUTED)

    set_nonlocal(bed, 0)
    agent.reload(config(peer(router), apps=({**web, "nonlocal": "ok"},)))
    agent.reload()
    router.wait_routes(*ROUTED)
    agent.stop()
    assert local_routes(bed) == set()


def test_a_local_route_of_another_process_is_left_alone(bed: Testbed) -> None:
    """That of an address on another interface is the kernel's, and not in the way."""
    router = bed.start_router("bird")
    set_nonlocal(bed, 1)
    add_interface(bed)
    bed.host.ip(
        f"route add local {NET4} dev lo",
        f"route add local {NET6} dev lo",
        f"route add local {VIP6} dev lo",
        f"addr add {VIP4} dev {PORTS}",
    )
    web = bound("web", "route", *sorted(ROUTED))
    agent = bed.start_agent(config(peer(router), apps=(web,)))
    router.wait_routes(VIP4)
    wait_until(lambda: sum(bool(e) for e in errors(agent).values()) == 3, "three are taken")
    for vip in (NET4, NET6, VIP6):
        error = errors(agent)[vip] or ""
        assert "has a local route already" in error, error
        assert f"Set 'bind: {'present' if vip == VIP6 else 'none'}'" in error, error
    assert local_routes(bed) == {VIP4}
    bed.host.ip(f"route del local {NET4} dev lo", f"route del local {VIP6} dev lo")
    router.wait_routes(VIP4, NET4, VIP6)
    agent.stop()
    assert list(addresses(bed)) == [VIP4]
    [left] = bed.host.ip_json("-6", "route", "show", "table", "local", NET6)
    assert left["type"] == "local"


def test_routes_of_a_killed_instance(bed: Testbed) -> None:
    """Taken over as they are, turned into addresses and back, removed with their app."""
    router = bed.start_router("bird")
    set_nonlocal(bed, 1)
    web = bound("web", "route")
    agent = bed.start_agent(config(peer(router), apps=(web,)))
    router.wait_routes(VIP4, VIP6)
    for bind, on_lo in (("route", {}), ("address", ON_LO), ("route", {})):
        agent.kill()
        assert local_routes(bed) == {VIP4, VIP6}
        agent.write_config(config(peer(router), apps=(bound("web", bind),)))
        agent.start()
        router.wait_routes(VIP4, VIP6)
        bed.wait_loopback(on_lo)
        wait_local_routes(bed, {VIP4, VIP6})
    agent.kill()
    agent.write_config(config(peer(router)))
    agent.start()
    wait_local_routes(bed, set())


# --- from each to each ---

WAYS = ("address", "route", "present", "none")


@pytest.mark.parametrize("before", WAYS)
def test_from_each_bind_to_each_other_sends_nothing(bed: Testbed, before: str) -> None:
    """And every packet is answered: another process has the address on another interface, which is what
    `present` and `none` leave the VIP with."""
    watch = Watch(bed)
    set_nonlocal(bed, 1)
    add_interface(bed)
    bed.host.ip(f"addr add {VIP4} dev {PORTS}", f"addr add {VIP6} dev {PORTS} nodad")
    foreign = addresses(bed)
    route_to(watch.link.namespace, VIP4, VIP6)

    def configuration(bind: str) -> dict[str, Any]:
        return config(watch.entry, apps=(bound("web", bind),))

    def settled(bind: str) -> bool:
        on_lo = ON_LO if bind == "address" else {}
        routes = {VIP4, VIP6} if bind in ("address", "route") else set()
        return bed.host.loopback_addresses() == on_lo and local_routes(bed) == routes

    agent = bed.start_agent(configuration(before))
    watch.establish()
    wait_until(lambda: agent.app("web")["announced"], "the app is announced")
    watch.updates(agent)
    with Pings(watch.link.namespace, VIP4, VIP6) as pings:
        for after in WAYS:
            if after == before:
                continue
            for bind in (after, before):
                agent.reload(configuration(bind))
                wait_until(lambda bind=bind: settled(bind), f"bound by {bind}")
        pings.check()
    assert watch.updates(agent) == []
    agent.stop()
    assert addresses(bed) == foreign


# --- everything at once ---

PRESENT4, PRESENT6 = "192.0.2.61/32", "2001:db8::61/128"
OF_ALL = {
    "address": ["192.0.2.62/32", "2001:db8::62/128"],
    "route": ["192.0.2.63/32", "2001:db8::63/128"],
    "present": [PRESENT4, PRESENT6],
    "none": ["192.0.2.64/32", "2001:db8::64/128"],
    "elsewhere": ["192.0.2.65/32", "2001:db8::65/128"],
}
VIPS = [vip for vips in OF_ALL.values() for vip in vips]


def in_every_way() -> tuple[dict[str, Any], ...]:
    ways = [bound(name, name, *OF_ALL[name]) for name in WAYS]
    return (*ways, bound("elsewhere", None, *OF_ALL["elsewhere"], interface=PORTS))


def everything(bed: Testbed) -> tuple[dict[str, str], dict[str, str], set[str]]:
    return bed.host.loopback_addresses(), addresses(bed), local_routes(bed)


@pytest.mark.parametrize("way", ["crash", "restart"])
@pytest.mark.parametrize("user", ["root", "plain user", "no tags"])
def test_a_restart_is_not_noticed(bed: Testbed, way: str, user: str) -> None:
    """Graceful restart, seen by an observer behind the router; the sandbox is on. A plain user has
    CAP_NET_ADMIN only."""
    router, observer = start_router(bed, "bird")
    set_nonlocal(bed, 1)
    add_interface(bed)
    bed.host.ip(f"addr add {PRESENT4} dev lo", f"addr add {PRESENT6} dev lo")
    route_to(router.link.namespace, *VIPS)
    agent = bed.make_agent(
        config(peer(router), apps=in_every_way(), graceful_restart=True, listen=False),
        wrapper=as_plain_user(["net_admin"]) if user == "plain user" else (),
        env=without_tags(bed) if user == "no tags" else {},
    )
    for directory in (agent.state_dir, agent.run_dir):
        directory.mkdir()
        directory.chmod(0o777)
    bed.workdir.chmod(0o755)
    agent.start()
    observer.wait_routes(*VIPS)
    assert "sandbox: system calls filtered" in agent.log
    wait_restart_over(agent, router)
    before = everything(bed)
    assert before[2] == {*OF_ALL["address"], *OF_ALL["route"]}
    served = [vip for vip in VIPS if vip not in OF_ALL["none"]]
    with Pings(router.link.namespace, *served) as pings:
        end(agent, way)
        router.wait_not_established()
        assert everything(bed) == before
        agent.start()
        router.wait_established()
        wait_restart_over(agent, router)
        assert everything(bed) == before
        pings.check()
    observer.wait_routes(*VIPS)
    assert observer.withdrawn() == []
    agent.stop()
    assert everything(bed) == ({PRESENT4: "lo", PRESENT6: ""}, {}, set())


def test_a_restart_with_addresses_of_others_only(bed: Testbed) -> None:
    """Nothing of the previous instance is on the host, and forwarding went on all the same."""
    router, observer = start_router(bed, "bird")
    bed.host.ip(f"addr add {PRESENT4} dev lo", f"addr add {PRESENT6} dev lo")
    apps = [bound(name, name, *OF_ALL[name]) for name in ("present", "none")]
    agent = bed.start_agent(config(peer(router), apps=tuple(apps), graceful_restart=True))
    vips = [*OF_ALL["present"], *OF_ALL["none"]]
    observer.wait_routes(*vips)
    wait_restart_over(agent, router)
    agent.kill()
    router.wait_not_established()
    agent.start()
    router.wait_established()
    wait_restart_over(agent, router)
    observer.wait_routes(*vips)
    assert observer.withdrawn() == []
