"""`what-if`, GET /v1/what-if: what it predicts is what a namespace then shows."""

import json
import os
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from . import bgp
from .agent import Agent
from .configs import VIP4, app, config
from .test_reload import Watch
from .test_verbs import Client
from .testbed import Testbed
from .wait import wait_until

# WHAT_IF_SEED=1000 WHAT_IF_CASES=500 for more of them, and others.
SEED, SEEDS = int(os.environ.get("WHAT_IF_SEED", "0")), 5
CASES = int(os.environ.get("WHAT_IF_CASES", "28"))
NAMES = ("a", "b", "c", "d", "e", "f")
ANNOUNCED = ("up", "joining", "kept", "last-resort", "draining")
BLOCK = "198.51.100.0/24"
VIPS = tuple(f"198.51.100.{n}/32" for n in range(1, 11)) + ("192.0.2.1/32", "192.0.2.2/32")
_MAPPING = re.compile(r"(\d+\.\d+\.\d+\.\d+) \. (tcp|udp) \. (\d+) : ")

Route = tuple[int | None, tuple[str, ...]]


class Peer(Watch):
    """Knows the routes that it has."""

    def __init__(self, bed: Testbed):
        super().__init__(bed)
        self.routes: dict[str, Route] = {}

    def establish(self) -> None:
        self.session = self._listener.accept()
        self.session.establish(65000, hold_time=0)
        self.routes = {}
        for update in self.session.receive_updates_until_end_of_rib():
            self._apply(update)

    def _apply(self, update: bgp.Update) -> None:
        for prefix in update.withdrawn:
            self.routes.pop(prefix, None)
        has = bgp.COMMUNITIES in update.attributes
        for prefix in update.announced:
            self.routes[prefix] = (update.med, tuple(update.communities) if has else ())

    def read(self) -> None:
        for message in self.session.receive_pending():
            update = bgp.decode(message)
            if isinstance(update, bgp.Update):
                self._apply(update)


def ask(agent: Agent, **query: str | list[str]) -> dict[str, Any]:
    return agent.status("what-if?" + urlencode(query, doseq=True))


@dataclass
class State:
    """Routes, addresses and mappings, as the peers and the kernel have them."""

    routes: dict[str, dict[str, Route]]
    addresses: set[str]
    mappings: set[tuple[str, str]]


