"""The sandbox of a running agent, as /v1/status and the kernel have it. That no agent of any test makes a
system call that it does not know is checked by the harness, at every end."""

import ctypes
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from .agent import REPO, UNEXPECTED_CALL, Agent
from .configs import VIP4, app, config, peer
from .process import is_launcher
from .testbed import Testbed
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}


def one_app(check: str, **agent: Any) -> dict[str, Any]:
    return config(PEER, apps=(app("web", VIP4, check),), agent=agent)


def field(pid: int, name: str) -> str:
    found = re.search(rf"^{name}:\s*(\S+)", Path(f"/proc/{pid}/status").read_text(), re.M)
    assert found
    return found[1]


def launchers(agent: Agent) -> list[int]:
    pid = agent.process.pid
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in pids if is_launcher(int(child))]


def the_launcher(agent: Agent) -> int:
    """A command has its name until it is executed."""
    found = wait_until(lambda: (all := launchers(agent)) and len(all) == 1 and all, "one launcher")
    assert isinstance(found, list)
    return found[0]


def health(agent: Agent) -> Any:
    return agent.app("web")["health"]


def test_the_harness_knows_the_line_of_a_refused_call() -> None:
    assert f'"{UNEXPECTED_CALL} %s' in (REPO / "agent/daemon/sandbox.c").read_text()


def test_status_says_which_hold(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(one_app("file:/proc/self/status"))
    wait_until(lambda: health(agent) == "up", "the check was made")
    sandbox = agent.get("/v1/status").json()["sandbox"]
    assert field(agent.process.pid, "Seccomp") == "2"
    assert sandbox["system_calls"] is True
    assert sandbox["commands"] == "launcher"
    assert sandbox["refused_calls"] == 0
    assert sandbox["last_refused"] is None
    assert isinstance(sandbox["landlock"], int)
    assert "vipherald_sandbox_refused_calls_total 0" in agent.get("/metrics").text


def landlock_version() -> int:
    """Of the kernel; 0: it has none."""
    create_ruleset, version = 444, 1
    libc = ctypes.CDLL(None, use_errno=True)
    return max(int(libc.syscall(create_ruleset, None, 0, version)), 0)


def test_files_of_a_running_agent(bed: Testbed) -> None:
    """A directory that is not the one of its start is out of reach, whatever its name."""
    bed.link()
    directory = bed.workdir / "state"
    directory.mkdir()
    agent = bed.start_agent(config(PEER, agent={"state_file": str(directory / "apps")}))
    assert agent.status("status")["sandbox"]["landlock"] == landlock_version()
    assert agent.register("first", VIP4).json()["stored"] is True
    directory.rename(bed.workdir / "former")
    directory.mkdir()
    stored = agent.register("second", "192.0.2.99/32").json()["stored"]
    restricted = landlock_version() > 0
    assert stored is not restricted
    assert list(directory.iterdir()) == [] or not restricted
    assert ("Permission denied" in agent.log) is restricted


def test_a_command_is_not_restricted(bed: Testbed) -> None:
    """No filter, and it may write where its user may."""
    bed.link()
    out = bed.workdir / "status"
    # Whole at every moment: checks go on while it is read.
    save = f"cat /proc/self/status >{out}.new && mv {out}.new {out}"
    agent = bed.start_agent(one_app(f"exec:{save} && unshare -n true"))
    wait_until(lambda: health(agent) in ("up", "down"), "the check was made")
    assert re.search(r"^Seccomp:\s*0", out.read_text(), re.M)


def test_it_can_be_switched_off(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(one_app("exec:true", sandbox=False))
    wait_until(lambda: health(agent) == "up", "the check was made")
    sandbox = agent.get("/v1/status").json()["sandbox"]
    assert sandbox["system_calls"] is False and sandbox["landlock"] == 0
    assert field(agent.process.pid, "Seccomp") == "0"
    assert "agent.sandbox is false" in agent.log


def test_without_commands_there_is_no_launcher(bed: Testbed) -> None:
    bed.link()
    exec_none = {"exec": {"allow_from": ["none"]}}
    agent = bed.start_agent(one_app("file:/proc/self/status", **exec_none))
    assert launchers(agent) == []
    assert agent.get("/v1/status").json()["sandbox"]["commands"] == "none"
    # A reload that allows them says what is missing.
    answer = agent.reload(one_app("exec:true"))
    assert "agent.exec.allow_from was none when the agent started" in str(answer) + agent.log
    for _ in range(2):  # also when nothing has changed since
        assert answer["needs_restart"] == ["agent.exec.allow_from"]
        answer = agent.reload()
    wait_until(lambda: "restart it" in str(agent.app("web")), "the check says why")
    assert health(agent) != "down"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_launcher_changes_no_state(bed: Testbed, number: signal.Signals) -> None:
    """SIGTERM is the agent's matter: it reaches a whole process group or control group at once."""
    router = bed.start_router("bird")
    structure = config(peer(router), apps=(app("web", VIP4, "exec:true"),))
    structure["agent"] = {**structure.get("agent", {}), "monitor_interval": "100ms"}
    agent = bed.start_agent(structure)
    router.wait_routes(VIP4)
    launcher = the_launcher(agent)
    os.kill(launcher, number)
    before = agent.app("web")["monitors"][0]["checks"]
    wait_until(lambda: agent.app("web")["monitors"][0]["checks"] > before + 3, "checks go on")
    assert router.routes() == {VIP4} or VIP4 in router.routes()
    if number == signal.SIGKILL:
        said = "the process that starts commands has ended: restart the agent"
        wait_until(lambda: said in str(agent.app("web")), "the check says why")
    else:
        assert health(agent) == "up"


def test_launcher_ends_with_a_killed_agent(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(one_app("exec:true"))
    launcher = the_launcher(agent)
    agent.kill()
    wait_until(lambda: not is_launcher(launcher), "it has ended")
