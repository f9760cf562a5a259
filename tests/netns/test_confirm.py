"""A reload on trial: what is not confirmed goes back, and no moment of it leaves a mix."""

import hashlib
import random
import signal
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from .agent import Agent
from .configs import VIP4, app, config
from .in_effect import file_is_in_effect
from .test_reload import KEPT, OTHER, THIRD, Watch, run, start
from .testbed import Testbed
from .wait import wait_until

TRIED = app("tried", OTHER, "port:tcp:5302")
LATER = app("later", THIRD, "port:tcp:5302")


@pytest.fixture
def watch(bed: Testbed) -> Watch:
    return Watch(bed)


def sha256(agent: Agent) -> str:
    return hashlib.sha256(agent.config_path.read_bytes()).hexdigest()


def copy_of(agent: Agent) -> Path:
    return agent.state_dir / "last-good.yaml"


def mark_of(agent: Agent) -> str:
    path = agent.state_dir / "confirm"
    return path.read_text() if path.exists() else ""


def started(bed: Testbed, watch: Watch, **keys: Any) -> Agent:
    """With a copy of its configuration, without which nothing goes on trial."""
    agent = start(bed, watch, apps=(KEPT,), **keys)
    text = agent.config_path.read_text()
    wait_until(lambda: copy_of(agent).read_text().endswith(text), "it is kept", ignore=(OSError,))
    return agent


def try_out(agent: Agent, watch: Watch, *apps: dict[str, Any], confirm: str = "60s") -> Any:
    agent.write_config(config(watch.entry, apps=apps))
    response = agent.admin(f"/v1/reload?confirm={confirm}", "POST")
    assert response.status == 200, response
    return response.json()


def state(agent: Agent) -> Any:
    return agent.status("status")["config"]


def has_metric(agent: Agent, name: str, value: int) -> bool:
    return f"\nvipherald_config_{name} {value}\n" in agent.get("/metrics").text


def alarms(agent: Agent) -> list[str]:
    return [a["alarm"] for a in agent.status("status")["alarms"] if a["alarm"].startswith("reload")]


def names(agent: Agent) -> set[str]:
    return {a["name"] for a in agent.status("apps")["apps"]}


def test_confirmed(bed: Testbed, watch: Watch) -> None:
    agent = started(bed, watch)
    before = agent.config_path.read_text()
    answer = try_out(agent, watch, KEPT, TRIED)
    assert answer["result"] == "reloaded" and answer["confirm"]["sha256"] == sha256(agent)
    assert state(agent)["confirm"] == {**answer["confirm"], "by": state(agent)["confirm"]["by"]}
    assert "uid 0" in state(agent)["confirm"]["by"]
    assert alarms(agent) == ["reload-unconfirmed"]
    assert has_metric(agent, "unconfirmed", 1) and file_is_in_effect(agent)
    assert mark_of(agent).startswith(f"vipherald unconfirmed\nsha256 {sha256(agent)}\n")
    assert stat.S_IMODE((agent.state_dir / "confirm").stat().st_mode) == 0o600
    assert copy_of(agent).read_text().endswith(before)
    watch.session.expect_update(lambda update: OTHER in update.announced, "the route on trial")
    response = agent.admin("/v1/confirm", "POST")
    assert (response.status, response.json()["stored"]) == (200, True)
    assert state(agent)["confirm"] is None and alarms(agent) == []
    assert mark_of(agent) == ""
    wait_until(
        lambda: copy_of(agent).read_text().endswith(agent.config_path.read_text()), "it is kept"
    )
    assert agent.admin("/v1/confirm", "POST").status == 409
    agent.kill()
    agent.start()
    assert names(agent) == {"kept", "tried"}


