"""VRFs, and links of the same addresses in several of them."""

import subprocess
from pathlib import Path

from .netns import Namespace
from .testbed import Link, Testbed

ROUTER, HOST = "10.9.0.1", "10.9.0.2"
ROUTER6, HOST6 = "fd00:9::1", "fd00:9::2"


def kernel_has_vrfs() -> bool:
    command = ["unshare", "--net", "ip", "link", "add", "vrf-probe", "type", "vrf", "table", "99"]
    return subprocess.run(command, capture_output=True).returncode == 0


def add_vrf(host: Namespace, name: str, table: int) -> None:
    """With the route of last resort that the kernel's documentation asks for."""
    host.ip(
        f"link add {name} type vrf table {table}",
        f"link set {name} up",
        f"route replace unreachable 0.0.0.0/0 table {table} metric 4278198272",
        f"route replace unreachable ::/0 table {table} metric 4278198272",
    )


def join(host: Namespace, device: str, vrf: str) -> None:
    """An interface loses its IPv6 addresses on the way."""
    host.ip(f"link set {device} master {vrf}", f"addr replace {HOST6}/64 dev {device} nodad")


def link_in(bed: Testbed, vrf: str) -> Link:
    """The same addresses on every such link. `vrf`: "" is none."""
    link = bed.link()
    for side, device, number in ((bed.host, link.device, 2), (link.namespace, "eth0", 1)):
        side.ip(
            f"addr flush dev {device}",
            f"addr add 10.9.0.{number}/24 dev {device}",
            f"addr add fd00:9::{number}/64 dev {device} nodad",
        )
    if vrf:
        join(bed.host, link.device, vrf)
    return Link(link.namespace, link.device, HOST, HOST6, ROUTER, ROUTER6)


def share_listener(host: Namespace) -> None:
    with host.inside():
        Path("/proc/sys/net/ipv4/tcp_l3mdev_accept").write_text("1")
