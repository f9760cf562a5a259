"""`what-if --config`: what it predicts is what a reload then does."""

import copy
import random
from typing import Any
from urllib.parse import urlencode

import pytest

from .agent import to_yaml
from .configs import VIP4, app, config
from .test_verbs import Client
from .test_what_if import BLOCK, CASES, SEED, VIPS, Case, Peer, State, apply, expect
from .testbed import Testbed
from .wait import wait_until

SEEDS = 2


class ConfigCase(Case):
    """An agent whose configuration changes at random. `new` is what it is to be."""

    n_new = 0

    def __init__(self, bed: Testbed, dice: random.Random):
        bed.host.ip("link add v0 type veth peer name v1", "link set v0 up", "link set v1 up")
        super().__init__(bed, dice)
        self.now = self.structure
        self.all_peers = list(self.peers)

    def text(self, structure: dict[str, Any]) -> str:
        agent = {"listen_addr": self.agent.listen_addr, **structure["agent"]}
        return to_yaml({**structure, "agent": agent})

    # ---- changes ----

    def free_vip(self, structure: dict[str, Any]) -> str | None:
        taken = {vip for entry in structure["apps"] for vip in entry["vip"]}
        free = [vip for vip in VIPS if vip not in taken]
        return self.dice.choice(free) if free else None

    def change_app(self, structure: dict[str, Any]) -> None:
        dice, entry = self.dice, self.dice.choice(structure["apps"])
        what = dice.choice(
            ["med", "community", "peers", "nats", "bind", "vip", "quorum", "group", "last resort"]
            + ["join"] * 2
        )
        if what == "med":
            entry.setdefault("states", {})["up"] = {"med": dice.randint(4, 9)}
        elif what == "community":
            entry["vip_config"] = {"bgp_communities": [f"5000:{dice.randint(10, 20)}"]}
        elif what == "peers":
            for key in ("peers", "except_peers"):
                entry.pop(key, None)
            if dice.random() < 0.7 and structure["bgp"]["peers"]:
                entry[dice.choice(["peers", "except_peers"])] = [
                    dice.choice(structure["bgp"]["peers"])["peer_ip"]
                ]
        elif what == "nats":
            entry["nats"] = dice.sample(["tcp:53:8053", "udp:53:8053", "tcp:80:8080"], 2)
        elif what == "bind":
            entry.pop("interface", None)
            entry["bind"] = dice.choice(["address", "route", "none"])
            if entry["bind"] == "address" and dice.random() < 0.5:
                entry["interface"] = "v0"
        elif what == "vip" and (vip := self.free_vip(structure)):
            entry["vip"] = [*entry["vip"][1:], vip]
        elif what == "quorum":
            entry["quorum"] = dice.randint(1, len(entry["monitors"]))
        elif what == "group":
            for key in ("group", "keep_last"):
                entry.pop(key, None)
            if dice.random() < 0.5:
                entry |= {"group": dice.choice("xy"), "keep_last": True}
        elif what == "last resort":
            entry.setdefault("states", {})["down"] = {"announce": True, "med": 200}
        elif what == "join":
            states = entry.setdefault("states", {})
            if states.pop("join", None) is None:
                states["join"] = {"med": dice.randint(50, 60)}
                if dice.random() < 0.5:  # else it is turned on, and nothing joins
                    entry["vip_config"] = {"bgp_communities": [f"5000:{dice.randint(10, 20)}"]}

    def remove_app(self, structure: dict[str, Any]) -> None:
        if len(structure["apps"]) > 2:
            structure["apps"].remove(self.dice.choice(structure["apps"]))

    def add_app(self, structure: dict[str, Any]) -> None:
        vip = self.free_vip(structure)
        if vip is None:
            return
        ConfigCase.n_new += 1
        self.vips = [vip, vip]  # as many as it may take
        entry = self._app(f"n{self.n_new}")
        entry["vip"] = [vip]
        # The consequences for the others of a group once its checks pass are not foretold.
        there = {peer["peer_ip"] for peer in structure["bgp"]["peers"]}
        gone = [k for k in ("peers", "except_peers") if not there.issuperset(entry.get(k, []))]
        for key in ("group", "keep_last", *gone):
            entry.pop(key, None)
        structure["apps"].append(entry)

    def rename_app(self, structure: dict[str, Any]) -> None:
        """Its VIPs go to another app, with the same checks."""
        ConfigCase.n_new += 1
        entry = self.dice.choice(structure["apps"])
        name = f"n{self.n_new}"
        self.files[name] = self.files[entry["name"]]
        entry["name"] = name

    def change_bgp(self, structure: dict[str, Any]) -> None:
        bgp = structure["bgp"]
        bgp["communities"] = [f"1000:{self.dice.randint(1, 9)}"]

    def change_peer(self, structure: dict[str, Any]) -> None:
        if not structure["bgp"]["peers"]:
            return
        entry = self.dice.choice(structure["bgp"]["peers"])
        what = self.dice.choice(["communities", "med", "hold_time"])
        if what == "communities":
            entry["communities"] = [f"100:{self.dice.randint(1, 9)}"]
        elif what == "med":
            entry["med"] = self.dice.randint(20, 30)
        else:
            entry["hold_time"] = f"{self.dice.randint(60, 99)}s"

    def change_peers(self, structure: dict[str, Any]) -> None:
        peers = structure["bgp"]["peers"]
        there = {entry["peer_ip"] for entry in peers}
        missing = [peer for peer in self.all_peers if peer.link.router_ip not in there]
        if missing:
            peers.append(dict(self.dice.choice(missing).entry))
            return
        gone = self.dice.choice(peers)
        peers.remove(gone)
        for entry in [*structure["apps"], *structure["bgp"].get("aggregates", [])]:
            for key in ("peers", "except_peers"):
                if gone["peer_ip"] in entry.get(key, []):
                    del entry[key]

    def change_aggregates(self, structure: dict[str, Any]) -> None:
        aggregates = structure["bgp"].setdefault("aggregates", [])
        if not aggregates:
            aggregates.append({"prefix": "198.51.100.0/24", "communities": ["300:2"]})
        elif self.dice.random() < 0.3:
            aggregates.clear()
            return
        aggregates[0]["min"] = self.dice.randint(1, 3)
        aggregates[0]["summary_only"] = self.dice.random() < 0.5

    def change(self) -> dict[str, Any]:
        structure = copy.deepcopy(self.now)
        kinds = [self.change_app] * 5 + [self.remove_app, self.add_app, self.add_app]
        kinds += [self.rename_app, self.change_bgp, self.change_peer, self.change_peers]
        kinds += [self.change_aggregates]
        for _ in range(self.dice.randint(1, 3)):
            self.dice.choice(kinds)(structure)
        self.dice.shuffle(structure["apps"])
        return structure

    # ---- what is there ----

    def state(self) -> State:
        state = super().state()
        bound = set()
        for device in ("lo", "v0"):
            found = self.bed.host.run(["ip", "-4", "-o", "addr", "show", "dev", device])
            bound |= {
                f"address on {device} {line.split()[3]}"
                for line in found.splitlines()
                if line.split()[3] in VIPS
            }
        local = self.bed.host.run(["ip", "-4", "route", "show", "table", "local", "proto", "118"])
        addresses = {text.split()[-1] for text in bound}
        for line in local.splitlines():
            if (vip := f"{line.split()[1]}/32") not in addresses:  # the kernel's own, of an address
                bound.add(f"route on lo {vip}")
        return State(state.routes, bound, state.mappings)

    def ask(self, structure: dict[str, Any], **query: Any) -> dict[str, Any]:
        target = "/v1/what-if?" + urlencode(query, doseq=True)
        response = self.agent.admin(target, "POST", self.text(structure).encode())
        assert response.status == 200, response.text
        return response.json()  # type: ignore[no-any-return]

    def reload(self, structure: dict[str, Any], said: dict[str, Any]) -> None:
        self.agent.write_config(structure)
        response = self.agent.admin("/v1/reload", "POST")
        assert response.status == 200, response.text
        self.now = structure
        self.apps = {entry["name"]: entry for entry in structure["apps"]}
        self.files = {name: self.files[name] for name in self.apps}
        by_address = {peer.link.router_ip: peer for peer in self.all_peers}
        self.peers = [by_address[entry["peer_ip"]] for entry in structure["bgp"]["peers"]]
        for change in said["peers"]:
            if change["change"] != "removed":
                by_address[change["peer"]].establish()
        self.settle()

    def disturb(self) -> None:
        """Some files come and go, some apps are drained."""
        for name, files in self.files.items():
            for _, file in files:
                if self.dice.random() < 0.15:
                    file.unlink(missing_ok=True)
                elif self.dice.random() < 0.5:
                    file.touch()
            if "group" not in self.apps[name]:
                if self.dice.random() < 0.1:
                    self.agent.drain(name)
                elif self.dice.random() < 0.5:
                    self.agent.undrain(name)
        self.settle()