def test_not_confirmed(bed: Testbed, watch: Watch) -> None:
    """Back to what ran before; untouched routes get no UPDATE, and the session stays."""
    agent = started(bed, watch)
    before = sha256(agent)
    # A trial that lasts, and one of the same text that does not once the route is announced.
    try_out(agent, watch, KEPT, TRIED)
    trial = agent.wait_event("reload.unconfirmed", level="warning")["text"]
    assert trial.startswith(f"{agent.config_path} is on trial for "), trial
    assert trial.endswith("unless it is confirmed (vipherald confirm)")
    watch.session.expect_update(lambda update: OTHER in update.announced, "the route on trial")
    try_out(agent, watch, KEPT, TRIED, confirm="1s")
    watch.session.expect_withdrawal(OTHER)
    taken_back = agent.wait_event("reload.rollback", level="error")["text"]
    assert taken_back.startswith(f"{agent.config_path} as reloaded by "), taken_back
    assert "was not confirmed: the previous configuration is in effect again" in taken_back
    wait_until(lambda: names(agent) == {"kept"}, "the app has gone")
    wait_until(lambda: alarms(agent) == ["reload-rolled-back"], "the alarm")
    shown = state(agent)
    assert shown["sha256"] == before and shown["confirm"] is None
    assert shown["rolled_back"]["sha256"] == sha256(agent)
    for name, value in (("rollbacks_total", 1), ("rolled_back", 1), ("unconfirmed", 0)):
        assert has_metric(agent, name, value)
    assert not file_is_in_effect(agent)
    assert watch.updates(agent) == []
    # Nor is it started from, until it is reloaded again.
    agent.kill()
    agent.start()
    watch.establish()
    wait_until(lambda: agent.app("kept")["announced"], "the app is announced")
    assert names(agent) == {"kept"} and alarms(agent) == ["reload-rolled-back"]
    assert "not confirmed and rolled back" in agent.log
    assert has_metric(agent, "rolled_back", 1) and not file_is_in_effect(agent)
    assert agent.reload()["result"] == "reloaded"
    assert alarms(agent) == [] and state(agent)["rolled_back"] is None
    assert file_is_in_effect(agent)
    wait_until(lambda: mark_of(agent) == "", "the mark has gone")
    agent.kill()
    agent.start()
    assert names(agent) == {"kept", "tried"}


def test_another_file_is_started_from(bed: Testbed, watch: Watch) -> None:
    """Only the text that was rolled back is refused."""
    agent = started(bed, watch)
    try_out(agent, watch, KEPT, TRIED, confirm="1s")
    wait_until(lambda: alarms(agent) == ["reload-rolled-back"], "it is rolled back")
    agent.stop()
    agent.write_config(config(watch.entry, apps=(KEPT, LATER)))
    agent.start()
    assert names(agent) == {"kept", "later"} and alarms(agent) == []


def test_ended_in_the_window(bed: Testbed, watch: Watch) -> None:
    """A stop, a restart by SIGUSR2 or a crash: the next start has the old configuration, whatever the file is
    by then."""
    agent = started(bed, watch)
    before = sha256(agent)
    for end in (agent.kill, agent.stop, lambda: agent.stop(signal.SIGUSR2)):
        try_out(agent, watch, KEPT, TRIED)
        tried = sha256(agent)
        end()
        agent.write_config(config(watch.entry, apps=(KEPT, LATER)))
        agent.start()
        assert names(agent) == {"kept"} and state(agent)["sha256"] == before
        assert state(agent)["rolled_back"]["sha256"] == tried
        assert "on trial and not confirmed" in agent.log
        watch.establish()
        wait_until(lambda: mark_of(agent).startswith("vipherald rolled-back"), "the mark follows")


def test_a_reload_in_the_window(bed: Testbed, watch: Watch) -> None:
    """For good: that is a confirmation, as a commit is. On trial again: a new deadline."""
    agent = started(bed, watch)
    before = copy_of(agent).read_text()
    first = try_out(agent, watch, KEPT, TRIED)
    second = try_out(agent, watch, KEPT, LATER, confirm="2m")
    assert second["confirm"]["deadline"] > first["confirm"]["deadline"]
    assert second["confirm"]["sha256"] == sha256(agent) and not second["confirms"]
    # It is still the one before the first that would return.
    assert copy_of(agent).read_text() == before
    # One that fails changes nothing of it.
    agent.reload("bgp: 3\n", status=422)
    assert state(agent)["confirm"]["sha256"] == second["confirm"]["sha256"]
    assert f"sha256 {second['confirm']['sha256']}" in mark_of(agent)
    answer = agent.reload(config(watch.entry, apps=(KEPT, TRIED, LATER)))
    assert answer["confirms"] and answer["confirm"] is None
    assert alarms(agent) == []
    wait_until(lambda: mark_of(agent) == "", "the mark has gone")


