# SPDX-License-Identifier: MIT
"""`check` warns of VIPs that the networks around the host make useless."""

import os
import subprocess

import pytest

CONFIG = """
bgp: { local_as: 65001, peers: [ { peer_ip: 10.99.0.1, peer_as: 65000 } ] }
apps: [ { name: dns, vip: "%s", monitors: [ "file:/tmp" ] } ]
"""
TUNNEL = """ip link set lo up; ip link add tun0 type dummy; ip link set tun0 arp off up
ip addr add 10.99.0.2/24 dev tun0
exec "$0" check "$1"
"""
HOST = """ip link set lo up; ip link add eth0 type veth peer name e1; ip link set eth0 up
ip addr add 10.99.0.2/24 dev eth0; ip addr add 2001:db8:99::2/64 dev eth0
exec "$0" check "$1"
"""


def check(tmp_path, vip, host=HOST):
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG % vip)
    program = os.path.abspath(os.environ.get("VIPHERALD", "build/vipherald"))
    command = ["unshare", "-n", "sh", "-c", host, program, str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "vip, says",
    [
        ("10.99.0.53/32", "inside the subnet of interface eth0: neighbours ask for it by ARP"),
        ("2001:db8:99::53/128", "inside the subnet of interface eth0: neighbours look for it"),
        ("8.0.0.0/8", "very wide"),
    ],
)
def test_warned(tmp_path, vip, says):
    assert says in check(tmp_path, vip)


@pytest.mark.parametrize("vip", ["192.0.2.53/32", "10.99.1.53/32", "2001:db8:98::53/128"])
def test_not_warned(tmp_path, vip):
    assert "warning" not in check(tmp_path, vip)


def test_interface_without_arp(tmp_path):
    """As WireGuard's: no neighbour looks for the VIP on the link."""
    assert "subnet" not in check(tmp_path, "10.99.0.53/32", TUNNEL)
