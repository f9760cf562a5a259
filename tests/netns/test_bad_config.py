"""Broken configurations: the agent refuses them, `check` says where and why, all at once."""

import re
import subprocess
from pathlib import Path

import pytest

from .agent import SANITIZER_ENV, binary
from .configs import VIP4
from .testbed import Testbed
from .wait import TIMEOUT

HEAD = "bgp:\n  local_as: 65001\n  peers:\n  - peer_ip: 10.0.1.1\n    peer_as: 65000\n"

GOOD = f"""{HEAD}
apps:
- name: a
  vip: {VIP4}
  monitors: [ "port:tcp:53", "exec:true" ]
  nats: [ "tcp:53:8053" ]
"""


def apps(text: str) -> str:
    return f"{HEAD}apps:\n{text}"


def one_app(more: str) -> str:
    return apps(f"- name: a\n  vip: {VIP4}\n  {more}\n")


# name: the file, the line of the first error, and what its message names
BAD: dict[str, tuple[str, int, str]] = {
    "no yaml": ("bgp: [\n", 2, ""),
    "tab": ("bgp:\n\tlocal_as: 1\n", 2, ""),
    "empty": ("", 0, ""),
    "a list": ("- bgp\n", 1, ""),
    "unknown key": (HEAD + "agnet:\n  listen_addr: :1\n", 6, "agent"),
    "misspelt monitors": (one_app("monitor: [ 'port:tcp:53' ]"), 9, "monitors"),
    "unknown key of a peer": (HEAD + "    pasword: x\n", 6, "password"),
    "duplicate key": (HEAD + "  local_as: 65002\n", 6, "local_as"),
    "as is text": (HEAD.replace("65001", "hello"), 2, "hello"),
    "as is a list": (HEAD.replace("65001", "[1]"), 2, "local_as"),
    "as 0": (HEAD.replace("65001", "0"), 2, "0"),
    "as too large": (HEAD.replace("65001", "4294967296"), 2, "4294967296"),
    "as negative": (HEAD.replace("65001", "-1"), 2, "-1"),
    "peer_ip no address": (HEAD.replace("10.0.1.1", "router"), 4, "router"),
    "peers is a map": ("bgp:\n  local_as: 1\n  peers:\n    peer_ip: 10.0.1.1\n", 4, "peers"),
    "peer twice": (HEAD + "  - peer_ip: 10.0.1.1\n    peer_as: 65002\n", 6, "10.0.1.1"),
    "no peer_as": (HEAD.replace("    peer_as: 65000\n", ""), 4, "peer_as"),
    "bool is text": (HEAD + "    multi_hop: perhaps\n", 6, "perhaps"),
    "port 0": (HEAD + "    port: 0\n", 6, "0"),
    "port 99999": (HEAD + "    port: 99999\n", 6, "99999"),
    "duration without unit": (HEAD + "agent:\n  monitor_interval: 10\n", 7, "10"),
    "duration wrong": (HEAD + "agent:\n  cleanup_timer: soon\n", 7, "soon"),
    "hold time of 1 s": (HEAD + "    hold_time: 1s\n", 6, "1s"),
    "origin": (HEAD + "  origin: ospf\n", 6, "ospf"),
    "community": (HEAD + "  communities: [ '70000:1' ]\n", 6, "70000:1"),
    "listen_addr": (HEAD + "agent:\n  listen_addr: :99999\n", 7, ":99999"),
    "router_id": (HEAD + "  router_id: 0.0.0.0\n", 6, "0.0.0.0"),
    "password too long": (HEAD + f"    password: {'x' * 81}\n", 6, "80"),
    "app without name": (apps(f"- vip: {VIP4}\n"), 7, "name"),
    "app without vip": (apps("- name: a\n"), 7, "vip"),
    "vip host bits": (apps("- name: a\n  vip: 192.0.2.1/24\n"), 8, "192.0.2.0/24"),
    "vip length 0": (apps("- name: a\n  vip: 0.0.0.0/0\n"), 8, "0.0.0.0/0"),
    "vip a number": (apps("- name: a\n  vip: 53\n"), 8, "53"),
    "same name": (apps(f"- name: a\n  vip: {VIP4}\n- name: a\n  vip: 192.0.2.1/32\n"), 9, "a"),
    "same vip": (apps(f"- name: a\n  vip: {VIP4}\n- name: b\n  vip: {VIP4}\n"), 10, VIP4),
    "monitor port 99999": (one_app("monitors: [ 'port:tcp:99999' ]"), 9, "99999"),
    "monitor port 0": (one_app("monitors: [ 'port:tcp:0' ]"), 9, "port:tcp:0"),
    "monitor kind": (one_app("monitors: [ 'prot:tcp:53' ]"), 9, "prot"),
    "monitors is text": (one_app("monitors: true"), 9, "monitors"),
    "nat": (one_app("nats: [ 'tcp' ]"), 9, "tcp"),
    "app community": (one_app("vip_config: { bgp_communities: [ '100' ] }"), 9, "100"),
}


def check(path: Path) -> tuple[int, str]:
    result = subprocess.run(
        [binary(), "check", path],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        env=SANITIZER_ENV,
    )
    return result.returncode, result.stdout + result.stderr


@pytest.mark.parametrize("name", BAD)
def test_check_names_place_and_reason(tmp_path: Path, name: str) -> None:
    text, line, named = BAD[name]
    path = tmp_path / "agent.yaml"
    path.write_text(text)
    status, output = check(path)
    assert status == 1, output
    place = rf"{re.escape(str(path))}:{line}:\d+: " if line else re.escape(str(path))
    finding = re.search(rf"^{place}.*error.*$", output, re.MULTILINE)
    assert finding, f"no error in line {line}:\n{output}"
    assert named in finding[0]


def test_check_accepts_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(GOOD)
    status, output = check(path)
    assert status == 0, output
    assert "error" not in output


def test_check_names_every_error_at_once(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(one_app("monitors: [ 'port:tcp:0', 'ping:1' ]").replace("65001", "x"))
    status, output = check(path)
    assert status == 1
    places = [int(match[1]) for match in re.finditer(r"yaml:(\d+):\d+: .*error", output)]
    assert places == [2, 9, 9], output


def test_check_of_a_missing_file(tmp_path: Path) -> None:
    status, output = check(tmp_path / "nothing.yaml")
    assert status == 1
    assert "nothing.yaml" in output and "No such file" in output


@pytest.mark.parametrize("name", ["no yaml", "misspelt monitors", "same vip", "port 99999"])
def test_agent_refuses_the_file_with_the_same_words(bed: Testbed, name: str) -> None:
    text, line, named = BAD[name]
    agent = bed.make_agent(text)
    agent.spawn()
    log = agent.expect_exit(78)
    assert f"{agent.config_path}:{line}:" in log and named in log
    assert bed.host.loopback_addresses() == {}


@pytest.mark.parametrize("arguments", [[], ["-config="], ["--nonsense"], ["check"], ["nonsense"]])
def test_wrong_command_line_is_refused(arguments: list[str]) -> None:
    result = subprocess.run(
        [binary(), *arguments], capture_output=True, text=True, timeout=TIMEOUT, env=SANITIZER_ENV
    )
    assert result.returncode in (1, 2)
    assert result.stderr.strip()