class Case:
    """An agent with random apps, whose monitors are files that are there or not."""

    agent_keys: dict[str, Any] = {}
    sections: dict[str, Any] = {}

    def __init__(self, bed: Testbed, dice: random.Random):
        self.bed, self.dice = bed, dice
        self.peers = [Peer(bed) for _ in range(3)]
        self.files: dict[str, list[tuple[str, Path]]] = {}
        self.vips = dice.sample(VIPS, len(VIPS))
        self.apps = {name: self._app(name) for name in NAMES}
        aggregates = [
            {
                "prefix": BLOCK,
                "min": dice.randint(1, 3),
                "communities": ["300:1"],
                **({"summary_only": True} if dice.random() < 0.4 else {}),
            }
        ]
        self.structure = (
            self.sections
            | config(
                *(peer.entry for peer in self.peers),
                apps=tuple(self.apps.values()),
                aggregates=aggregates if dice.random() < 0.8 else [],
                agent={
                    "monitor_interval": "100ms",
                    "fast_interval": "50ms",
                    "timeout": "5s",
                    "cleanup_timer": "50ms",
                    "keep_last_window": "1h",
                    "fall": dice.choice([1, 2]),
                    "drain_time": "1h",
                    "join_time": "1h",
                    **self.agent_keys,
                },
            )
        )
        self.agent = bed.start_agent(self.structure)
        for peer in self.peers:
            peer.establish()
        self.settle()

    def _app(self, name: str) -> dict[str, Any]:
        dice, monitors = self.dice, []
        self.files[name] = []
        for i in range(dice.choice([1, 1, 2, 3])):
            file = self.bed.workdir / f"{name}{i}"
            file.touch()
            kind = dice.choice(["file", "file", "exec"])
            monitors.append(f"file:{file}" if kind == "file" else f"exec:test -e {file}")
            self.files[name].append((kind, file))
        entry = app(name, [self.vips.pop() for _ in range(dice.choice([1, 1, 2]))], *monitors)
        if dice.random() < 0.5:
            entry["quorum"] = dice.randint(1, len(monitors))
        states = {"up": {"med": dice.randint(1, 3)}}
        if dice.random() < 0.4:
            states["down"] = {"announce": True, "med": 100, "communities": ["5000:9"]}
        if dice.random() < 0.4:
            states["join"] = {"med": 50, "communities": ["5000:8"]}
        if dice.random() < 0.7:
            entry["states"] = states
        if dice.random() < 0.6:
            entry |= {"group": dice.choice("xy"), "keep_last": dice.random() < 0.8}
        if dice.random() < 0.4:
            filtered = [peer.link.router_ip for peer in dice.sample(self.peers, 1)]
            entry[dice.choice(["peers", "except_peers"])] = filtered
        if dice.random() < 0.4:
            entry["nats"] = ["tcp:53:8053", "udp:53:8053"][: dice.randint(1, 2)]
        return entry

    def passes(self, kind: str, file: Path) -> bool:
        return file.exists()

    def is_up(self, name: str) -> bool:
        n = sum(self.passes(*monitor) for monitor in self.files[name])
        return n >= self.apps.get(name, {}).get("quorum", len(self.files[name]))

    def settle(self) -> None:
        """Wait until all that follows from the files has been done, by the peers' account too."""
        wait_until(self._is_settled, "the agent has done what follows from the files", 60)

    def _is_settled(self) -> bool:
        apps = {name: self.agent.app(name) for name in self.files}
        shown = self.agent.status("routes")
        for name, of in apps.items():
            passing = [monitor["health"] == "up" for monitor in of["monitors"]]
            if passing != [self.passes(*monitor) for monitor in self.files[name]]:
                return False
            if of["health"] != ("up" if self.is_up(name) else "down"):
                return False
        for vip in shown["routes"]:
            if vip["app"] is None:  # it is going down
                return False
            wanted = apps[vip["app"]]["state"] in ANNOUNCED
            if not vip["bound"] == (vip["form"] != "none") == wanted:
                return False
        for peer in self.peers:
            if self.agent.peer(peer.link.router_ip)["state"] != "established":
                continue
            peer.read()
            sent = {
                route["prefix"]
                for route in shown["routes"] + shown["aggregates"]
                if any(
                    at["peer"] == peer.link.router_ip and at["state"] == "sent"
                    for at in route["peers"]
                )
            }
            if set(peer.routes) != sent or '"pending"' in str(shown):
                return False
        return True

    def state(self) -> State:
        table = self.bed.host.run(["nft", "-s", "list", "ruleset"])
        return State(
            {peer.link.router_ip: dict(peer.routes) for peer in self.peers},
            set(self.bed.host.loopback_addresses()),
            {(f"{m[1]}/32", f"{m[2]}:{m[3]}") for m in _MAPPING.finditer(table)},
        )

    def announced(self) -> set[str]:
        """VIPs and aggregates that a peer has."""
        shown = self.agent.status("routes")
        return {
            route["prefix"] for route in shown["routes"] + shown["aggregates"] if route["announced"]
        }


def apply(said: dict[str, Any], state: State) -> State:
    """The state as it would be."""
    routes = {peer: dict(of) for peer, of in state.routes.items()}
    addresses, mappings = set(state.addresses), set(state.mappings)
    for change in said["vips"] + said["aggregates"]:
        prefix = change["prefix"]
        for row in change["routes"]:
            assert (prefix in routes[row["peer"]]) == (row["before"] is not None), row
            if row["change"] == "withdrawn":
                del routes[row["peer"]][prefix]
            else:
                after = row["after"]
                routes[row["peer"]][prefix] = (after["med"], tuple(after["communities"]))
    for change in said["vips"]:
        prefix = change["prefix"]
        if change["address"] == "removed":
            addresses -= {prefix}
        elif change["address"] == "added":
            addresses |= {prefix}
        mappings -= {(prefix, nat.rpartition(":")[0]) for nat in change["nat_removed"]}
        mappings |= {(prefix, nat.rpartition(":")[0]) for nat in change["nat_added"]}
    return State(routes, addresses, mappings)