def apply_config(case: ConfigCase, said: dict[str, Any], state: State) -> State:
    """The state as it would be, with new apps whose checks pass."""
    routes = {peer: dict(of) for peer, of in state.routes.items()}
    for change in said["peers"]:
        if change["change"] == "added":
            routes[change["peer"]] = {}
    vips = []
    for vip in said["vips"]:
        passes = vip["when"] is None or case.is_up(vip["app"])
        rows = [row for row in vip["routes"] if row["when"] != "checks"]
        if passes:
            rows += [row for row in vip["routes"] if row["when"] == "checks"]
        waits = vip["when"] is not None and not passes
        vips.append({**vip, "routes": rows, **({"nat_added": []} if waits else {}), "waits": waits})
    removed = {change["peer"] for change in said["peers"] if change["change"] == "removed"}
    then = apply({**said, "vips": vips}, State(routes, set(), state.mappings))
    bound = set(state.addresses)
    for vip in vips:
        if vip["bind"]["before"]:
            bound.discard(f"{vip['bind']['before']} {vip['prefix']}")
        if vip["bind"]["after"] and not vip["waits"]:
            bound.add(f"{vip['bind']['after']} {vip['prefix']}")
    for peer in removed:
        assert not then.routes.pop(peer), "all are withdrawn"
    return State(then.routes, bound, then.mappings)


