"""`diff` foretells a reload exactly: random pairs of files, and peers that count."""

import copy
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from . import bgp
from .agent import Agent, binary, to_yaml
from .configs import config
from .rawpeer import RawListener, RawSession
from .testbed import AGENT_AS, ROUTER_AS, Link, Testbed
from .wait import wait_until

PORT = 5301
NAMES = ("a", "b", "c", "d")
VIPS = (*(f"198.51.100.{n}/32" for n in range(1, 5)), "2001:db8::1/128", "2001:db8::2/128")
MARKERS = ("192.0.2.99/32", "2001:db8::99/128")
FAMILIES = {"ipv4": bgp.IPV4_UNICAST, "ipv6": bgp.IPV6_UNICAST}
RESTARTS = {"agent": ("sandbox", "drop_privileges"), "nat": ("backend",), "bgp": ("family",)}
STEPS = 10
OTHER_AS = 65010
RESETS = ("hold_time", "families", "peer_as", "local_ip")
"""Keys of a peer that its session depends on."""

Entry = dict[str, Any]
Change = dict[str, Any]
Routes = dict[str, tuple[int | None, tuple[str, ...]]]
"""VIP -> (MED, communities)."""


class Peer:
    """Knows the routes that it has, and counts what it is sent."""

    def __init__(self, bed: Testbed):
        self.link: Link = bed.link()
        self.ip = self.link.router_ip
        self._second_ip = f"{self.link.host_ip}0"
        bed.host.ip(f"addr add {self._second_ip}/24 dev {self.link.device}")
        self._listener = RawListener(self.link.namespace, self.ip)
        self.session: RawSession
        self.entry: Entry | None = None
        """Of the file that the agent has; None: it is in none."""
        self.routes: Routes = {}
        self.announced: set[str] = set()
        self.withdrawn: set[str] = set()

    def random_entry(self, dice: random.Random) -> Entry:
        entry: Entry = {"peer_ip": self.ip, "peer_as": dice.choice((*[ROUTER_AS] * 4, OTHER_AS))}
        for chance, key, values in (
            (0.4, "communities", (["1:1"], ["2:2"])),
            (0.2, "hold_time", ("60s",)),
            (0.3, "connect_retry", ("300ms",)),
            (0.3, "description", ("one", "two")),
            (0.4, "password", ("first", "second")),
            (0.2, "families", (["ipv4"], ["ipv6"])),
            (0.3, "local_ip", (self.link.host_ip, self._second_ip)),
        ):
            if dice.random() < chance:
                entry[key] = dice.choice(values)
        return entry

    @property
    def families(self) -> list[str]:
        return self.entry.get("families", list(FAMILIES)) if self.entry else []

    def set_listener_key(self, entry: Entry) -> None:
        for ip in self.link.host_ip, self._second_ip:
            self._listener.set_key(ip, entry.get("password"))

    def establish(self, local_as: int) -> None:
        """With the agent as the file has it: its AS, and the address that it comes from."""
        assert self.entry
        self.session = self._listener.accept()
        assert self.session.remote_ip == self.entry.get("local_ip", self.link.host_ip)
        received = self.session.establish(self.entry["peer_as"], hold_time=0)
        assert received.asn == local_as
        self.routes = {}
        families = [FAMILIES[name] for name in self.families]
        for update in self.session.receive_updates_until_end_of_rib(families):
            self._apply(update)
        self.begin()

    def begin(self) -> None:
        self.announced.clear()
        self.withdrawn.clear()

    def _apply(self, update: bgp.Update) -> None:
        self.announced |= {*update.announced} - {*MARKERS}
        self.withdrawn |= {*update.withdrawn} - {*MARKERS}
        for prefix in update.withdrawn:
            self.routes.pop(prefix, None)
        has = bgp.COMMUNITIES in update.attributes
        communities = tuple(update.communities) if has else ()
        for prefix in update.announced:
            self.routes[prefix] = (update.med, communities)

    def read(self) -> None:
        if self.entry is None:
            return
        for message in self.session.receive_pending():
            update = bgp.decode(message)
            assert isinstance(update, bgp.Update | bgp.Message), update
            if isinstance(update, bgp.Update):
                self._apply(update)

    def accepts(self, vip: str) -> bool:
        return ("ipv6" if ":" in vip else "ipv4") in self.families


def random_app(dice: random.Random, name: str, vip: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "vip": [vip], "monitors": [f"port:tcp:{PORT}"]}
    if dice.random() < 0.4:
        entry["states"] = {"up": {"med": dice.randint(1, 3)}}
    if dice.random() < 0.3:
        entry["quorum"] = 1
    if dice.random() < 0.3:
        entry["nats"] = [f"tcp:{dice.choice((53, 54))}:{PORT}"]
    if dice.random() < 0.3:
        entry |= {"group": dice.choice(("g", "h")), "keep_last": dice.choice((True, False))}
    return entry


