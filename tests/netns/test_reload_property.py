"""What `diff` says is what a reload then does: random pairs of files, and two peers that count."""

import random
from typing import Any

import pytest

from . import bgp
from .agent import Agent, to_yaml
from .configs import config
from .test_reload import MARKER, Watch
from .testbed import Testbed
from .wait import wait_until

PORT = 5301
NAMES = ("a", "b", "c", "d")
VIPS = tuple(f"198.51.100.{n}/32" for n in range(1, 6))
STEPS = 12


class Peer(Watch):
    """Also knows the routes that it has: VIP -> (MED, communities)."""

    def __init__(self, bed: Testbed):
        super().__init__(bed)
        self.routes: dict[str, tuple[int | None, tuple[str, ...]]] = {}
        self.n_updates = 0
        self.withdrawn: set[str] = set()

    def establish(self) -> None:
        self.session = self._listener.accept()
        self.session.establish(65000, hold_time=0)
        self.routes = {}
        for update in self.session.receive_updates_until_end_of_rib():
            self._apply(update)
        self.n_updates = 0

    def _apply(self, update: bgp.Update) -> None:
        self.n_updates += 1
        for prefix in update.withdrawn:
            self.routes.pop(prefix, None)
            self.withdrawn.add(prefix)
        has = bgp.COMMUNITIES in update.attributes
        communities = tuple(update.communities) if has else ()
        for prefix in update.announced:
            self.routes[prefix] = (update.med, communities)

    def read(self) -> None:
        for message in self.session.receive_pending():
            update = bgp.decode(message)
            assert isinstance(update, bgp.Update | bgp.Message), update
            if isinstance(update, bgp.Update):
                self._apply(update)


def random_file(dice: random.Random, peers: list[Peer]) -> dict[str, Any]:
    entries = []
    for peer in peers:
        entry = dict(peer.entry)
        if dice.random() < 0.4:
            entry["communities"] = [dice.choice(["1:1", "2:2"])]
        if dice.random() < 0.3:
            entry["hold_time"] = "60s"
        if dice.random() < 0.3:
            entry["connect_retry"] = "300ms"
        entries.append(entry)
    vips = dice.sample(VIPS, len(VIPS))
    apps = []
    for name in dice.sample(NAMES, dice.randint(1, len(NAMES))):
        entry = {"name": name, "vip": [vips.pop()], "monitors": [f"port:tcp:{PORT}"]}
        if dice.random() < 0.4:
            entry["states"] = {"up": {"med": dice.randint(1, 3)}}
        if dice.random() < 0.3:
            entry["quorum"] = 1
        apps.append(entry)
    agent = {"fall": dice.choice([1, 2])}
    keys = {"communities": ["9:9"]} if dice.random() < 0.3 else {}
    return config(*entries, apps=tuple(apps), agent=agent, **keys)


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


def routes_of(file: dict[str, Any], peer: Peer) -> dict[str, tuple[int | None, tuple[str, ...]]]:
    """What the peer is to have with this configuration."""
    [entry] = [p for p in file["bgp"]["peers"] if p["peer_ip"] == peer.link.router_ip]
    communities = tuple(file["bgp"].get("communities", [])) + tuple(entry.get("communities", []))
    return {
        app["vip"][0]: (app.get("states", {}).get("up", {}).get("med"), communities)
        for app in file["apps"]
    }


def effects(changes: list[dict[str, Any]], name: str) -> set[str]:
    return {c["effect"] for c in changes if c["object"] == "peer" and c["name"] == name}


@pytest.mark.parametrize("seed", range(3))
def test_what_diff_says_is_what_a_reload_does(bed: Testbed, seed: int) -> None:
    dice = random.Random(seed)
    bed.start_service(PORT)
    peers = [Peer(bed), Peer(bed)]
    file = random_file(dice, peers)
    agent = bed.start_agent(file)
    for peer in peers:
        peer.establish()

    def settled(file: dict[str, Any]) -> bool:
        for peer in peers:
            peer.read()
        return all(peer.routes == routes_of(file, peer) for peer in peers)

    wait_until(lambda: settled(file), "the routes of the first file")
    for _ in range(STEPS):
        for peer in peers:
            peer.n_updates = 0
            peer.withdrawn.clear()
        before = {vip for app in file["apps"] for vip in app["vip"]}
        file = random_file(dice, peers)
        write(dice, agent, file)
        said = agent.admin("/v1/diff", "POST", agent.config_path.read_bytes()).json()
        done = agent.reload()
        assert done["changes"] == said["changes"]
        alike = not any(c["effect"] == "update" for c in said["changes"] if c["object"] != "peer")
        for peer in peers:
            cost = effects(said["changes"], peer.link.router_ip)
            if "session" in cost:
                peer.session.expect_notification(6, 6)
                peer.establish()
            elif alike and "update" not in cost:
                peer.read()
                assert peer.n_updates == 0, said["changes"]
        wait_until(lambda: settled(file), "the routes of the file")
        # Whichever app has them now.
        stay = before & {vip for app in file["apps"] for vip in app["vip"]}
        assert not any(peer.withdrawn & stay for peer in peers)
        assert {a["name"] for a in agent.status("apps")["apps"]} == {
            a["name"] for a in file["apps"]
        }
    agent.register("marker", MARKER)
    for peer in peers:
        peer.session.expect_route(MARKER)
