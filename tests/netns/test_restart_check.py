"""SIGUSR2 with a configuration that the next start could not run with."""

import os
import signal
import subprocess
import sys

import pytest

from .agent import Agent
from .configs import PORT, VIP4, app, config, peer
from .routers import Router
from .testbed import Testbed

WEB = app("web", VIP4, f"port:tcp:{PORT}")
# A process other than the test, which is the service manager here.
SEND = "import os, sys; os.kill(int(sys.argv[1]), int(sys.argv[2]))"


def start(bed: Testbed, env: dict[str, str] | None = None) -> tuple[Agent, Router]:
    router = bed.start_router("bird")
    bed.start_service(PORT)
    agent = bed.start_agent(
        config(peer(router), apps=(WEB,), graceful_restart=True), env=env or {}
    )
    router.wait_routes(VIP4)
    return agent, router


def break_file(agent: Agent) -> str:
    sound = agent.config_path.read_text()
    agent.write_config(sound + "apps2: []\nnat: 3\n")
    return sound


def test_a_broken_file_is_refused_and_the_agent_goes_on(bed: Testbed) -> None:
    agent, router = start(bed)
    sound = break_file(agent)
    agent.process.signal(signal.SIGUSR2)
    refused = f"SIGUSR2: no restart, {agent.config_path} has 2 errors; the agent goes on"
    agent.wait_event("restart.refused", level="error", text=refused)
    agent.wait_log("apps2")
    assert agent.app("web")["announced"]
    router.wait_routes(VIP4)
    agent.write_config(sound)
    agent.stop(signal.SIGUSR2)
    assert VIP4 in bed.host.loopback_addresses()


def test_a_file_that_this_host_cannot_run_is_refused(bed: Testbed) -> None:
    agent, _ = start(bed)
    agent.write_config(
        agent.config_path.read_text().replace("agent:", "agent:\n  exec: {user: no-such-user}", 1)
    )
    agent.process.signal(signal.SIGUSR2)
    agent.wait_log("SIGUSR2: no restart")
    agent.wait_log("no-such-user")


def test_the_service_manager_is_not_refused(bed: Testbed) -> None:
    agent, _ = start(bed, env={"MANAGERPID": str(os.getpid())})
    break_file(agent)
    pid = str(agent.process.pid)
    subprocess.run([sys.executable, "-c", SEND, pid, str(int(signal.SIGUSR2))], check=True)
    agent.wait_log("SIGUSR2: no restart")
    agent.stop(signal.SIGUSR2)  # by this process
    assert VIP4 in bed.host.loopback_addresses()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR2])
def test_a_signal_while_the_file_is_checked(bed: Testbed, number: signal.Signals) -> None:
    agent, _ = start(bed)
    agent.process.signal(signal.SIGUSR2)
    agent.process.signal(number)
    agent.expect_exit(0)
