"""From where monitors are accepted, and who commands run as."""

import json
import os
import pwd
import socket
import subprocess
from typing import Any

import pytest

from .agent import Agent, binary
from .configs import VIP4, app, config, peer
from .consul import Consul, tags
from .testbed import Testbed
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
COMMAND = "exec:true"


def start(bed: Testbed, **agent: object) -> Agent:
    bed.link()
    return bed.start_agent(config(PEER, agent=agent))


def register_from(bed: Testbed, agent: Agent, address: str, monitor: str = COMMAND) -> int:
    """The status that a client on this host gets which connects from and to this address."""
    port = int(agent.listen_addr.rpartition(":")[2])
    with bed.host.inside():
        connection = socket.create_connection((address, port), 10, (address, 0))
    target = f"/register?name=a&vip={VIP4}&monitor={monitor}"
    with connection:
        connection.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
        head = connection.makefile("rb").read().decode()
    if " 403 " in head.splitlines()[0]:
        section = "exec" if monitor.startswith("exec") else "monitors"
        assert f"agent.{section}.allow_from" in head and "'http-local'" in head
    return int(head.split()[1])


def test_default_takes_commands_from_administrators_only(bed: Testbed) -> None:
    """An address of this host is no identity."""
    agent = start(bed, listen_addr=":8080")
    for address in ("10.0.1.2", "127.0.0.1"):
        assert register_from(bed, agent, address) == 403
        assert agent.get("/v1/apps/a").status == 404
        assert register_from(bed, agent, address, "port:tcp:1") == 200
        agent.unregister("a")
    assert agent.register("a", VIP4, monitors=[COMMAND]).status == 200  # the admin socket


OTHERS = ("http://127.0.0.1/", "tcp:127.0.0.1:1", "dns:127.0.0.1:53:x:A", "file:/x", "process:x")


def test_default_takes_others_from_this_host(bed: Testbed) -> None:
    """They send packets in this host's name, or reveal files and processes."""
    agent = start(bed, listen_addr=":8080")
    for monitor in OTHERS:
        for address in ("10.0.1.2", "127.0.0.1"):
            assert register_from(bed, agent, address, monitor) == 200, monitor


def test_others_can_be_refused(bed: Testbed) -> None:
    agent = start(bed, listen_addr=":8080", monitors={"allow_from": "config"})
    for monitor in OTHERS:
        assert register_from(bed, agent, "10.0.1.2", monitor) == 403, monitor


def test_loopback_can_be_allowed(bed: Testbed) -> None:
    agent = start(bed, listen_addr=":8080", exec={"allow_from": ["config", "http-local"]})
    assert register_from(bed, agent, "127.0.0.1") == 200
    assert "every process on this host may run commands" in agent.log
    assert "commands run as root" in agent.log


def test_none(bed: Testbed) -> None:
    agent = start(bed, exec={"allow_from": "none"})
    response = agent.register("a", VIP4, monitors=[COMMAND])
    assert response.status == 403
    assert "http-admin" in response.text and "agent.exec.allow_from" in response.text


def test_root_on_a_unix_socket(bed: Testbed) -> None:
    agent = start(bed, listen_addr=f"unix:{bed.workdir}/api")
    assert agent.register("a", VIP4, monitors=[COMMAND]).status == 200


def test_configuration_can_be_refused(bed: Testbed) -> None:
    agent = bed.make_agent(
        config(PEER, apps=(app("a", VIP4, COMMAND),), agent={"exec": {"allow_from": "none"}})
    )
    agent.spawn()
    assert "agent.exec.allow_from" in agent.expect_exit(78)


OTHER_VIP = "192.0.2.55/32"


def wait_found(agent: Agent, service: str) -> dict[str, Any]:
    """Consul's catalog gets those that are registered in any order."""

    def found() -> list[dict[str, Any]]:
        return [s for s in agent.status("consul")["found"] if s["service"] == service]

    [entry] = wait_until(found, f"{service} is found")
    return entry


