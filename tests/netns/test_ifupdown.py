"""Debian's ifupdown2, which gives and takes addresses of lo that are the agent's VIPs with `bind: present`."""

import subprocess

import pytest

from .configs import VIP4, VIP6, app, config, peer
from .consul import REPO
from .testbed import Testbed

UNPACKED = REPO / ".deps" / "ifupdown"

# In a mount namespace of its own: /etc/network, its state, and a /sys of this network namespace. $1: a
# directory with the file "interfaces".
RUN = """
mount -t tmpfs tmpfs /run
mkdir /run/network /run/upper /run/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work /etc
mkdir -p /etc/network
cp -r "$2"/etc/network/ifupdown2 "$1"/interfaces /etc/network
mkdir -p "$1"/state
mount --bind "$1"/state /var/tmp
mount -t sysfs -o ro sysfs /sys
ln -s "$2"/usr/share/ifupdown2/__main__.py /run/ifreload
PYTHONPATH=$2/usr/share/ifupdown2:$2/usr/share exec /usr/bin/python3 /run/ifreload --all
"""


def ifreload(bed: Testbed, *vips: str) -> None:
    """`ifreload --all` with these addresses in /etc/network/interfaces."""
    directory = bed.workdir / "ifupdown"
    directory.mkdir(exist_ok=True)
    lines = ["auto lo", "iface lo inet loopback", *(f"    address {vip}" for vip in vips)]
    (directory / "interfaces").write_text("\n".join(lines) + "\n")
    command = ["unshare", "--mount", "--propagation", "private", "bash", "-ec", RUN, "bash"]
    with bed.host.inside():
        run = subprocess.run(
            [*command, directory, UNPACKED], capture_output=True, text=True, timeout=60
        )
    assert run.returncode == 0, run.stderr


@pytest.mark.long
def test_present_with_ifupdown2(bed: Testbed) -> None:
    """The VIPs follow /etc/network/interfaces, and neither of the two is in the other's way."""
    assert (UNPACKED / "usr/share/ifupdown2").is_dir(), "scripts/deps.sh test unpacks it"
    router = bed.start_router("bird")
    web = {**app("web", [VIP4, VIP6]), "bind": "present"}
    agent = bed.start_agent(config(peer(router), apps=(web,)))
    agent.wait_log(f"{VIP4} is not on this host")
    for vips in ((VIP4, VIP6), (VIP6,), (), (VIP4, VIP6)):
        ifreload(bed, *vips)
        router.wait_routes(*vips)
        assert set(bed.host.loopback_addresses()) == set(vips)
    agent.stop()
    router.wait_routes()
    assert set(bed.host.loopback_addresses()) == {VIP4, VIP6}
