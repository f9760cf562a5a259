"""`vipherald healthcheck`, as a container's HEALTHCHECK or a probe runs it."""

import signal
import subprocess
from pathlib import Path

import pytest

from .agent import Agent, binary
from .configs import VIP4, app, config, peer
from .faultserver import FaultServer
from .testbed import Testbed
from .wait import wait_until


def healthcheck(bed: Testbed, *arguments: str) -> tuple[int, str]:
    with bed.host.inside():
        result = subprocess.run(
            [binary(), "healthcheck", *arguments], capture_output=True, text=True, timeout=20
        )
    assert result.stderr == ""
    return result.returncode, result.stdout


def of(agent: Agent) -> str:
    return f"-config={agent.config_path}"


@pytest.mark.parametrize(
    ("listen", "shown"),
    [
        (":8080", ":8080"),
        ("0.0.0.0:8080", "0.0.0.0:8080"),
        ("[::]:8080", "[::]:8080"),
        ("10.9.9.9:8081", "10.9.9.9:8081"),
        ("[::1]:8080", "[::1]:8080"),
    ],
)
def test_asks_where_the_configuration_says(bed: Testbed, listen: str, shown: str) -> None:
    bed.host.ip("addr add 10.9.9.9/32 dev lo")
    unreachable = {"peer_ip": "10.9.9.1", "peer_as": 65000}
    agent = bed.make_agent(config(unreachable, agent={"listen_addr": listen}, local_ip="10.9.9.9"))
    agent.spawn()
    wait_until(
        lambda: healthcheck(bed, of(agent)) == (0, f"{shown}/healthz: 200 ok\n"),
        f"{shown} is asked",
    )
    agent.stop()
    assert healthcheck(bed, of(agent)) == (1, f"{shown}/healthz: Connection refused\n")


def test_unix_socket_and_readiness(bed: Testbed) -> None:
    router = bed.start_router("bird")
    at = f"unix:{bed.workdir}/api"
    agent = bed.start_agent(
        config(peer(router), apps=(app("web", VIP4),), agent={"listen_addr": at})
    )
    wait_until(lambda: healthcheck(bed, of(agent), "--ready")[0] == 0, "ready")
    assert healthcheck(bed, of(agent), "--ready") == (0, f"{at}/readyz: 200 ready\n")
    router.kill()
    why = "no BGP session established (0 of 1)"
    wait_until(
        lambda: healthcheck(bed, of(agent), "--ready") == (1, f"{at}/readyz: 503 {why}\n"),
        "not ready, and why",
    )
    assert healthcheck(bed, of(agent)) == (0, f"{at}/healthz: 200 ok\n")


def test_an_agent_that_hangs_is_not_healthy(bed: Testbed) -> None:
    agent = bed.start_agent(config({"peer_ip": "10.9.9.1", "peer_as": 65000}, local_ip="10.9.9.9"))
    agent.process.signal(signal.SIGSTOP)
    assert healthcheck(bed, of(agent)) == (1, "127.0.0.1:8080/healthz: Connection timed out\n")
    agent.process.signal(signal.SIGCONT)
    assert healthcheck(bed, of(agent))[0] == 0


def test_another_server_is_not_healthy(bed: Testbed) -> None:
    other = bed.host.start(
        ["python3", "-uc", "import socket\n"
         "s = socket.create_server(('127.0.0.1', 8080)); print('ready')\n"
         "while True: c, _ = s.accept(); c.sendall(b'SSH-2.0-\\x1b[2J\\r\\n'); c.close()"],
        "other",
    )
    other.wait_line("ready")
    agent = bed.make_agent(config({"peer_ip": "10.9.9.1", "peer_as": 65000}))
    status, text = healthcheck(bed, of(agent))
    assert status == 1
    assert text.startswith("127.0.0.1:8080/healthz: ") and "\x1b" not in text


def test_finds_the_agent_of_the_same_network(bed: Testbed) -> None:
    """Where process 1 is another program. Others run in other networks; this one's file is named
    relative to its own working directory."""
    other = bed.namespace("other")
    unreachable = {"peer_ip": "10.9.9.1", "peer_as": 65000}
    bed.make_agent(config(unreachable, local_ip="10.9.9.9"), namespace=other).start()
    assert healthcheck(bed)[0] == 1

    agent = bed.make_agent(
        config(unreachable, agent={"listen_addr": "127.0.0.1:8081"}, local_ip="10.9.9.9"),
        wrapper=["env", "-C", str(bed.workdir)],
    )
    agent.arguments[0] = f"-config={agent.config_path.name}"
    agent.start()
    assert healthcheck(bed) == (0, "127.0.0.1:8081/healthz: 200 ok\n")


def test_without_a_configuration(bed: Testbed, tmp_path: Path) -> None:
    status, text = healthcheck(bed)
    assert status == 1
    assert "no agent found in this container" in text and "-config=FILE" in text

    broken = tmp_path / "broken.yaml"
    broken.write_text("bgp:\n  local_ass: 1\n")
    status, text = healthcheck(bed, f"-config={broken}")
    assert status == 1
    assert f"{broken}:2:3: error: " in text and "did you mean" in text
