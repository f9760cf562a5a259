"""Every kind of monitor, with the real agent: what passes, what fails, and why."""

import sys
from pathlib import Path
from typing import Any

import pytest

from . import responders
from .configs import VIP4, config
from .health import PEER, agent_with, expect
from .testbed import Testbed
from .wait import wait_until

P = 7777

URL = f"http://127.0.0.1:{P}/x"

HTTP = [
    (URL, "up", "answered as expected"),
    (f"http:{URL}", "up", ""),
    ({"http": URL, "status": "200"}, "up", ""),
    ({"http": URL, "status": "404"}, "down", "status 200: ok"),
    ({"http": URL, "header": "x-state: read"}, "up", ""),
    ({"http": URL, "header": "X-State: down"}, "down", "without the header"),
    ({"http": URL, "header": "X-Other"}, "down", "without the header"),
    ({"http": URL, "header": "Via: 1.1 first"}, "up", ""),
    ({"http": URL, "header": "Via: long end"}, "up", ""),
    ({"http": URL, "header": "Via: third"}, "down", "without the header"),
    ({"http": URL, "body": "ok"}, "up", ""),
    ({"http": URL, "body": "fine"}, "down", "without 'fine' in the body"),
    ("http://127.0.0.1:7778/", "down", "no answer"),
]


@pytest.mark.parametrize(("monitor", "health", "said"), HTTP)
def test_http(bed: Testbed, monitor: Any, health: str, said: str) -> None:
    with responders.http(bed.host, P):
        expect(agent_with(bed, monitor), health, said)


def test_http_follows(bed: Testbed) -> None:
    agent = agent_with(bed, URL)
    expect(agent, "down", "no answer")
    service = responders.http(bed.host, P)
    expect(agent, "up")
    service.kill()
    with responders.http(bed.host, P, status=503, body="overloaded"):
        expect(agent, "down", "status 503: overloaded")


TCP = [
    (f"tcp:127.0.0.1:{P}", "up", ""),
    ("tcp:127.0.0.1:7778", "down", "Connection refused"),
    ({"tcp": f"127.0.0.1:{P}", "expect": "220 "}, "up", ""),
    ({"tcp": f"localhost:{P}", "expect": "250 "}, "down", "without what is expected: 220 hi"),
    ({"tcp": f"127.0.0.1:{P}", "send": "QUIT\r\n", "expect": "221 "}, "up", ""),
]


@pytest.mark.parametrize(("monitor", "health", "said"), TCP)
def test_tcp(bed: Testbed, monitor: Any, health: str, said: str) -> None:
    answer = "221 bye\r\n" if isinstance(monitor, dict) and "send" in monitor else ""
    with responders.tcp(bed.host, P, "220 hi\r\n", answer):
        expect(agent_with(bed, monitor), health, said)


def give_out_ports(bed: Testbed, first: int, last: int) -> None:
    with bed.host.inside():
        Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"{first} {last}")


def test_tcp_is_no_echo_of_itself(bed: Testbed) -> None:
    """The kernel gives the check's own socket the very port it checks."""
    give_out_ports(bed, P, P)
    bed.link()
    app = {"name": "a", "vip": VIP4, "monitors": [f"tcp:127.0.0.1:{P}", f"tcp:192.0.2.53:{P}"]}
    api = {"listen_addr": f"unix:{bed.workdir}/api"}
    agent = bed.start_agent(config(PEER, apps=({**app, "quorum": "any"},), agent=api))

    def checks() -> list[int]:
        return [monitor["checks"] for monitor in agent.app("a")["monitors"]]

    wait_until(lambda: min(checks()) >= 5, "five checks each")
    assert agent.app("a")["went_up"] == 0
    give_out_ports(bed, 40000, 50000)
    before = checks()
    wait_until(
        lambda: all(now > then + 1 for now, then in zip(checks(), before)),
        "the checks that had the port before have ended",
    )
    bed.start_service(P)  # nothing of them is left at its port
    expect(agent, "up")


QUERY = f"127.0.0.1:{P}:www.example.com:A"