def test_what_ran_before_is_put_back_by_hand(bed: Testbed, watch: Watch) -> None:
    agent = started(bed, watch)
    try_out(agent, watch, KEPT, TRIED)
    answer = try_out(agent, watch, KEPT)
    assert answer["confirms"] and answer["confirm"] is None
    wait_until(lambda: mark_of(agent) == "", "the mark has gone")
    # Without a change there is nothing to confirm.
    assert try_out(agent, watch, KEPT)["confirm"] is None
    assert agent.admin("/v1/confirm", "POST").status == 409


def test_what_cannot_be_taken_back_is_refused(bed: Testbed, watch: Watch) -> None:
    agent = started(bed, watch)
    copy_of(agent).unlink()
    agent.write_config(config(watch.entry, apps=(KEPT, TRIED)))
    response = agent.admin("/v1/reload?confirm=60s", "POST")
    assert response.status == 422
    assert "no copy of the configuration in effect" in response.json()["errors"][0]["text"]
    assert names(agent) == {"kept"} and state(agent)["confirm"] is None
    for value in ("", "0", "25h", "soon"):
        assert agent.admin(f"/v1/reload?confirm={value}", "POST").status == 400
    assert agent.admin("/v1/confirm?now=1", "POST").status == 400
    assert agent.admin("/v1/confirm").status == 405
    assert agent.request("POST", "/v1/confirm").status == 403


def test_without_a_copy_there_is_no_start(bed: Testbed, watch: Watch) -> None:
    """Neither the text on trial nor a guess is announced."""
    agent = started(bed, watch)
    try_out(agent, watch, KEPT, TRIED)
    agent.kill()
    copy_of(agent).unlink()
    agent.spawn()
    assert "restored the previous configuration" in agent.expect_exit(78)


def test_from_the_command_line(bed: Testbed, watch: Watch) -> None:
    agent = started(bed, watch)
    agent.write_config(config(watch.entry, apps=(KEPT, TRIED)))
    assert run(bed, agent, "confirm")[0] == 1
    status, out, _ = run(bed, agent, "reload", "--confirm", "60s")
    assert status == 0 and "unless: vipherald confirm" in out
    assert run(bed, agent, "confirm") == (0, f"{agent.config_path}: confirmed\n", "")
    assert run(bed, agent, "reload", "--confirm", "25h")[0] == 1
    assert run(bed, agent, "reload", "--confirm", "never")[0] == 2
    assert run(bed, agent, "reload", "--confirm")[0] == 2


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment(bed: Testbed, watch: Watch, seed: int) -> None:
    """Before, during and after the reload, the deadline and the confirmation."""
    dice = random.Random(seed)
    agent = started(bed, watch)
    many = tuple(app(f"m{n}", f"198.51.100.{n}/32", "port:tcp:5302") for n in range(50))
    sets = {"kept": {"kept"}, "tried": {a["name"] for a in many}}
    old, new = config(watch.entry, apps=(KEPT,)), config(watch.entry, apps=many)
    for _ in range(6):
        agent.write_config(new)
        with agent.asking("POST", "/v1/reload?confirm=1s"):
            # No event to wait for: the kill has to come at any moment, those without an event included.
            time.sleep(dice.choice((dice.uniform(0, 0.03), dice.uniform(0, 1.3))))
            if dice.random() < 0.3:
                agent.process.signal(signal.SIGHUP)
                time.sleep(dice.uniform(0, 0.02))
            agent.kill()
        agent.start()
        wait_until(lambda: agent.status("status")["phase"] == "running", "all apps are registered")
        found = names(agent)
        assert found in sets.values(), found
        vips = {VIP4} if found == sets["kept"] else {a["vip"] for a in many}
        wait_until(lambda vips=vips: set(bed.host.loopback_addresses()) == vips, "lo as the apps")
        # For the next round.
        agent.reload(old)
        text = agent.config_path.read_text()
        wait_until(lambda text=text: copy_of(agent).read_text().endswith(text), "it is kept")
        wait_until(lambda: mark_of(agent) == "", "the mark has gone")
