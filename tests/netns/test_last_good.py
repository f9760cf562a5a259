"""A start with a broken file: the last good version of it runs."""

import stat
from pathlib import Path

from .agent import Agent
from .configs import PORT, VIP4, app, config, peer
from .in_effect import file_is_in_effect
from .testbed import Testbed
from .wait import wait_until

BROKEN = "bgp: { local_as: none }\napps: []\n"


def kept(agent: Agent) -> Path:
    return agent.state_dir / "last-good.yaml"


def start(bed: Testbed) -> tuple[Agent, str]:
    """An agent whose configuration is kept, and that text."""
    router = bed.start_router("bird")
    bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router), apps=(app("dns", VIP4, f"port:tcp:{PORT}"),)))
    text = agent.config_path.read_text()
    wait_until(lambda: kept(agent).read_text().endswith(text), "it is kept", ignore=(OSError,))
    return agent, text


def test_broken_since_the_last_start(bed: Testbed) -> None:
    agent, text = start(bed)
    successful = "\nvipherald_config_last_reload_successful {}\n"
    assert file_is_in_effect(agent) and successful.format(1) in agent.get("/metrics").text
    assert stat.S_IMODE(kept(agent).stat().st_mode) == 0o600
    agent.stop()
    agent.config_path.write_text(BROKEN)
    agent.start()
    wait_until(lambda: agent.app("dns")["announced"], "the last good version is announced")
    assert f"{agent.config_path} is broken: running its last good version" in agent.log
    assert "local_as" in agent.log
    [alarm] = [a for a in agent.status("status")["alarms"] if a["alarm"] == "configuration"]
    assert alarm["path"] == str(agent.config_path)
    assert not file_is_in_effect(agent) and successful.format(0) in agent.get("/metrics").text
    # The broken text never takes the place of the good one.
    assert kept(agent).read_text().endswith(text)
    agent.config_path.write_text(text)
    assert agent.admin("/v1/reload", "POST").status == 200
    assert "configuration" not in [a["alarm"] for a in agent.status("status")["alarms"]]
    assert file_is_in_effect(agent) and successful.format(1) in agent.get("/metrics").text


def test_a_reload_is_kept(bed: Testbed) -> None:
    agent, text = start(bed)
    changed = f"{text}\n# changed\n"
    agent.config_path.write_text(changed)
    assert agent.admin("/v1/reload", "POST").status == 200
    wait_until(lambda: kept(agent).read_text().endswith(changed), "the reloaded text is kept")
    agent.config_path.write_text(BROKEN)
    assert agent.admin("/v1/reload", "POST").status == 422
    agent.kill()
    assert kept(agent).read_text().endswith(changed)
    agent.start()
    wait_until(lambda: agent.app("dns")["announced"], "the last good version is announced")


def expect_no_start(agent: Agent, status: int) -> None:
    agent.spawn()
    agent.expect_exit(status)


def test_nothing_was_ever_good(bed: Testbed) -> None:
    bed.link()
    agent = bed.make_agent(BROKEN)
    expect_no_start(agent, 78)
    assert "no copy of a configuration that was in effect" in agent.log


def test_a_copy_of_another_file(bed: Testbed) -> None:
    agent, _ = start(bed)
    agent.stop()
    other = agent.config_path.with_name("other.yaml")
    other.write_text(BROKEN)
    agent.arguments[0] = f"-config={other}"
    expect_no_start(agent, 78)


def test_a_copy_that_others_can_write(bed: Testbed) -> None:
    agent, _ = start(bed)
    agent.stop()
    agent.config_path.write_text(BROKEN)
    kept(agent).chmod(0o666)
    expect_no_start(agent, 78)


def test_a_file_that_is_not_there_is_not_broken(bed: Testbed) -> None:
    agent, _ = start(bed)
    agent.stop()
    agent.config_path.unlink()
    expect_no_start(agent, 1)