DNS = [
    ("answer", f"dns:{QUERY}", "up", ""),
    ("answer", {"dns": QUERY, "answer": "192.0.2.7"}, "up", ""),
    ("answer", {"dns": QUERY, "answer": "192.0.2.8"}, "down", "among the answers: 192.0.2.7"),
    ("answer", {"dns": QUERY, "rcode": "NXDOMAIN"}, "down", "the answer is NOERROR"),
    ("nxdomain", f"dns:{QUERY}", "down", "the answer is NXDOMAIN"),
    ("nxdomain", {"dns": QUERY, "rcode": "NXDOMAIN"}, "up", ""),
    ("truncate", {"dns": QUERY, "answer": "192.0.2.7"}, "up", ""),
    ("mute", {"dns": QUERY, "timeout": "100ms"}, "down", "no answer within 100ms"),
    ("answer", "dns:127.0.0.1:7778:www.example.com:A", "down", "refused"),
]


@pytest.mark.parametrize(("mode", "monitor", "health", "said"), DNS)
def test_dns(bed: Testbed, mode: str, monitor: Any, health: str, said: str) -> None:
    with responders.dns(bed.host, P, mode):
        expect(agent_with(bed, monitor), health, said)


def test_file(bed: Testbed) -> None:
    path = bed.workdir / "flag"
    agent = agent_with(bed, f"file:{path}")
    expect(agent, "down", "does not exist")
    path.touch()
    expect(agent, "up", "the file exists")
    path.unlink()
    expect(agent, "down", "does not exist")


@pytest.mark.parametrize("form", ["string", "mapping"])
def test_file_must_be_absent(bed: Testbed, form: str) -> None:
    path = bed.workdir / "flag"
    agent = agent_with(
        bed, f"file:!{path}" if form == "string" else {"file": str(path), "absent": True}
    )
    expect(agent, "up", "does not exist")
    path.touch()
    expect(agent, "down", "the file exists")


def test_process_by_pidfile(bed: Testbed) -> None:
    path = bed.workdir / "x.pid"
    agent = agent_with(bed, {"process": str(path), "interval": "50ms"})
    expect(agent, "down", "no pid file")
    first = bed.host.start(["sleep", "1001"], "first")
    path.write_text(f"{first.pid}\n")
    expect(agent, "up", "running")
    first.kill()
    expect(agent, "down", "does not run")
    path.write_text("garbage")
    expect(agent, "down", "does not hold a pid")


@pytest.mark.parametrize("kind", ["", "unreachable ", "prohibit ", "blackhole "])
@pytest.mark.parametrize(
    "monitor", [f"tcp:10.7.7.7:{P}", f"dns:10.7.7.7:{P}:x:A", f"http://10.7.7.7:{P}/"]
)
def test_an_address_without_a_route_is_down(bed: Testbed, monitor: str, kind: str) -> None:
    """It is withdrawn, unlike an app whose check cannot be made."""
    if kind:
        bed.host.ip(f"route add {kind}10.7.7.0/24")
    expect(agent_with(bed, monitor), "down")


# clone3() with set_tid, which the library has no name for.
_WITH_PID = """
import ctypes, os, signal, sys
pid = (ctypes.c_int * 1)(int(sys.argv[1]))
args = (ctypes.c_uint64 * 10)(0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(pid), 1)
libc = ctypes.CDLL(None, use_errno=True)
child = libc.syscall(435, args, ctypes.sizeof(args))
if child == 0:
    signal.pause()
print("ready" if child > 0 else os.strerror(ctypes.get_errno()), flush=True)
os.waitpid(child, 0)
"""


def test_a_pid_that_another_process_has_by_now(bed: Testbed) -> None:
    path = bed.workdir / "x.pid"
    agent = agent_with(bed, {"process": str(path), "interval": "50ms"})
    first = bed.host.start(["sleep", "1001"], "first")
    path.write_text(f"{first.pid}\n")
    expect(agent, "up", "running")
    first.kill()
    expect(agent, "down", "does not run")
    stranger = bed.host.start([sys.executable, "-ISc", _WITH_PID, str(first.pid)], "stranger")
    stranger.wait_line("ready")
    seen = agent.app("a")["monitors"][0]["checks"]
    wait_until(lambda: agent.app("a")["monitors"][0]["checks"] >= seen + 3, "three checks")
    assert agent.app("a")["went_up"] == 1
    path.write_text(f"{first.pid}\n")  # said again, it is the service
    expect(agent, "up", "running")