def test_consul_is_refused_and_reported(bed: Testbed) -> None:
    router = bed.start_router("bird")
    consul = Consul(bed.host)
    consul.register("bad", tags(VIP4, "gocast_monitor=exec:true"))
    consul.register("curious", tags(OTHER_VIP, "gocast_monitor=file:/etc/passwd"))
    consul.register("good", tags("192.0.2.54/32"))
    agent = bed.start_agent(config(peer(router), agent={"consul_addr": consul.addr}))
    router.wait_routes("192.0.2.54/32", OTHER_VIP)
    bad = wait_found(agent, "bad")
    assert bad["state"] == "refused"
    assert "exec:true" in bad["problem"] and "agent.exec.allow_from" in bad["problem"]


def test_kinds_that_run_nothing_can_be_refused_too(bed: Testbed) -> None:
    router = bed.start_router("bird")
    consul = Consul(bed.host)
    consul.register("curious", tags(OTHER_VIP, "gocast_monitor=file:/etc/passwd"))
    consul.register("good", tags("192.0.2.54/32"))
    options = {"consul_addr": consul.addr, "monitors": {"allow_from": "config"}}
    agent = bed.start_agent(config(peer(router), agent=options))
    router.wait_routes("192.0.2.54/32")
    curious = wait_found(agent, "curious")
    assert curious["state"] == "refused" and "agent.monitors.allow_from" in curious["problem"]


CAPABILITIES = "+net_admin,+net_bind_service,+setuid,+setgid"
PLAIN_USER = ("setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups")


@pytest.mark.parametrize(
    "wrapper",
    [(), (*PLAIN_USER, "--inh-caps", CAPABILITIES, "--ambient-caps", CAPABILITIES)],
    ids=["root", "ambient"],
)
def test_user_drops_privileges(bed: Testbed, wrapper: tuple[str, ...]) -> None:
    bed.link()
    out = bed.workdir / "out"
    out.mkdir()
    out.chmod(0o777)
    bed.workdir.chmod(0o755)
    # Renamed, so that it is whole: the check runs again while the test reads.
    show = (
        f"grep -E '^(Uid|Gid|Groups|Cap...|SigBlk|SigIgn)' /proc/self/status > {out}/new; "
        f"mv {out}/new {out}/status"
    )
    agent = bed.start_agent(
        config(
            PEER,
            apps=(app("a", VIP4, f"exec:{show}; ls -l /proc/self/fd > {out}/fds; exit 0"),),
            agent={"exec": {"user": "nobody"}},
        ),
        wrapper=wrapper,
    )
    wait_until(lambda: agent.app("a")["health"] == "up", "the check passes")
    lines = (line.split(":") for line in (out / "status").read_text().splitlines())
    status = {key: value.split() for key, value in lines}
    assert status["Uid"] == ["65534"] * 4
    assert status["Gid"] == ["65534"] * 4
    assert status["Groups"] == ["65534"]
    assert status["CapPrm"] == status["CapEff"] == status["CapAmb"] == ["0" * 16]
    assert status["SigBlk"] == ["0" * 16]
    assert os.stat(out / "status").st_uid == 65534


ENDING = f"{CAPABILITIES},+kill"


@pytest.mark.parametrize(
    ("capabilities", "command"),
    [(ENDING, "sleep 4811 & sleep 4812"), (ENDING, "(setsid sleep 4811 &); sleep 4812")],
    ids=["hangs", "daemonises"],
)
def test_capabilities_needed_to_end_commands_of_a_user(
    bed: Testbed, capabilities: str, command: str
) -> None:
    """docs/monitors.md: CAP_KILL, for a hanging command and for escaped children."""
    bed.link()
    bed.workdir.chmod(0o755)
    agent = bed.start_agent(
        config(PEER, apps=(app("a", VIP4, f"exec:{command}"),), agent={"exec": {"user": "nobody"}}),
        wrapper=(*PLAIN_USER, "--inh-caps", capabilities, "--ambient-caps", capabilities),
    )
    wait_until(lambda: "no result within" in agent.app("a")["monitors"][0]["said"], "time-out")
    agent.stop()
    bed.wait_no_process("sleep 4811")
    bed.wait_no_process("sleep 4812")