def random_file(dice: random.Random, peers: list[Peer]) -> dict[str, Any]:
    there = dice.sample(peers, dice.choice((1, 2, 2)))
    vips = dice.sample(VIPS, len(VIPS))
    names = dice.sample(NAMES, dice.randint(1, len(NAMES)))
    apps = tuple(random_app(dice, name, vips.pop()) for name in names)
    agent = {"fall": dice.choice([1, 2])}
    for key in RESTARTS["agent"]:
        agent |= {key: False} if dice.random() < 0.2 else {}
    keys: dict[str, Any] = {"communities": ["9:9"]} if dice.random() < 0.3 else {}
    keys |= {"family": 6} if dice.random() < 0.2 else {}
    keys |= {"local_as": AGENT_AS + 1} if dice.random() < 0.2 else {}
    file = config(*(peer.random_entry(dice) for peer in there), apps=apps, agent=agent, **keys)
    return file | ({"nat": {"backend": "nftables"}} if dice.random() < 0.2 else {})


def next_file(dice: random.Random, file: dict[str, Any], peers: list[Peer]) -> dict[str, Any]:
    """Another one, or one that differs in some part only."""
    other = random_file(dice, peers)
    if dice.random() < 0.3:
        return other
    part = dice.choice(("agent", "nat", "bgp", "peers", "apps"))
    if part == "peers":
        return file | {"bgp": file["bgp"] | {"peers": other["bgp"]["peers"]}}
    if part == "bgp":
        return file | {"bgp": other["bgp"] | {"peers": file["bgp"]["peers"]}}
    if part == "apps":
        kept = dice.sample(file["apps"], dice.randint(0, len(file["apps"])))
        names, vips = {app["name"] for app in kept}, {app["vip"][0] for app in kept}
        new = [a for a in other["apps"] if a["name"] not in names and a["vip"][0] not in vips]
        return file | {"apps": kept + new} if kept + new else other
    return {**{key: file[key] for key in file if key != part}, part: other.get(part, {})}


def write(dice: random.Random, agent: Agent, file: dict[str, Any]) -> None:
    """Some of the apps may be in an included file, to which they move or from which they come."""
    directory = agent.config_path.parent / "conf.d"
    directory.mkdir(exist_ok=True)
    apart = [app for app in file["apps"] if dice.random() < 0.3]
    (directory / "some.yaml").unlink(missing_ok=True)
    if apart:
        (directory / "some.yaml").write_text(to_yaml({"apps": apart}))
    rest = [app for app in file["apps"] if app not in apart]
    agent.write_config({**file, "apps": rest, "include": "conf.d/*.yaml"})


def in_effect(file: dict[str, Any], at_start: dict[str, Any], listen_addr: str) -> dict[str, Any]:
    """The file as the agent has it: keys that need a restart are those of the start."""
    effective = copy.deepcopy(file)
    effective["agent"] |= {"listen_addr": listen_addr}
    for path, value in at_start.items():
        section, _, key = path.partition(".")
        effective.setdefault(section, {}).pop(key, None)
        if value is not None:
            effective[section][key] = value
    return {section: keys for section, keys in effective.items() if keys}