def differences(is_so: State, was_said: State) -> list[str]:
    found = [f"{a} only there" for a in is_so.addresses - was_said.addresses]
    found += [f"{a} only said" for a in was_said.addresses - is_so.addresses]
    found += [f"{m} only there" for m in is_so.mappings - was_said.mappings]
    found += [f"{m} only said" for m in was_said.mappings - is_so.mappings]
    for peer in {*is_so.routes, *was_said.routes}:
        there, said = is_so.routes.get(peer, {}), was_said.routes.get(peer, {})
        for prefix in {*there, *said}:
            if there.get(prefix) != said.get(prefix):
                found.append(f"{prefix} at {peer}: {there.get(prefix)}, said {said.get(prefix)}")
    return found


def expect(is_so: State, was_said: State, *why: Any) -> None:
    if is_so != was_said:
        print(*differences(is_so, was_said), *map(json.dumps, why), sep="\n")
    assert is_so == was_said


def fail_files(case: Case) -> str:
    """Something that is not down yet, where there is any: an app, or a kind."""
    up = [name for name in NAMES if case.is_up(name)]
    choices = up + [case.dice.choice(("file", "exec"))]
    return case.dice.choice(choices)


@pytest.mark.parametrize("seed", range(SEED, SEED + SEEDS))
@pytest.mark.long
def test_what_it_predicts_is_what_happens(bed: Testbed, seed: int) -> None:
    case = Case(bed, random.Random(seed))
    changed = 0
    for n in range(CASES):
        print(f"seed {seed}, case {n}")
        if case.dice.random() < 0.15:
            changed += peer_goes_down(case)
        else:
            changed += monitors_fail(case)
        restore(case)
    assert changed > CASES / 3


def monitors_fail(case: Case) -> bool:
    what = [fail_files(case)]
    if case.dice.random() < 0.4:
        what = sorted({*what, fail_files(case)})
    before, had = case.state(), case.announced()
    said = ask(case.agent, fail=what)
    assert case.state() == before, "it changes nothing"
    for name, files in case.files.items():
        for kind, file in files:
            if name in what or kind in what:
                file.unlink(missing_ok=True)
    case.settle()
    expect(case.state(), apply(said, before), (what, said))
    assert said["lost"] == len(had - case.announced()), (what, said)
    shown = {a["name"]: a["state"] for a in case.agent.status("apps")["apps"]}
    for of in said["apps"]:
        assert shown[of["app"]] == of["state"]["after"], (what, said)
    return bool(said["vips"])


def peer_goes_down(case: Case) -> bool:
    peer = case.dice.choice(case.peers)
    address = peer.link.router_ip
    before, had = case.state(), case.announced()
    said = ask(case.agent, peer_down=address)
    assert said["apps"] == []
    assert case.agent.admin(f"/v1/peers/{address}/disable", "POST").status == 200
    peer.session.expect_notification(6, 2)
    peer.routes = {}
    wait_until(lambda: case.agent.peer(address)["state"] != "established", "the session is down")
    case.settle()
    expect(case.state(), apply(said, before), (address, said))
    assert said["lost"] == len(had - case.announced()), (address, said)
    assert case.agent.admin(f"/v1/peers/{address}/enable", "POST").status == 200
    peer.establish()
    return bool(said["vips"])


def restore(case: Case) -> None:
    """Some of what failed is mended, and all of it once most is down; drains come and go."""
    few = sum(map(case.is_up, NAMES)) < 3
    for _, file in sum(case.files.values(), []):
        if few or case.dice.random() < 0.3:
            file.touch()
    # In a group, the last app that fails ends its drain otherwise than the others.
    for name in NAMES:
        if "group" not in case.apps[name] and case.dice.random() < 0.15:
            case.agent.drain(name)
        elif case.dice.random() < 0.4:
            case.agent.undrain(name)
    case.settle()


@dataclass
class Two:
    """An app of the file and one of the API, announced to a peer."""

    agent: Agent
    peer: Peer
    client: Client
    file: Path


@pytest.fixture
def two(bed: Testbed) -> Two:
    file = bed.workdir / "up"
    file.touch()
    peer = Peer(bed)
    dns = {**app("dns", VIP4, f"file:{file}"), "nats": ["udp:53:8053"]}
    agent = bed.start_agent(
        config(
            peer.entry,
            apps=(dns,),
            agent={"fall": 3, "fast_interval": "100ms", "cleanup_timer": "15m", "hold_down": "10s"},
        )
    )
    peer.establish()
    bed.start_service(80)
    assert agent.register("web", "192.0.2.80/32", monitors=["port:tcp:80"]).status == 200
    wait_until(lambda: agent.app("dns")["announced"], "dns is announced")
    wait_until(lambda: agent.app("web")["announced"], "web is announced")
    return Two(agent, peer, Client(bed, agent), file)