def test_user_that_does_not_exist(bed: Testbed) -> None:
    bed.link()
    agent = bed.make_agent(config(PEER, agent={"exec": {"user": "no-such-user"}}))
    agent.spawn()
    assert "no-such-user" in agent.expect_exit(1)


def test_command_that_cannot_be_executed_is_reported(bed: Testbed) -> None:
    """Also as another user, where the failure comes through a fork."""
    bed.link()
    agent = bed.start_agent(
        config(
            PEER,
            apps=(app("a", VIP4, "exec:true"),),
            agent={"exec": {"user": "nobody"}},
        ),
        wrapper=("/usr/bin/env", "PATH=/nonexistent"),
    )
    wait_until(
        lambda: "No such file" in json.dumps(agent.app("a")["monitors"]), "the reason is shown"
    )


def test_commands_get_no_token(bed: Testbed) -> None:
    secrets = {"CONSUL_HTTP_TOKEN": "s3cret", "AWS_SECRET_KEY": "s3cret", "SITE": "ams", "LANG": "C"}
    monitor = "exec:env | sort | tr '\\n' ' '"
    section = {"exec": {"env": ["SITE", "MISSING"]}, "monitor_interval": "1s"}
    apps = (app("a", VIP4, monitor),)
    bed.link()
    agent = bed.start_agent(config(PEER, apps=apps, agent=section), env=secrets)
    wait_until(lambda: agent.app("a")["health"] == "up", "the command ran")
    said = agent.app("a")["monitors"][0]["output"]
    names = {word.split("=")[0] for word in said.split() if "=" in word}
    shell = {"PWD", "SHLVL", "_", "OLDPWD"}
    marks = {"VIPHERALD_AGENT", "VIPHERALD_CHECK"}
    assert names - shell - marks == {"PATH", "LANG", "HOME", "SITE"}
    assert "SITE=ams" in said and "s3cret" not in said
    assert "agent.exec.env: MISSING is not set" in agent.log


def test_home_is_that_of_the_user(bed: Testbed) -> None:
    section = {"exec": {"user": "nobody"}, "monitor_interval": "1s"}
    apps = (app("a", VIP4, "exec:echo home=$HOME"),)
    bed.link()
    agent = bed.start_agent(config(PEER, apps=apps, agent=section))
    wait_until(lambda: agent.app("a")["health"] == "up", "the command ran")
    home = pwd.getpwnam("nobody").pw_dir
    assert f"home={home}" in agent.app("a")["monitors"][0]["said"]


def test_secrets_are_redacted(bed: Testbed) -> None:
    """In the views, the log and what check prints."""
    apps = (
        app("url", VIP4, "http://admin:s3cret@127.0.0.1:9/"),
        app("command", OTHER_VIP, "exec:echo API_TOKEN=s3cret; false"),
    )
    bed.link()
    agent = bed.start_agent(config(PEER, apps=apps))
    wait_until(lambda: agent.app("command")["health"] == "down", "the command failed")
    wait_until(lambda: agent.app("url")["health"] == "down", "the request failed")
    for path in ("/v1/apps", "/v1/status", "/v1/routes", "/readyz", "/metrics"):
        assert "s3cret" not in agent.get(path).text, path
    assert "http://***@127.0.0.1:9/" in agent.get("/v1/apps").text
    assert "s3cret" not in agent.get("/register?name=x&vip=1&monitor=http://a:s3cret@[").text
    assert "s3cret" not in agent.log
    config_file = bed.workdir / "broken.yaml"
    config_file.write_text("apps: [ { name: a, vip: 192.0.2.1/32, monitors: 'http://a:s3cret@[' } ]")
    command = [str(binary()), "check", str(config_file)]
    check = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert "http://***@[" in check.stdout + check.stderr
    assert "s3cret" not in check.stdout + check.stderr