def test_several_in_a_query(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config(PEER))
    with responders.http(bed.host, P):
        monitors = (URL, "tcp:127.0.0.1:7778", f"port:tcp:{P}")
        assert agent.register("a", VIP4, monitors=monitors).status == 200
        expect(agent, "down")
        answer = agent.get(
            f"/register?name=a&vip={VIP4}&quorum=2"
            + "".join(f"&monitor={monitor}" for monitor in monitors)
        )
        assert answer.status == 200, answer
        expect(agent, "up")
        assert agent.app("a")["quorum"] == 2


@pytest.mark.parametrize(("quorum", "health"), [("all", "down"), ("any", "up"), ("2", "down")])
def test_quorum(bed: Testbed, quorum: str, health: str) -> None:
    bed.start_service(P)
    expect(agent_with(bed, f"port:tcp:{P}", "port:tcp:7778", quorum=quorum), health)


def test_output_of_a_command(bed: Testbed) -> None:
    command = "exec:for i in $(seq 5000); do echo line $i; done; exit 1"
    agent = agent_with(bed, {"exec": command.removeprefix("exec:"), "timeout": "5s"})
    expect(agent, "down", "exit status 1: line 1")
    output = agent.app("a")["monitors"][0]["output"]
    assert output.startswith("line 1\nline 2\n")
    assert len(output) == 4096


def test_hold_down_is_shown(bed: Testbed) -> None:
    service = bed.start_service(P)
    agent = agent_with(bed, f"port:tcp:{P}", hold_down="1h", hold_down_max="2h")
    for _ in range(2):
        expect(agent, "up")
        service.kill()
        expect(agent, "down")
        service.start()
    agent.wait_log("held down for 1h")
    wait_until(lambda: agent.app("a")["monitors"][0]["health"] == "up", "the check passes")
    app = agent.app("a")
    assert app["health"] == "down"
    assert app["flaps"] == 1
    assert 3500 < app["held_down_until_seconds"] <= 3600
    assert "vipherald_apps_held_down 1" in agent.get("/metrics").text


def test_rise_and_fall(bed: Testbed) -> None:
    flag = bed.workdir / "flag"
    monitor = {"file": str(flag), "interval": "20ms", "rise": 3, "fall": 5}
    agent = agent_with(bed, monitor)
    expect(agent, "down")
    shown = agent.app("a")["monitors"][0]
    assert (shown["rise"], shown["fall"], shown["interval_seconds"]) == (3, 5, 0.02)
    flag.touch()
    expect(agent, "up")
    flag.unlink()
    expect(agent, "down")


def test_check_of_the_vip_itself(bed: Testbed) -> None:
    """The app comes up, although its check needs the VIP, which is bound only while it is up."""
    service = bed.start_service(P)
    agent = agent_with(bed, f"tcp:192.0.2.53:{P}")
    expect(agent, "up")
    service.kill()
    expect(agent, "down", "Connection refused")
    service.start()
    expect(agent, "up")


def test_check_of_a_vip_never_leaves_the_host(bed: Testbed) -> None:
    """Another instance of the anycast service, one hop away, answers; none on this host."""
    link = bed.link()
    bed.host.ip(f"route add default via {link.router_ip}")
    link.namespace.ip("link set lo up", "addr add 192.0.2.99/32 dev lo")
    bed.start_service(7000)
    apps = (
        {"name": "owner", "vip": "192.0.2.99/32", "monitors": ["port:tcp:7001"]},
        {"name": "a", "vip": VIP4, "monitors": [f"tcp:192.0.2.99:{P}"]},
        {"name": "b", "vip": "192.0.2.54/32", "monitors": [f"http://192.0.2.99:{P}/"]},
    )
    with responders.http(link.namespace, P):
        agent = bed.start_agent(config(PEER, apps=apps))
        said = "not on this host now"
        for name in ("a", "b"):
            wait_until(lambda name=name: said in agent.app(name)["monitors"][0]["said"], said)
        assert agent.app("a")["health"] == "unknown"
        # Without a VIP of that address it is a check like any other.
        agent.unregister("owner")
        assert agent.register("c", "192.0.2.55/32", monitors=[f"tcp:10.0.1.1:{P}"]).status == 200
        wait_until(lambda: agent.app("c")["health"] == "up", "the check goes out")