def test_times(two: Two) -> None:
    """How long it takes until the failure counts, and what follows later."""
    agent, client, file = two.agent, two.client, two.file
    result = client.run("what-if", "--fail=dns", "--fail=port")
    assert result.returncode == 1, result
    said = result.stdout
    for line in (
        "app dns: up -> down, after 3 failed checks, within 300ms",
        "app web: up -> down, at once, unregistered after 15m00s",
        f"vip {VIP4} of dns: up -> none, announced to 1 -> 0 peers",
        "    10.0.1.1: withdrawn",
        "    address, NAT udp:53:8053 removed, after 15m00s",
        "vip 192.0.2.80/32 of web: up -> none, announced to 1 -> 0 peers",
        "2 of them would be announced to no peer any more",
    ):
        assert line in said.splitlines(), said
    # Flap damping counts from the second time.
    file.unlink()
    wait_until(lambda: agent.app("dns")["state"] == "down", "dns is down")
    assert client("what-if", "--fail=dns") == "nothing would change\n"
    file.touch()
    wait_until(lambda: agent.app("dns")["announced"], "dns is announced again")
    [dns] = ask(agent, fail="dns")["apps"]
    assert dns["held_down_seconds"] == 10
    assert (dns["checks"], dns["noticed_seconds"]) == (3, 0.3)


def test_what_is_asked_wrongly(two: Two) -> None:
    for query, status, text in (
        ("", 400, "fail, peer_down or consul_away is missing"),
        ("fail=none", 404, "'none' is neither an app nor a kind of monitor: expected an app or one of port, "),
        ("peer_down=10.9.9.9", 404, "no peer '10.9.9.9'"),
        ("peer_down=x%20y", 400, "x y"),
        ("fail=dns&fail=", 400, "fail is empty"),
    ):
        response = two.agent.get(f"/v1/what-if?{query}")
        assert (response.status, text in response.text) == (status, True), response


def start_thousand(bed: Testbed) -> tuple[Agent, Peer, list[str]]:
    """1,000 apps that depend on a port, their names; `dns` does not."""
    bed.start_service(80)
    peer = Peer(bed)
    names = [f"n{i}" for i in range(1000)]
    apps = (app(n, f"198.18.{i // 250}.{i % 250 + 1}/32", "port:tcp:80") for i, n in enumerate(names))
    agent = bed.start_agent(config(peer.entry, apps=(*apps, app("dns", VIP4))))
    peer.establish()
    wait_until(lambda: agent.status("status")["vips"]["announced"] == 1001, "all are announced", 60)
    return agent, peer, names


def test_a_thousand_apps(bed: Testbed) -> None:
    """Over many turns of the loop, in which one of them goes."""
    agent, _peer, names = start_thousand(bed)
    with agent.asking("GET", "/v1/what-if?fail=port"):
        agent.unregister(names[700])
    said = ask(agent, fail="port", peer_down="10.0.1.1")
    assert len(said["apps"]) == len(names) - 1
    assert {vip["app"] for vip in said["vips"]} == {"dns", *names} - {names[700]}
    assert all(vip["lost"] and len(vip["routes"]) == 1 for vip in said["vips"])
    assert said["lost"] == len(names)
    assert agent.status("status")["vips"]["announced"] == 1000


def test_reloaded_meanwhile(bed: Testbed) -> None:
    """No forecast mixes two configurations: all three requests wait when the agent goes on."""
    agent, _peer, _ = start_thousand(bed)
    agent.process.pause()
    with (
        agent.asking("GET", "/v1/what-if?fail=port") as first,
        agent.asking("GET", "/v1/what-if?fail=port") as second,
        agent.asking("POST", "/v1/reload") as reloaded,
    ):
        agent.process.resume()
        for answer in (first(), second()):
            assert answer.status == 503
            assert "the configuration has changed meanwhile, try again" in answer.text
        assert reloaded().status == 200
    assert agent.get("/v1/what-if?fail=port").status == 200