def reload_and_compare(case: ConfigCase) -> bool:
    structure = case.change()
    before, had = case.state(), case.announced()
    comes = {entry["name"] for entry in structure["apps"]} - set(case.apps)
    query: dict[str, Any] = {}
    if not comes and case.dice.random() < 0.4:
        stay = [entry["name"] for entry in structure["apps"]]
        query["fail"] = sorted({case.dice.choice([*stay, "file", "exec"]) for _ in range(2)})
    said = case.ask(structure, **query)
    assert case.state() == before, "it changes nothing"
    case.reload(structure, said)
    for name in case.files:
        for kind, file in case.files[name]:
            if name in query.get("fail", []) or kind in query.get("fail", []):
                file.unlink(missing_ok=True)
    case.settle()
    then, wanted = case.state(), apply_config(case, said, before)
    if any(vip["when"] for vip in said["vips"]):  # which value counts for them is not foretold
        for routes in (*then.routes.values(), *wanted.routes.values()):
            routes.pop(BLOCK, None)
    expect(then, wanted, query, said, structure)
    if all(vip["when"] is None for vip in said["vips"]):
        assert said["lost"] == len(had - case.announced()), (structure, query, said)
    shown = {a["name"]: a["state"] for a in case.agent.status("apps")["apps"]}
    for of in said["apps"]:
        after = of["state"]["after"]
        assert (of["app"] in shown) == (after is not None), (structure, query, said)
        if after not in (None, "unknown"):
            assert shown[of["app"]] == after, (structure, query, said)
    return bool(said["vips"])


@pytest.mark.parametrize("seed", range(SEED, SEED + SEEDS))
def test_what_it_predicts_is_what_happens(bed: Testbed, seed: int) -> None:
    case = ConfigCase(bed, random.Random(seed))
    changed = 0
    for n in range(CASES):
        print(f"seed {seed}, case {n}")
        changed += reload_and_compare(case)
        case.disturb()
    assert changed > CASES / 3


