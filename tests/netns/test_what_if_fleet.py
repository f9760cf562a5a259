"""`what-if --fleet`: how many agents are left of a VIP, and what the guard would answer; three agents, a real Consul."""

import json
import signal
from typing import Any

from .agent import to_yaml
from .configs import VIP4
from .fleet import Fleet, Host
from .test_verbs import Client
from .testbed import Testbed

# Consul has time to answer, also on a busy machine.
PATIENT = {"timeout": "5s"}
HALF: dict[str, Any] = {"vips": {"default": {"min_up": "50%"}}, **PATIENT}
"""Of three agents, two must stay."""


class Asked:
    """The answer of a host."""

    def __init__(self, bed: Testbed, host: Host, *options: str):
        client = Client(bed, host.agent)
        client._host = host.namespace
        client.env["VIPHERALD_API"] = f"unix:{host.agent.run_dir}/api.sock"
        result = client.run("what-if", *options, "--fleet", "--json")
        self.text = client.run("what-if", *options, "--fleet")
        assert self.text.returncode == result.returncode
        self.status, self.error = result.returncode, result.stderr
        self.said = json.loads(result.stdout) if result.stdout else {}

    def vip(self, prefix: str = VIP4) -> dict[str, Any]:
        [found] = [vip for vip in self.said["fleet"]["vips"] if vip["prefix"] == prefix]
        return found

    def state(self) -> str:
        [found] = self.said["apps"]
        return str(found["state"]["after"])


def expect(asked: Asked, **values: Any) -> None:
    found = asked.vip()
    assert {key: found[key] for key in values} == values, (values, found)


def test_what_is_left(bed: Testbed) -> None:
    fleet = Fleet(bed, 3, HALF)
    first, second, third = fleet.hosts
    soft = Asked(bed, first, "--fail=exec")
    expect(soft, up=3, left=2, min_up=2, below=False, guard="lets-go", left_of_all=2)
    assert (soft.status, soft.state()) == (0, "down")
    assert "announced by 3 agents, 2 left of 2 that must stay, the guard lets this one go" in (
        soft.text.stdout
    )
    hard = Asked(bed, first, "--fail=port")
    expect(hard, up=3, left=2, guard=None, left_of_all=0)
    assert hard.status == 0
    # It is what then happens.
    first.healthy.unlink()
    fleet.wait_routes(2)
    fleet.wait_reported()
    soft = Asked(bed, second, "--fail=exec")
    expect(soft, up=2, left=2, min_up=2, below=False, guard="waits", left_of_all=2)
    assert (soft.status, soft.state()) == (0, "kept")
    assert soft.said["lost"] == 0
    for options in ("--fail=port", f"--peer-down={second.hub_ip}"):
        hard = Asked(bed, second, options)
        expect(hard, up=2, left=1, min_up=2, below=True, guard=None, left_of_all=0)
        assert hard.status == 1
        assert "1 VIP would be announced by fewer agents than min_up" in hard.text.stdout
    second.healthy.unlink()
    fleet.wait_routes(2, degraded=1)
    fleet.wait("it waits", lambda: second.app()["waiting"])
    # It stays so over a reload; and with an app that goes, the VIP does.
    file = bed.workdir / "new.yaml"
    structure = second.config(HALF)
    file.write_text(to_yaml(structure))
    same = Asked(bed, second, f"--config={file}")
    assert (same.status, same.said["apps"], same.said["vips"]) == (0, [], []), same.said
    # Without the guard it is let go at once.
    free = {**structure, "fleet": {**structure["fleet"], "vips": {"192.0.2.99/32": {"min_up": 1}}}}
    file.write_text(to_yaml(free))
    unguarded = Asked(bed, second, f"--config={file}")
    assert (unguarded.status, unguarded.state()) == (1, "down")
    del structure["apps"]
    file.write_text(to_yaml(structure))
    gone = Asked(bed, second, f"--config={file}")
    expect(gone, up=2, left=1, min_up=2, below=True, guard=None)
    assert gone.status == 1
    # One that is kept may fail hard as well.
    hard = Asked(bed, second, "--fail=dns")
    expect(hard, left=1, below=True, guard=None)
    assert (hard.status, hard.state()) == (1, "down")
    # Of the third, what waits in line before it counts.
    expect(Asked(bed, third, "--fail=exec"), guard="waits", ahead=1, left=2)


def test_those_that_join_are_announced(bed: Testbed) -> None:
    """A gate is not shut by a change that loses nothing; the guard counts them not."""
    rules: dict[str, Any] = {"vips": {"default": {"min_up": 2}}, **PATIENT}
    joining: dict[str, Any] = {"states": {"join": {"med": 500}}, "join_time": "1h"}
    fleet = Fleet(bed, 2, rules, **joining)
    host = fleet.hosts[0]
    file = bed.workdir / "new.yaml"

    def ask(*options: str) -> Asked:
        file.write_text(to_yaml(host.config(rules, **joining)))
        return Asked(bed, host, f"--config={file}", *options)

    fleet.wait("all join", lambda: all(h.app()["form"] == "joining" for h in fleet.hosts))
    fleet.wait_reported()
    joining["states"] = {"join": {"med": 600}}
    other = ask()
    expect(other, up=2, joining=2, left=2, min_up=2, below=False, guard=None, left_of_all=2)
    assert other.status == 0
    assert "announced by 2 agents, 2 of them joining, 2 left of 2 that must" in other.text.stdout
    soft = Asked(bed, host, "--fail=exec")
    expect(soft, up=2, joining=2, left=2, guard="waits", left_of_all=2)
    assert (soft.status, soft.state()) == (0, "kept")
    hard = Asked(bed, host, "--fail=port")
    expect(hard, left=1, below=True, guard=None)
    assert hard.status == 1
    # Another rule is that of the file, and one that is gone guards no more.
    rules["vips"]["default"]["min_up"] = 3
    more = ask()
    expect(more, up=2, left=2, min_up=3, below=True)
    assert more.status == 1
    rules["vips"] = {"192.0.2.99/32": {"min_up": 1}}
    free = ask()
    assert (free.status, free.said["fleet"]["vips"]) == (0, [])
    for options in (["--fail=exec"], ["--fail=exec", "--consul-away"]):
        free = ask(*options)
        assert (free.status, free.state()) == (1, "down")
    [vip] = host.agent.status("fleet/vips")["vips"]
    assert (vip["up"], vip["joining"], vip["staying"]) == (2, 2, 0)


def test_no_answer_opens_no_gate(bed: Testbed) -> None:
    fleet = Fleet(bed, 1, {**HALF, "timeout": "500ms"})
    [host] = fleet.hosts
    # Nothing would change: nothing is asked.
    nothing = Asked(bed, host, "--fail=http")
    assert (nothing.status, nothing.said["fleet"]["vips"]) == (0, [])
    fleet.consul.process.signal(signal.SIGSTOP)
    away = Asked(bed, host, "--fail=exec")
    fleet.consul.process.resume()
    assert away.status == 2
    assert "the state of the fleet is unknown: no answer from Consul within 500ms" in away.error
    fleet.wait("it answers again", lambda: Asked(bed, host, "--fail=exec").status == 0)
