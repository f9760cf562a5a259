"""`what-if --consul-away`: what it predicts is what happens when Consul answers no more."""

import random
from pathlib import Path
from typing import Any

import pytest

from .configs import VIP4, app, config
from .consul import Consul, tags, ttl
from .test_verbs import Client
from .test_what_if import NAMES, SEED, Case, Peer, apply, ask, expect
from .testbed import Testbed
from .wait import wait_until

SEEDS, CASES = 2, 8
SERVICE_VIP = "192.0.2.3/32"


class AwayCase(Case):
    """With a real Consul, `consul` monitors, a service of it, and the guard of a fleet of one."""

    def __init__(self, bed: Testbed, dice: random.Random):
        self.consul = Consul(bed.host)
        self.away = False
        self.stale = dice.random() < 0.5
        self.consul.register("s", tags(SERVICE_VIP, "gocast_monitor=consul"), checks=[ttl("s1")])
        self.agent_keys = {
            "consul_addr": self.consul.addr,
            "consul_query_interval": "1s",
            **({"consul_max_stale": "1s"} if self.stale else {}),
        }
        guarded: dict[str, Any] = {"default": {"min_up": "50%"}}
        if dice.random() < 0.5:
            guarded = {f"198.51.100.{n}/32": {"min_up": 1} for n in range(1, 6)}
        self.sections = {"fleet": {"engine": "consul", "node": "a", "vips": guarded}}
        super().__init__(bed, dice)

    def _app(self, name: str) -> dict[str, Any]:
        entry = super()._app(name)
        self.files.setdefault("s", [("consul", Path())])
        entry["monitors"] = [
            {**({"file": m[5:]} if m.startswith("file:") else {"exec": m[5:]}), "evidence": "hard"}
            if self.dice.random() < 0.5
            else m
            for m in entry["monitors"]
        ]
        if self.dice.random() < 0.4:
            self.consul.register(name, [], checks=[ttl(f"{name}1")])
            entry["monitors"].append("consul")
            entry.pop("quorum", None)  # it does not fail with the files of the app
            self.files[name].append(("consul", Path()))
        return entry

    def passes(self, kind: str, file: Path) -> bool:
        if kind == "consul":
            return not (self.away and self.stale)
        return super().passes(kind, file)

    def contact(self, wanted: str) -> None:
        wait_until(
            lambda: self.agent.status("consul")["state"] == wanted, f"Consul is {wanted}"
        )

    def cut(self) -> None:
        nft = "add table inet cut; add chain inet cut in { type filter hook input priority 0; }; "
        self.bed.host.run(["nft", nft + "add rule inet cut in tcp dport 8500 reject with tcp reset"])
        self.away = True
        self.contact("lost")

    def mend(self) -> None:
        self.bed.host.run(["nft", "delete table inet cut"])
        self.away = False
        self.contact("in contact")
        # Apps as a whole: what is half mended may return by the guard, at any time.
        few = sum(map(self.is_up, NAMES)) < 3
        for name in NAMES:
            drained = self.agent.app(name)["drain"] is not None
            if few or drained or self.dice.random() < 0.2:
                for _, file in self.files[name]:
                    if file.name:
                        file.touch()
            if drained:
                self.agent.undrain(name)
            elif "group" not in self.apps[name] and self.is_up(name) and self.dice.random() < 0.15:
                self.agent.drain(name)
        self.settle()
        self.wait_reported()

    def wait_reported(self) -> None:
        """Longer than usual: where the agent's session ended meanwhile, Consul may know it for 30 s,
        with its keys, and the guard tries again ever less often, up to every 30 s."""
        wait_until(self._is_reported, "Consul has all that the guard writes", timeout=150)

    def _is_reported(self) -> bool:
        fleet = self.agent.status("fleet")
        return all(a["reported"] and not a["settling"] for a in fleet["apps"])


def consul_goes(case: AwayCase) -> bool:
    # One that is kept may have a hard check left to fail.
    choices = [*NAMES, "file", "exec"]
    what = sorted({case.dice.choice(choices) for _ in range(case.dice.randint(0, 3))})
    before, had = case.state(), case.announced()
    said = ask(case.agent, fail=what, consul_away="true")
    assert case.state() == before, "it changes nothing"
    n = sum(kind == "consul" for files in case.files.values() for kind, _ in files)
    assert said["consul"] == {
        "apps_stay": 1,
        "monitors_stay": 0 if case.stale else n,
        "monitors_fail": n if case.stale else 0,
        "publishing_stops": False,
        "max_stale_seconds": 1 if case.stale else None,
    }
    case.cut()
    for name, files in case.files.items():
        for kind, file in files:
            if file.name and (name in what or kind in what):
                file.unlink(missing_ok=True)
    case.settle()
    expect(case.state(), apply(said, before), what, said)
    assert said["lost"] == len(had - case.announced()), (what, said)
    shown = {a["name"]: a["state"] for a in case.agent.status("apps")["apps"]}
    kept = {a["app"] for a in case.agent.status("fleet")["apps"] if a["kept"]}
    for of in said["apps"]:
        assert shown[of["app"]] == of["state"]["after"], (what, said)
        assert of["guarded"] == (of["app"] in kept), (what, said)
    return bool(said["apps"])


@pytest.mark.parametrize("seed", range(SEED, SEED + SEEDS))
def test_what_it_predicts_is_what_happens(bed: Testbed, seed: int) -> None:
    case = AwayCase(bed, random.Random(seed))
    case.wait_reported()
    changed = 0
    for n in range(CASES):
        print(f"seed {seed}, case {n}")
        changed += consul_goes(case)
        case.mend()
    assert changed > CASES / 3


def test_what_is_kept_goes_by_hard_evidence(bed: Testbed) -> None:
    consul = Consul(bed.host)
    healthy = bed.workdir / "healthy"
    healthy.touch()
    service = bed.start_service(5353)
    peer = Peer(bed)
    dns = app("dns", VIP4, f"file:{healthy}", "port:tcp:5353")
    agent = bed.start_agent(
        config(peer.entry, apps=(dns,), agent={"consul_addr": consul.addr})
        | {"fleet": {"engine": "consul", "node": "a", "vips": "50%"}}
    )
    peer.establish()
    wait_until(lambda: agent.app("dns")["announced"], "dns is announced")
    wait_until(lambda: all(a["reported"] for a in agent.status("fleet")["apps"]), "Consul knows of it")
    client = Client(bed, agent)
    soft = client.run("what-if", "--fail=file", "--consul-away")
    assert soft.returncode == 0, soft
    assert "app dns: up -> kept, after 1 failed check, within " in soft.stdout
    assert ", kept by the fleet guard" in soft.stdout
    healthy.unlink()
    wait_until(lambda: agent.app("dns")["state"] == "kept", "dns is kept")
    again = client.run("what-if", "--fail=file", "--consul-away")
    assert (again.returncode, "nothing would change" in again.stdout) == (0, True), again
    hard = client.run("what-if", "--fail=dns", "--consul-away")
    assert (hard.returncode, "app dns: kept -> down" in hard.stdout) == (1, True), hard
    service.kill()
    wait_until(lambda: agent.app("dns")["state"] == "down", "dns is down")


def test_without_consul(bed: Testbed) -> None:
    peer = Peer(bed)
    agent = bed.start_agent(config(peer.entry, apps=(app("dns", VIP4),)))
    result = Client(bed, agent).run("what-if", "--consul-away")
    assert result.returncode == 2
    assert "no Consul is configured" in result.stderr
