"""Commands of checks that a killed agent left running: its successor ends them, and no others."""

from pathlib import Path

from .agent import Agent
from .configs import VIP4, app, config
from .netns import Namespace
from .testbed import Testbed
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
SLOW = {"monitor_interval": "1h", "timeout": "1h"}
# The second one leaves its group, its parent and its session.
OURS = ("exec:sleep 4711; true", "exec:setsid sleep 4712 & sleep 4713; true")
NUMBERS = (4711, 4712, 4713)


def test_commands_left_by_a_killed_agent_are_killed(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config(PEER, apps=(app("web", VIP4, *OURS),), agent=SLOW))
    elsewhere = bed.namespace("other")
    theirs = app("web", VIP4, "exec:sleep 4714; true")
    structure = config(PEER, apps=(theirs,), agent=SLOW, router_id="192.0.2.9")
    other = Agent(elsewhere, structure, "other")
    other.start()
    try:
        old = {wait_runs(bed.host, number) for number in NUMBERS}
        neighbour = wait_runs(elsewhere, 4714)
        agent.kill()
        assert all(is_alive(pid) for pid in old)

        agent.start()
        agent.wait_log(r"exec: killed \d+ process(es)? of checks of the previous instance")
        wait_until(lambda: not any(is_alive(pid) for pid in old), "they are gone")
        assert is_alive(neighbour)
        # Nor are those that the new run has started meanwhile.
        assert not old & {wait_runs(bed.host, number) for number in NUMBERS}
    finally:
        other.finish()


def wait_runs(host: Namespace, number: int) -> int:
    """The process `sleep NUMBER`, once there is exactly one."""
    wanted = f"sleep\0{number}\0"

    def found() -> list[int]:
        return [pid for pid in host.pids() if _command_line(pid) == wanted]

    wait_until(lambda: len(found()) == 1, f"sleep {number} runs")
    return found()[0]


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """A zombie is not: its new parent has to reap it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
