"""Started as root: what is given up at the start, and what stays."""

import os
import pwd
import re
from pathlib import Path
from typing import Any

from .agent import Agent
from .configs import VIP4, app, config, peer
from .nat import VIPS, NatBed, nat_app
from .test_orphans import is_alive, wait_runs
from .privileges import as_plain_user
from .process import is_launcher
from .testbed import Testbed
from .wait import wait_until

# Numbers of capabilities(7).
DAC_OVERRIDE, KILL, SETGID, SETUID = 1, 5, 6, 7
BIND_SERVICE, NET_ADMIN, NET_RAW = 10, 12, 13


PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines)


def held(pid: int, name: str) -> set[int]:
    mask = int(status_of(pid)[name], 16)
    return {number for number in range(64) if mask >> number & 1}


def settle(agent: Agent, expected: set[int], of_launcher: frozenset[int] = frozenset()) -> None:
    """`of_launcher`: the agent may not gain them, its launcher has them.

    CAP_NET_RAW stays where this host may need it later: legacy iptables, no ICMP for users."""
    pid = agent.process.pid

    def is_settled() -> bool:
        return held(pid, "CapPrm") - {NET_RAW} == expected

    wait_until(is_settled, f"the permitted set is {expected}")
    assert held(pid, "CapEff") - {NET_RAW} == expected
    assert held(pid, "CapBnd") - {NET_RAW} == expected | of_launcher
    for name in ("CapInh", "CapAmb"):
        assert held(pid, name) == set(), name
    assert status_of(pid)["NoNewPrivs"] == "1"


def launcher_of(agent: Agent) -> int:
    pid = agent.process.pid
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    [launcher] = [int(child) for child in pids if is_launcher(int(child))]
    return launcher


def one_app(check: str, **agent: Any) -> dict[str, Any]:
    return config(PEER, apps=(app("web", VIP4, check),), agent=agent)


def test_root_keeps_what_it_needs(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(one_app("file:/proc/self/status"))
    wait_until(lambda: agent.app("web")["health"] == "up", "the check was made")
    settle(agent, {DAC_OVERRIDE, NET_ADMIN})
    agent.stop()
    assert bed.host.loopback_addresses() == {}


def test_commands_of_root_get_no_more(bed: Testbed) -> None:
    bed.link()
    shown = bed.workdir / "status"
    # Once, so that it is not written again while it is read.
    agent = bed.start_agent(one_app(f"exec:cat /proc/self/status > {shown}", monitor_interval="1h"))
    wait_until(lambda: agent.app("web")["health"] == "up", "the check was made")
    mask = re.search(r"CapEff:\s*(\w+)", shown.read_text())
    assert mask
    assert int(mask[1], 16) & ~(1 << NET_RAW) == 1 << DAC_OVERRIDE | 1 << NET_ADMIN
    assert re.search(r"NoNewPrivs:\s*1", shown.read_text())
    agent.stop()


def test_everything_is_kept_if_told_so(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(one_app("file:/proc/self/status", drop_privileges=False))
    wait_until(lambda: agent.app("web")["health"] == "up", "the check was made")
    assert held(agent.process.pid, "CapEff") == held(os.getpid(), "CapEff")
    # The commands': the agent has its own filter of system calls.
    assert status_of(launcher_of(agent))["NoNewPrivs"] == "0"


def test_root_becomes_a_user_that_does_everything(bed: Testbed) -> None:
    nat = NatBed(bed)
    router = bed.start_router("bird", link=nat.link, password="s3cret")
    nat.start_echo()
    structure = nat.config(nat_app("dns"), backend="nftables")
    structure["bgp"]["peers"] = [peer(router, password="s3cret")]
    structure["bgp"]["listen"] = True
    structure["agent"] = {**structure.get("agent", {}), "user": "nobody", "state_file": "off"}
    agent = bed.start_agent(structure)
    router.wait_routes(*VIPS)
    nat.assert_all_answer()
    settle(agent, {NET_ADMIN, BIND_SERVICE})
    uids = status_of(agent.process.pid)["Uid"].split()
    assert uids == [str(pwd.getpwnam("nobody").pw_uid)] * 4
    # Not dumpable: the files of the process belong to root, and no process of nobody reads them.
    # Under the sanitizers it stays dumpable, which the owner of the directory shows as well.
    if not os.environ.get("VIPHERALD", "").count("asan"):
        assert Path(f"/proc/{agent.process.pid}/environ").stat().st_uid == 0
    agent.stop()
    router.wait_routes()
    assert nat.our_rules("nftables") == []
    assert bed.host.loopback_addresses() == {}


def test_a_reload_that_needs_what_was_given_up(bed: Testbed) -> None:
    """It says so each time, until the agent is restarted."""
    bed.link()
    structure = config(PEER, apps=(app("web", VIP4),))
    agent = bed.start_agent(structure)
    settle(agent, {NET_ADMIN, DAC_OVERRIDE})
    listening = {**structure, "bgp": {**structure["bgp"], "listen": True}}
    for again in False, True:
        answer = agent.reload(listening)
        words = "needs a restart of the agent: it needs a capability"
        assert again or words in str(answer["warnings"])
        assert answer["needs_restart"] == ["bgp.listen"]
        assert agent.status("status")["config"]["needs_restart"] == ["bgp.listen"]
    assert agent.log.count("the change of bgp.listen needs a restart of the agent") == 2
    assert agent.reload(structure)["needs_restart"] == []
    agent.stop()
    agent.write_config(listening)
    agent.start()
    assert agent.reload()["needs_restart"] == []


def test_file_that_the_user_cannot_read_again_is_named(bed: Testbed) -> None:
    bed.link()
    bed.workdir.chmod(0o755)
    agent = bed.make_agent(one_app("file:/proc/self/status", user="nobody"))
    agent.config_path.chmod(0o600)
    agent.start()
    path = agent.config_path
    assert f"{path}: agent.user 'nobody' cannot read it again" in agent.log


def test_unknown_user(bed: Testbed) -> None:
    bed.link()
    agent = bed.make_agent(one_app("file:/proc/self/status", user="no-such-user"))
    agent.spawn()
    said = agent.expect_exit(1)
    assert "agent.user: no user 'no-such-user' on this host" in said


def test_plain_user_cannot_become_another(bed: Testbed) -> None:
    bed.link()
    bed.workdir.chmod(0o755)
    structure = one_app("file:/proc/self/status", user="nobody")
    agent = bed.make_agent(structure, wrapper=as_plain_user(["net_admin"]))
    agent.spawn()
    assert "agent.user: cannot become 'nobody' as uid" in agent.expect_exit(1)


def test_commands_of_exec_user_that_a_killed_agent_left(bed: Testbed) -> None:
    """They are recognised without CAP_SYS_PTRACE."""
    bed.link()
    structure = config(
        PEER,
        apps=(app("web", VIP4, "exec:sleep 4721; true"),),
        agent={"monitor_interval": "1h", "exec": {"user": "nobody"}},
    )
    agent = bed.start_agent(structure)
    left = wait_runs(bed.host, 4721)
    users = frozenset({SETGID, SETUID})
    settle(agent, {DAC_OVERRIDE, KILL, NET_ADMIN}, users)
    assert held(launcher_of(agent), "CapEff") == users
    agent.kill()
    assert is_alive(left)
    agent.start()
    wait_until(lambda: not is_alive(left), "it is gone")
    users = frozenset({SETGID, SETUID})
    settle(agent, {DAC_OVERRIDE, KILL, NET_ADMIN}, users)
    assert held(launcher_of(agent), "CapEff") == users
