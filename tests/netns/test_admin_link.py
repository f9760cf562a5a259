"""Agents of several network namespaces, with one directory for their admin sockets."""

import os
import subprocess
from pathlib import Path

from .agent import Agent, binary
from .configs import VIP4, app, config
from .netns import Namespace
from .testbed import ROUTER_AS, Testbed


class Hosts:
    """Two hosts with an agent each, whose app has their name, and one without."""

    def __init__(self, bed: Testbed):
        self.run_dir = bed.workdir / "run"
        self.link = self.run_dir / "api.sock"
        self.namespaces = {
            "first": bed.host, "second": bed.namespace("second"), "third": bed.namespace("third"),
        }
        link = bed.link(self.namespaces["second"])
        peers = {"first": link.router_ip, "second": link.host_ip}
        self.agents = {name: self._make(bed, name, ip) for name, ip in peers.items()}

    def _make(self, bed: Testbed, name: str, peer: str) -> Agent:
        entry = {"peer_ip": peer, "peer_as": ROUTER_AS}
        structure = config(entry, apps=(app(name, VIP4),))
        agent = bed.make_agent(structure, namespace=self.namespaces[name])
        agent.run_dir = self.run_dir
        return agent

    def socket(self, name: str) -> Path:
        with self.namespaces[name].inside():
            inode = os.stat("/proc/self/ns/net").st_ino
        return self.run_dir / f"api-{inode}.sock"

    def linked(self) -> Path:
        return self.run_dir / os.readlink(self.link)

    def asked_from(self, name: str) -> str:
        """Whose agent answers a client of this host."""
        namespace: Namespace = self.namespaces[name]
        environment = {key: value for key, value in os.environ.items() if key != "VIPHERALD_API"}
        with namespace.inside():
            result = subprocess.run(
                [binary(), "apps", "--names"], capture_output=True, text=True, timeout=20,
                env={**environment, "RUNTIME_DIRECTORY": str(self.run_dir)},
            )
        assert result.returncode == 0, result
        return result.stdout.strip()


def test_the_link_is_to_a_living_agent(bed: Testbed) -> None:
    """To the first one, which a second does not take; the one that ends hands it on."""
    hosts = Hosts(bed)
    first, second = hosts.agents["first"], hosts.agents["second"]
    first.start()
    assert hosts.linked() == hosts.socket("first")
    second.start()
    assert hosts.socket("second").is_socket()
    assert hosts.linked() == hosts.socket("first")
    asked = {name: hosts.asked_from(name) for name in hosts.namespaces}
    assert asked == {"first": "first", "second": "second", "third": "first"}
    first.stop()
    assert not hosts.socket("first").exists()
    assert hosts.linked() == hosts.socket("second")
    assert hosts.asked_from("first") == hosts.asked_from("third") == "second"
    first.start()
    assert hosts.linked() == hosts.socket("second")
    assert hosts.asked_from("first") == "first"
    second.stop()
    assert hosts.linked() == hosts.socket("first")
    first.stop()
    assert not os.path.lexists(hosts.link)


def test_a_killed_agent_does_not_keep_the_link(bed: Testbed) -> None:
    hosts = Hosts(bed)
    first, second = hosts.agents["first"], hosts.agents["second"]
    first.start()
    first.kill()
    assert hosts.linked() == hosts.socket("first")  # left behind
    second.start()
    assert hosts.linked() == hosts.socket("second")
    assert hosts.asked_from("third") == "second"
    first.start()
    assert hosts.linked() == hosts.socket("second")
    assert hosts.asked_from("first") == "first"