def in_order(changes: list[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: (change["object"], change["name"] or ""))


def of_files(old: Path, new: Path) -> list[Change]:
    """The changes of `diff OLD NEW`, without an agent."""
    result = subprocess.run(
        [binary(), "diff", old, new, "--json"], capture_output=True, text=True, timeout=20
    )
    changes: list[Change] = json.loads(result.stdout)["changes"]
    assert result.returncode == (1 if changes else 0), result
    return changes


def entry_of(file: dict[str, Any], peer: Peer) -> Entry | None:
    return next((entry for entry in file["bgp"]["peers"] if entry["peer_ip"] == peer.ip), None)


def routes_of(file: dict[str, Any], peer: Peer) -> Routes:
    """The routes that the peer is to have with this configuration."""
    of_peer = (peer.entry or {}).get("communities", [])
    communities = (*file["bgp"].get("communities", []), *of_peer)
    return {
        app["vip"][0]: (app.get("states", {}).get("up", {}).get("med"), communities)
        for app in file["apps"]
        if peer.accepts(app["vip"][0])
    }


def vips_of(file: dict[str, Any]) -> set[str]:
    return {vip for app in file["apps"] for vip in app["vip"]}


def restarts_of(file: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{section}.{key}": file.get(section, {}).get(key)
        for section, keys in RESTARTS.items()
        for key in keys
    }


def is_reset(changes: list[Change], peer: Peer) -> bool:
    """Also by a change whose effect is what costs more: a key of `bgp` may need a restart."""
    return any(
        "session" in {change["effect"], *(key["effect"] for key in change.get("keys", []))}
        and (change["object"] == "bgp" or change["name"] == peer.ip)
        for change in changes
    )


def gets_update(changes: list[Change], peer: Peer) -> bool:
    return any(
        "update" in {change["effect"], *(key["effect"] for key in change.get("keys", []))}
        and (change["object"] != "peer" or change["name"] == peer.ip)
        for change in changes
    )


def has_markers(peer: Peer) -> bool:
    peer.read()
    return {*MARKERS} & {*peer.routes} == {marker for marker in MARKERS if peer.accepts(marker)}


def has_no_markers(peer: Peer) -> bool:
    peer.read()
    return not {*MARKERS} & {*peer.routes}


class Pair:
    """The agent and its peers, from one file to the next."""

    def __init__(self, bed: Testbed, seed: int):
        self.dice = random.Random(seed)
        bed.start_service(PORT)
        self.peers = [Peer(bed), Peer(bed)]
        self.file = random_file(self.dice, self.peers)
        self.at_start = restarts_of(self.file)
        for peer in self.peers:
            peer.entry = entry_of(self.file, peer)
            peer.set_listener_key(peer.entry or {})
        self.agent = bed.start_agent(self.file)
        for peer in self.peers:
            if peer.entry:
                peer.establish(self.local_as)
        wait_until(self.is_settled, "the routes of the first file")

    @property
    def local_as(self) -> int:
        asn: int = self.file["bgp"]["local_as"]
        return asn

    def is_settled(self) -> bool:
        for peer in self.peers:
            peer.read()
        return all(p.routes == routes_of(self.file, p) for p in self.peers if p.entry)

    def reload(self) -> list[Change]:
        """The changes that the reload reports, which are those of diff."""
        had_as = self.local_as
        # Of one file, whatever is included: which file an app is in is no change.
        old = self.agent.config_path.with_name("old.yaml")
        old.write_text(to_yaml(in_effect(self.file, self.at_start, self.agent.listen_addr)))
        self.file = next_file(self.dice, self.file, self.peers)
        self.resets_all = self.local_as != had_as
        write(self.dice, self.agent, self.file)
        for peer in self.peers:
            peer.begin()
            peer.set_listener_key(entry_of(self.file, peer) or {})
        text = self.agent.config_path.read_bytes()
        said = self.agent.admin("/v1/diff", "POST", text).json()
        done = self.agent.reload()
        assert done["changes"] == said["changes"]
        assert set(done["needs_restart"]) == {
            key for key, value in restarts_of(self.file).items() if value != self.at_start[key]
        }
        changes: list[Change] = done["changes"]
        # Apps come in the order of their files.
        assert in_order(of_files(old, self.agent.config_path)) == in_order(changes)
        return changes

    def follow(self, peer: Peer, changes: list[Change]) -> None:
        """As a router whose operator knows of the change."""
        before, peer.entry = peer.entry, entry_of(self.file, peer)
        if before is None and peer.entry is None:
            return
        both = before is not None and peer.entry is not None
        assert is_reset(changes, peer) == (
            (before is None) != (peer.entry is None)
            or (both and (self.resets_all or differ(before, peer.entry)))
        )
        if before and peer.entry:
            peer.session.set_key(peer.entry.get("password"))
        if before and is_reset(changes, peer):
            peer.session.expect_notification(6, 6 if peer.entry else 3)
        if peer.entry and is_reset(changes, peer):
            peer.establish(self.local_as)

    def fence(self) -> None:
        """All that was sent before has been read."""
        self.agent.register("marker", *MARKERS)
        for peer in filter(lambda p: p.entry, self.peers):
            wait_until(lambda p=peer: has_markers(p), "the markers")
        self.agent.unregister("marker")
        for peer in filter(lambda p: p.entry, self.peers):
            wait_until(lambda p=peer: has_no_markers(p), "their withdrawal")


def differ(before: Entry, after: Entry) -> bool:
    """In what ends a session."""
    return any(before.get(key) != after.get(key) for key in RESETS)


@pytest.mark.parametrize("seed", range(5))
def test_what_diff_says_is_what_a_reload_does(bed: Testbed, seed: int) -> None:
    pair = Pair(bed, seed)
    for _ in range(STEPS):
        before = {peer.ip: dict(peer.routes) for peer in pair.peers}
        stay = vips_of(pair.file)
        changes = pair.reload()
        stay &= vips_of(pair.file)  # whichever app has them now
        for peer in pair.peers:
            pair.follow(peer, changes)
        pair.fence()
        wait_until(pair.is_settled, "the routes of the file")
        for peer in pair.peers:
            had = before[peer.ip]
            if peer.entry and not is_reset(changes, peer):
                assert peer.announced == {v for v, r in peer.routes.items() if had.get(v) != r}
                assert peer.withdrawn == {*had} - {*peer.routes}
                if peer.announced or peer.withdrawn:
                    assert gets_update(changes, peer)
            assert not peer.withdrawn & stay
        names = {app["name"] for app in pair.agent.status("apps")["apps"]}
        assert names == {app["name"] for app in pair.file["apps"]}
