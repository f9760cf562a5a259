"""A fabric's network: the link between host and router has no IPv4, the client behind the router has."""

import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

from .netns import Namespace
from .routers import Neighbour, Router
from .routers.fabric import make
from .testbed import AGENT_AS, ROUTER_AS, Link, Testbed, connect
from .wait import wait_until

HOST, ROUTER = "fe80::2", "fe80::1"
PORT = 5353


def bare_link(bed: Testbed, *, global6: bool = False, namespace: Namespace | None = None) -> Link:
    """fe80::2 on the host, fe80::1 on the router, and with `global6` the addresses that links have
    in all tests, but those of IPv4."""
    link = bed.link(namespace)
    for side, device, number in ((bed.host, link.device, 2), (link.namespace, "eth0", 1)):
        side.ip(f"addr flush dev {device}", f"addr add fe80::{number}/64 dev {device} nodad")
    if global6:
        bed.host.ip(f"addr add {link.host_ip6}/64 dev {link.device} nodad")
        link.namespace.ip(f"addr add {link.router_ip6}/64 dev eth0 nodad")
    return link


def switched_link(bed: Testbed) -> tuple[Link, Callable[[], None]]:
    """A link through a switch, and the function that cuts it there: no interface goes down."""
    link = bed.link()
    switch = bed.namespace("switch")
    bed.host.ip(f"link del {link.device}")
    switch.ip("link add br0 type bridge", "link set br0 up")
    for side, device, ip, ip6, port in (
        (bed.host, link.device, link.host_ip, link.host_ip6, "host"),
        (link.namespace, "eth0", link.router_ip, link.router_ip6, "router"),
    ):
        side.ip(f"link add {device} type veth peer name {port} netns {switch.name}")
        side.ip(
            f"link set {device} up",
            f"addr add {ip}/24 dev {device}",
            f"addr add {ip6}/64 dev {device} nodad",
        )
        switch.ip(f"link set {port} master br0", f"link set {port} up")
    return link, lambda: switch.ip("link set host nomaster")


def start_router(
    bed: Testbed,
    kind: str,
    link: Link,
    agent_ip: str,
    *,
    asn: int = ROUTER_AS,
    setup: dict[str, Any] | None = None,
    **options: Any,
) -> Router:
    """`agent_ip`: of routers/fabric.py. `setup`: attributes of the router, before it starts."""
    router = make(kind, link, Neighbour(agent_ip, AGENT_AS, **options), asn, bed.workdir)
    for name, value in (setup or {}).items():
        setattr(router, name, value)
    router.start()
    return router


class Client:
    """Behind the router, with IPv4: 10.0.101.2. The host answers by way of the router."""

    def __init__(self, bed: Testbed, link: Link, via: str = ROUTER):
        self.namespace = bed.namespace("client")
        connect(self.namespace, link.namespace, 101, "eth1")
        self.namespace.ip("route add default via 10.0.101.1 dev eth101")
        link.namespace.forward()
        bed.host.ip(f"route add 0.0.0.0/0 via inet6 {via} dev {link.device}")

    def reaches(self, vip: str, port: int = PORT) -> bool:
        with self.namespace.inside():
            probe = socket.socket(socket.AF_INET)
        with closing(probe):
            probe.settimeout(0.5)
            return probe.connect_ex((vip.split("/")[0], port)) == 0

    def wait_reaches(self, vip: str) -> None:
        wait_until(lambda: self.reaches(vip), f"TCP to {vip}")


def kernel_next_hop(router: Router, prefix: str) -> str | None:
    """In the kernel of the router."""
    routes = router.namespace.ip_json("route", "show", prefix)
    if not routes:
        return None
    [route] = routes
    return str(route.get("via", {}).get("host"))