def test_texts_and_refusals(bed: Testbed) -> None:
    peer, other = Peer(bed), Peer(bed)
    dns = {**app("dns", VIP4), "nats": ["udp:53:8053"]}
    present = config(peer.entry, apps=(dns, app("old", "192.0.2.90/32")))
    agent = bed.start_agent(present)
    peer.establish()
    wait_until(lambda: agent.app("old")["announced"], "all is announced")
    client = Client(bed, agent)
    client.env["VIPHERALD_API"] = f"unix:{agent.run_dir}/api.sock"
    file = bed.workdir / "new.yaml"

    def ask(structure: dict[str, Any] | str, *options: str, status: int = 0) -> str:
        file.write_text(structure if isinstance(structure, str) else to_yaml(structure))
        result = client.run("what-if", f"--config={file}", *options)
        assert result.returncode == status, result
        return result.stdout if status < 2 else result.stderr

    same = {**present, "agent": {**present["agent"], "listen_addr": agent.listen_addr}}
    assert ask(same) == "nothing would change\n"
    changed = {**dns, "states": {"up": {"med": 20}}, "nats": ["tcp:53:8053"]}
    web = app("web", "192.0.2.80/32", "port:tcp:80")
    new = {**same, "apps": [changed, web]}
    new["bgp"] = {**same["bgp"], "peers": [peer.entry, other.entry]}
    said = ask(new, status=1)
    for line in (
        f"peer {other.link.router_ip}: added",
        "app old: removed",
        "app web: added, not checked yet",
        f"vip {VIP4} of dns: up -> up, announced to 1 -> 1 peer",
        f"    {peer.link.router_ip}: changed med: null -> 20",
        f"    {other.link.router_ip}: announced, when the session is up",
        "    NAT udp:53:8053 removed",
        "    NAT tcp:53:8053 added",
        "vip 192.0.2.90/32 of old: up -> none, announced to 1 -> 0 peers",
        "vip 192.0.2.80/32 of web: none -> none, announced to 0 -> 0 peers",
        f"    {peer.link.router_ip}: announced, when its checks pass",
        "    address added, when its checks pass",
        "1 of them would be announced to no peer any more",
    ):
        assert line in said.splitlines(), (line, said)
    new["apps"].append(app("old", "192.0.2.90/32"))
    assert "app web: added, down" in ask(new, "--fail=web")
    ask(new, f"--peer-down={other.link.router_ip}")
    ask(new, f"--peer-down={peer.link.router_ip}", status=1)
    assert "'none' is not an app, now or in the configuration" in ask(new, "--fail=none", status=2)
    assert "no peer '10.9.9.9'" in ask(new, "--peer-down=10.9.9.9", status=2)
    broken = {**new, "apps": [{"name": "dns"}]}
    assert f"{file}:" in (said := ask(broken, status=2)) and "error: apps[0]" in said, said
    file.unlink()
    result = client.run("what-if", f"--config={file}")
    assert (result.returncode, "cannot be read" in result.stderr) == (2, True), result
    assert set(bed.host.loopback_addresses()) >= {VIP4, "192.0.2.90/32"}
    assert agent.status("apps")["apps"][0]["state"] == "up"


def test_a_thousand_apps_and_a_reload(bed: Testbed) -> None:
    """A forecast goes on over many turns of the loop, and is of one configuration."""
    peer = Peer(bed)
    apps = [app(f"n{i}", f"198.18.{i // 250}.{i % 250 + 1}/32") for i in range(1000)]
    present = config(peer.entry, apps=tuple(apps))
    agent = bed.start_agent(present)
    peer.establish()
    wait_until(lambda: agent.status("status")["vips"]["announced"] == 1000, "all are announced", 60)
    text = to_yaml(config(peer.entry, apps=tuple(apps[1:]), communities=["1000:1"])).encode()
    said = agent.admin("/v1/what-if", "POST", text).json()
    assert [of["app"] for of in said["apps"]] == ["n0"]
    assert (len(said["vips"]), said["lost"]) == (1000, 1)
    agent.process.pause()
    with (
        agent.asking("POST", "/v1/what-if", text) as asked,
        agent.asking("POST", "/v1/reload") as reloaded,
    ):
        agent.process.resume()
        answer = asked()
        assert (answer.status, "try again" in answer.text) == (503, True), answer
        assert reloaded().status == 200
    assert agent.status("status")["vips"]["announced"] == 1000
