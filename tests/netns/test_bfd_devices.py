"""BFD on interfaces that go and come: bound to a device, and of peers by their interface."""

from typing import Any

from .bfdpeer import BfdPeer
from .configs import DNS, PORT, VIP4, app, config
from .fabric import bare_link, start_router
from .routers.bfd import start_bfd_router
from .routers.fabric import UNNUMBERED
from .testbed import ROUTER_AS, Link, Testbed
from .wait import wait_until


def test_a_device_that_is_made_anew(bed: Testbed) -> None:
    """The socket that receives was bound to the former one by its number."""
    link = bed.link()
    name = f"{link.router_ip}%{link.device}"
    bfd = {"interval": "100ms", "multiplier": 5}
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, "device": link.device, "bfd": bfd}
    agent = bed.start_agent(config(entry, apps=(app("web", VIP4),)))
    router = BfdPeer(link.namespace, link.router_ip, link.host_ip)
    router.come_up()
    wait_until(lambda: agent.peer(name)["bfd"]["state"] == "up", "up")
    bed.host.ip(f"link del {link.device}")
    wait_until(lambda: agent.peer(name)["bfd"]["state"] == "down", "down")
    router.close()
    bed.host.ip(
        f"link add {link.device} type veth peer name eth0 netns {link.namespace.name}",
        f"link set {link.device} up",
        f"addr add {link.host_ip}/24 dev {link.device}",
    )
    link.namespace.ip("link set eth0 up", f"addr add {link.router_ip}/24 dev eth0")
    again = BfdPeer(link.namespace, link.router_ip, link.host_ip)
    again.come_up()
    wait_until(lambda: agent.peer(name)["bfd"]["state"] == "up", "up again")
    again.close()


def test_another_router_has_to_be_up_itself(bed: Testbed) -> None:
    """bfd.required: that the path to the former one was up says nothing about its successor."""
    link = bare_link(bed)
    bed.start_service(PORT)
    steady = {"multiplier": 30}  # a process that stands still for a moment is no silence
    setup = {"remote_as": "external", "extended": True, **steady}
    router = start_bfd_router(bed, "frr", link, agent_ip=UNNUMBERED, setup=setup)
    entry: dict[str, Any] = {"interface": link.device, "peer_as": "external", "bfd": steady}
    agent = bed.start_agent(config(entry, apps=(DNS,)))

    def peer() -> dict[str, Any]:
        return agent.status("peers")["peers"][0]

    wait_until(
        lambda: peer()["state"] == "established" and peer()["bfd"]["state"] == "up", "both up"
    )
    agent.reload(config({**entry, "bfd": {**steady, "required": True}}, apps=(DNS,)))
    assert (peer()["state"], peer()["sessions"]) == ("established", 1)
    bed.host.ip(f"link del {link.device}")
    agent.wait_log("is gone")
    router.kill()
    other = bed.namespace("other")
    bed.host.ip(
        f"link add {link.device} type veth peer name eth0 netns {other.name}",
        f"link set {link.device} up",
    )
    other.ip("link set eth0 up", "addr add fe80::9/64 dev eth0 nodad")
    start_router(bed, "frr", Link(other, link.device, "", "", "", ""), UNNUMBERED)  # without BFD
    wait_until(lambda: peer()["address"] == f"fe80::9%{link.device}", "the successor is found")
    wait_until(lambda: "waits for BFD" in (peer()["hint"] or ""), "it waits for BFD")
    assert (peer()["state"], peer()["bfd"]["up_events"]) == ("idle", 0)
