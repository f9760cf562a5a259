"""The command line as a client of the running agent."""

import json
import os
import pty
import socket
import subprocess
from pathlib import Path

import pytest

from .agent import Agent, binary, to_yaml
from .configs import PORT, VIP4, VIP6, app, config, peer
from .testbed import Testbed
from .wait import wait_until

DEAD = "192.0.2.66/32"


class Client:
    def __init__(self, bed: Testbed, agent: Agent):
        self._host = bed.host
        self.env = {**os.environ, "VIPHERALD_API": agent.listen_addr, "TERM": "xterm"}

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        with self._host.inside():
            return subprocess.run(
                [binary(), *words], capture_output=True, text=True, timeout=60,
                env={**self.env, **env},
            )

    def __call__(self, *words: str, status: int = 0) -> str:
        result = self.run(*words)
        assert result.returncode == status, f"{words}: {result}"
        return result.stdout if status == 0 else result.stderr

    def on_terminal(self, *words: str, **env: str) -> str:
        """Its output on a terminal of 80 columns."""
        master, slave = pty.openpty()
        with self._host.inside():
            process = subprocess.Popen(
                [binary(), *words], stdout=slave, stderr=slave,
                env={**self.env, "COLUMNS": "80", **env},
            )
        os.close(slave)
        said = b""
        try:
            while block := os.read(master, 65536):
                said += block
        except OSError:  # the other end is closed
            pass
        os.close(master)
        assert process.wait(20) == 0, said
        return said.decode().replace("\r\n", "\n")


@pytest.fixture
def running(bed: Testbed) -> tuple[Agent, Client]:
    router = bed.start_router("bird")
    bed.start_service(PORT)
    apps = (app("dns", [VIP4, VIP6], f"port:tcp:{PORT}"), app("web", DEAD, "port:tcp:1"))
    agent = bed.start_agent(config(peer(router), apps=apps))
    router.wait_routes(VIP4, VIP6)
    return agent, Client(bed, agent)


def rows(text: str) -> dict[str, list[str]]:
    """By their first word; columns are two spaces and more apart."""
    return {line.split()[0]: line.split() for line in text.splitlines() if line.split()}


def test_views(running: tuple[Agent, Client]) -> None:
    agent, client = running
    [session] = agent.status("peers")["peers"]
    status = client("status")
    assert "1 up, 1 down" in status and "2 of 3 announced" in status
    assert "1 of 1 established" in status
    apps = rows(client("apps"))
    assert apps["dns"][1] == "up" and apps["dns"][3:6] == ["1", "of", "1"]
    assert apps["web"][1] == "down" and "tcp port 1" in client("apps", "--state", "down")
    assert client("apps", "--names").split() == ["dns", "web"]
    assert client("apps", "--names", "--state=down").split() == ["web"]
    assert "nothing listens on tcp port 1" in client("app", "web")
    assert rows(client("vips"))[VIP4][1:4] == ["dns", "yes", "up"]
    assert rows(client("peers"))[session["address"]][2] == "established"
    assert client("neighbor", "--names").split() == [session["address"]]
    assert "external" in client("peer", session["address"])
    routes = rows(client("routes", "--peer", session["address"]))
    assert routes[VIP4][1:4] == [session["address"], "sent", "10.0.1.2"]
    assert routes[DEAD][2] == "not-announced"
    assert client("adj-out", "--peer=192.0.2.1", status=1) == (
        "vipherald: no peer '192.0.2.1', 'vipherald peers' lists them\n"
    )
    assert "0 of 0 present" in client("nat")
    assert "not used" in client("consul")


def test_register_and_unregister(bed: Testbed, running: tuple[Agent, Client]) -> None:
    agent, client = running
    words = ("register", "ntp", "--vip", "192.0.2.99/32", "--monitor", f"port:tcp:{PORT}")
    assert client(*words, "--communities=65001:7,65001:8", "--ttl", "1h") == "ntp: registered\n"
    wait_until(lambda: agent.app("ntp")["announced"], "it is announced")
    assert agent.app("ntp")["communities"] == ["65001:7", "65001:8"]
    assert client(*words) == "ntp: replaced\n"
    assert client("unregister", "ntp") == "ntp: unregistered\n"
    for more in [], ["--json"]:
        result = client.run("unregister", "ntp", *more)
        assert result.returncode == 1, result
        assert result.stderr == "vipherald: no app 'ntp', 'vipherald apps' lists them\n"
        assert '"unknown"' in result.stdout if more else result.stdout == ""
    assert "monitor 'nonsense'" in client("register", "x", "--vip=192.0.2.98/32",
                                          "--monitor=nonsense", status=1)


def test_where_the_agent_is_looked_for(running: tuple[Agent, Client]) -> None:
    """Its own socket, that of any agent, and 127.0.0.1:8080, where clients are not admin; a socket that a
    killed agent left is passed over."""
    agent, client = running
    del client.env["VIPHERALD_API"]
    client.env["RUNTIME_DIRECTORY"] = str(agent.run_dir)
    [own] = agent.run_dir.glob("api-*.sock")
    link, moved = agent.run_dir / "api.sock", own.with_name("other.sock")
    target = os.readlink(link)
    link.unlink()
    assert client("log", "info") == "log: changed\n"
    own.rename(moved)
    link.symlink_to(moved.name)
    assert client("log", "info") == "log: changed\n"
    link.unlink()
    assert "requires the role 'admin'" in client("log", "info", status=1)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(own))  # nothing listens
    assert "1 up, 1 down" in client("status")
    own.unlink()
    moved.rename(own)
    link.symlink_to(target)


def test_listen_addr_of_the_file_is_asked(bed: Testbed) -> None:
    """Where there is no admin socket, and the file is where it is installed; else 127.0.0.1:8080."""
    bed.link()
    entry = {"peer_ip": "10.0.1.1", "peer_as": 65000}
    agent = bed.start_agent(config(entry, agent={"listen_addr": "127.0.0.1:8099"}))

    def status(file: Path) -> subprocess.CompletedProcess[str]:
        mounts = (
            "mount -t tmpfs none /etc && mkdir /etc/vipherald && "
            f"cp {file} /etc/vipherald/config.yaml && exec \"$@\""
        )
        wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", mounts, "sh"]
        with bed.host.inside():
            return subprocess.run(
                [*wrapper, binary(), "status"], capture_output=True, text=True, timeout=20,
                env={**os.environ, "RUNTIME_DIRECTORY": str(bed.workdir / "nowhere")},
            )

    assert "0 of 1 established" in status(agent.config_path).stdout
    everywhere, broken = bed.workdir / "everywhere.yaml", bed.workdir / "broken.yaml"
    everywhere.write_text(agent.config_path.read_text().replace("127.0.0.1:8099", "[::]:8099"))
    broken.write_text("agent: { listen_addr: 127.0.0.1:8099, nat: 3 }\n")
    for file, place in ((everywhere, "[::1]:8099"), (broken, "127.0.0.1:8080")):
        assert f"cannot reach the agent at {place}: Connection refused" in status(file).stderr


def test_an_app_of_the_file_returns(running: tuple[Agent, Client]) -> None:
    """By its name, by a reload, and at the next start."""
    agent, client = running
    said = client("unregister", "dns")
    assert "'register' with its name alone, a reload or the next start registers it again" in said
    assert "no app 'dns'" in client("app", "dns", status=1)
    assert client("register", "dns") == "dns: registered\n"
    wait_until(lambda: agent.app("dns")["announced"], "it is announced")
    assert agent.app("dns")["source"] == "config"
    assert client("register", "dns") == "dns: unchanged\n"
    assert "no app of the configuration file" in client("register", "nothing", status=1)
    client("unregister", "dns")
    client.env["VIPHERALD_API"] = f"unix:{agent.run_dir}/api.sock"
    same = str(agent.config_path)
    said = client.run("diff", same)
    assert (said.returncode, said.stdout) == (1, "app dns added: announced when healthy\n")
    assert "app dns added" in client("reload")
    assert agent.app("dns")["source"] == "config"
    assert client("diff", same) == ""
    client("unregister", "dns")
    agent.stop()
    agent.start()
    wait_until(lambda: agent.app("dns")["announced"], "it is announced after a restart")


def test_drain_and_wait(running: tuple[Agent, Client]) -> None:
    agent, client = running
    said = client("drain", "dns", "--reason", "new disk, 20 % faster", "--for", "1h")
    assert said == "dns: drained\n"
    [request] = agent.app("dns")["drain"]["holds"]
    assert request["reason"] == "new disk, 20 % faster"
    assert "new disk, 20 % faster" in client("app", "dns")
    assert client("undrain", "dns", "--wait") == "dns: undrained\n"
    assert agent.app("dns")["announced"]
    assert client("drain") == "agent: drained\n"
    assert client("undrain", "--wait") == "agent: undrained\n"


def test_drain_waits_for_the_withdrawal(bed: Testbed) -> None:
    router = bed.start_router("bird")
    bed.start_service(PORT)
    structure = config(
        peer(router),
        apps=(app("dns", VIP4, f"port:tcp:{PORT}"),),
        agent={"drain_time": "300ms"},
    )
    agent = bed.start_agent(structure)
    router.wait_routes(VIP4)
    client = Client(bed, agent)
    client("drain", "dns", "--wait")
    assert agent.app("dns")["state"] == "drained"
    router.wait_routes()
    client("undrain", "dns", "--wait")
    assert agent.app("dns")["announced"]


def test_waiting_ends_with_the_drain(bed: Testbed) -> None:
    """Also when the drain ends before the routes are withdrawn, and when the app is down after it."""
    router = bed.start_router("bird")
    dns = app("dns", VIP4, f"port:tcp:{PORT}")
    agent = bed.start_agent(config(peer(router), apps=(dns,), agent={"drain_time": "1h"}))
    client = Client(bed, agent)
    service = bed.start_service(PORT)
    router.wait_routes(VIP4)
    client("drain", "dns", "--for", "1s", "--wait")
    assert agent.app("dns")["drain"] is None
    service.kill()
    wait_until(lambda: agent.app("dns")["health"] == "down", "down")
    client("undrain", "dns", "--wait")


def test_one_peer(running: tuple[Agent, Client]) -> None:
    agent, client = running
    [known] = agent.status("peers")["peers"]
    assert json.loads(client("peer", known["address"], "--json"))["address"] == known["address"]
    client("peer", "10.9.9.9", "--json", status=1)
    client("peer", "10.9.9.9", status=1)


def test_explain(running: tuple[Agent, Client]) -> None:
    _, client = running
    fine = client("explain", "dns")
    assert "announced to 1 of 1 peer\n" in fine and " NO " not in fine
    said = client("explain", DEAD)
    assert f"{DEAD} of web: announced to 0 of 1 peer\n" in said
    [failing] = [line for line in said.splitlines() if line.startswith("  NO")]
    assert "health" in failing and "nothing listens on tcp port 1" in failing
    assert "do: look at the checks: vipherald app web" in said
    for vip in (VIP6, VIP6.partition("/")[0]):
        assert client("explain", vip).count(" of dns:") == 1
    assert "no app, no VIP and no aggregate 'nothing'" in client("explain", "nothing", status=1)


def test_explain_names_the_session(bed: Testbed) -> None:
    bed.link()
    bed.start_service(PORT)
    structure = config(
        {"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=(app("dns", VIP4, f"port:tcp:{PORT}"),)
    )
    agent = bed.start_agent(structure)
    client = Client(bed, agent)
    wait_until(lambda: agent.app("dns")["vips"][0]["bound"], "the VIP is bound")
    said = client("explain", "dns")
    [failing] = [line for line in said.splitlines() if line.startswith("  NO")]
    assert "session" in failing and "10.0.1.1" in failing
    assert "do: vipherald peer 10.0.1.1 says why" in said and "(for " in failing


def test_orders_for_a_peer(running: tuple[Agent, Client]) -> None:
    agent, client = running
    [session] = agent.status("peers")["peers"]
    address = session["address"]
    client.env["VIPHERALD_API"] = f"unix:{agent.run_dir}/api.sock"
    assert client("peer", address, "disable", "--text", "a b&c") == f"{address}: disabled\n"
    assert rows(client("peers"))[address][2] == "admin_down"
    assert "a b&c" in client("peer", address) and "1 disabled" in client("status")
    assert f"do: vipherald peer {address} enable" in client("explain", "dns")
    assert client("peer", address, "reset", status=1).endswith(": enable it\n")
    told = agent.wait_event("request.peer", peer=address, by="uid 0", level="info")["text"]
    assert told.startswith(f"disable peer {address} by uid 0") and told.endswith(": a b&c"), told
    off = agent.wait_event("peer.disabled", peer=address, level="info")["text"]
    assert "a b&c" in off and off.endswith(f"vipherald peer {address} enable lets it come up again"), off
    assert "stored" in client("peer", address, "enable", "--json")
    on = f"peer {address}: enabled, connecting"
    agent.wait_event("peer.enabled", peer=address, level="info", text=on)
    wait_until(lambda: agent.peer(address)["state"] == "established", "the session is back")
    assert client("peer", address, "reset", "--soft") == f"{address}: refreshed\n"
    assert client("peer", address, "refresh", "--port", "179") == f"{address}: refreshed\n"
    assert agent.peer(address)["sessions"] == 2
    assert client("peer", address, "reset", "--hard") == f"{address}: reset\n"
    wait_until(lambda: agent.peer(address)["sessions"] == 3, "another session")
    assert "unknown parameter 'soft'" in client("peer", address, "enable", "--soft", status=1)
    assert "is not enable, disable" in client("peer", address, "kill", status=2)
    assert "no peer '10.9.9.9'" in client("peer", "10.9.9.9", "enable", status=1)


def test_what_is_not_there(running: tuple[Agent, Client]) -> None:
    _, client = running
    assert "'nothing'" in client("app", "nothing", status=1)
    assert client("drain", "nothing", status=1)
    assert client.run("peer", "192.0.2.1").returncode == 1
    assert client("apps", "--nonsense", status=2)
    assert client("app", status=2)


def test_config_show(bed: Testbed, running: tuple[Agent, Client]) -> None:
    """It shows the configuration in effect, included files too, and can be loaded again."""
    agent, client = running
    included = bed.workdir / "more.yaml"
    included.write_text(to_yaml({"apps": [{**app("more", "192.0.2.70/32"), "group": "g"}]}))
    original = agent.config_path.read_text()
    agent.reload(f"include: {included}\n{original}")
    assert "role 'admin'" in client("config", "show", status=1)
    admin = {"VIPHERALD_API": f"unix:{agent.run_dir}/api.sock"}
    result = client.run("config", "show", **admin)
    assert result.returncode == 0 and "name: more" in result.stdout
    shown = bed.workdir / "shown.yaml"
    shown.write_text(result.stdout)
    for words in (("diff", str(shown)), ("check", "--config", str(shown))):
        again = client.run(*words, **admin)
        assert again.returncode == 0, again
    whole = client.run("config", "show", "--defaults", **admin).stdout
    assert "drain_time: " in whole and "drain_time: 30s" not in result.stdout
    shown.write_text(whole)
    assert client.run("diff", str(shown), **admin).returncode == 0
    answer = agent.admin("/v1/config")
    assert json.loads(client.run("config", "show", "--json", **admin).stdout) == answer.json()
    assert agent.admin("/v1/config?x=1").status == 400
    assert agent.admin("/v1/config", "POST").status == 405
    assert "expected show" in client("config", "hide", status=2)


def test_no_agent(bed: Testbed) -> None:
    bed.link()
    with bed.host.inside():
        result = subprocess.run(
            [binary(), "status", "--api", "127.0.0.1:9"], capture_output=True, text=True
        )
    assert result.returncode == 3
    assert "cannot reach the agent at 127.0.0.1:9: Connection refused" in result.stderr


def test_over_a_unix_socket(bed: Testbed) -> None:
    bed.link()
    path = bed.workdir / "api.sock"
    agent = bed.make_agent(
        config({"peer_ip": "10.0.1.1", "peer_as": 65000}, agent={"listen_addr": f"unix:{path}"})
    )
    agent.start()
    client = Client(bed, agent)
    assert "0 of 1 established" in client("status")
    assert "0 of 1 established" in client("status", f"--api={path}")


def test_colors_are_for_terminals(running: tuple[Agent, Client]) -> None:
    _, client = running
    assert "\033" not in client("apps")
    assert "\033[32mup\033[0m" in client("apps", "--color=always")
    seen = client.on_terminal("apps")
    assert "\033[32mup\033[0m" in seen and "\033[31mdown\033[0m" in seen
    assert "\033" not in client.on_terminal("apps", NO_COLOR="1")
    assert "\033" not in client.on_terminal("apps", TERM="dumb")
    for line in client.on_terminal("apps", NO_COLOR="1").splitlines():
        assert len(line) <= 80
    narrow = client.on_terminal("apps", NO_COLOR="1", COLUMNS="60").splitlines()
    assert any(line.endswith("…") for line in narrow)


def test_watch(bed: Testbed, running: tuple[Agent, Client]) -> None:
    agent, client = running
    with bed.host.inside():
        process = subprocess.Popen(
            [binary(), "apps", "--watch=10ms", "--names"], stdout=subprocess.PIPE,
            env=client.env, text=True,
        )
    assert process.stdout
    try:
        seen = [process.stdout.readline() for _ in range(6)]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert seen == ["dns\n", "web\n"] * 3
    assert agent.process.running


# Of each verb: a command line that asks the agent, one that it refuses (None: it refuses none, or there
# is nothing to do), and one that is wrong.
VERBS: dict[str, tuple[list[str], list[str] | None, list[str]]] = {
    "status": ([], None, ["x"]),
    "apps": ([], None, ["--nonsense"]),
    "app": (["dns"], ["nothing"], []),
    "vips": ([], None, ["--watch=never"]),
    "explain": (["dns"], ["nothing"], []),
    "peers": ([], None, ["--color=red"]),
    "neighbor": ([], None, ["x"]),
    "peer": (["10.0.1.1"], ["192.0.2.1"], []),
    "routes": ([], ["--peer=192.0.2.1"], ["--peer"]),
    "adj-out": ([], None, ["x"]),
    "nat": ([], None, ["x"]),
    "consul": ([], None, ["x"]),
    "nomad": ([], None, ["x"]),
    "events": ([], ["--kind=" + 100 * "x"], ["--limit=many"]),
    "history": (["dns"], ["nothing"], []),
    "register": (["x", "--vip=192.0.2.9/32"], ["x", "--vip=none"], []),
    "unregister": (["x"], ["nothing"], ["x", "y"]),
    "drain": (["dns"], ["nothing"], ["--for=0"]),
    "undrain": (["dns"], ["nothing"], ["x", "y"]),
    "check-now": (["dns"], ["web"], ["x", "--timeout"]),
    "reload": ([], ["--confirm=25h"], ["--confirm=0s"]),
    "confirm": ([], [], ["x"]),
    "config": (["show"], None, ["hide"]),
    "log": (["info"], ["info", "nothing"], ["bogus"]),
}


def as_root(agent: Agent, client: Client) -> Client:
    client.env["VIPHERALD_API"] = f"unix:{agent.run_dir}/api.sock"
    return client


def expect_one_line(result: subprocess.CompletedProcess[str], status: int) -> str:
    assert result.returncode == status, result
    assert result.stderr.startswith("vipherald: ") and result.stderr.count("\n") == 1, result
    return result.stderr


def test_exit_statuses(running: tuple[Agent, Client]) -> None:
    """0, 1, 2 and 3, as docs/cli.md says, and an error of one line."""
    client = as_root(*running)
    for verb, (fine, refused, wrong) in VERBS.items():
        if verb != "confirm":
            assert client.run(verb, *fine, "--json").returncode == 0, verb
        if refused is not None:
            result = client.run(verb, *refused)
            assert result.returncode == 1 and result.stdout + result.stderr, result
        said = expect_one_line(client.run(verb, *wrong), 2)
        name = {"neighbor": "peers", "adj-out": "routes"}.get(verb, verb)
        assert said.endswith(f"(vipherald {name} --help)\n"), said
        said = expect_one_line(client.run(verb, *fine, "--api=127.0.0.1:9"), 3)
        assert "is it running? --api or VIPHERALD_API names another" in said


def test_exit_statuses_of_diff(bed: Testbed, running: tuple[Agent, Client]) -> None:
    agent, client = running[0], as_root(*running)
    same, other, broken = agent.config_path, bed.workdir / "other.yaml", bed.workdir / "broken.yaml"
    other.write_text(same.read_text().replace(DEAD, "192.0.2.67/32"))
    broken.write_text("bgp: 1\n")
    for file, status in (same, 0), (other, 1), (broken, 2), (bed.workdir / "none", 2):
        assert client.run("diff", str(file)).returncode == status
        assert client.run("diff", str(same), str(file)).returncode == status
    expect_one_line(client.run("diff", str(same), "--api=127.0.0.1:9"), 3)
    expect_one_line(client.run("diff"), 2)


def test_exit_statuses_of_what_if(running: tuple[Agent, Client]) -> None:
    agent, client = running[0], as_root(*running)
    assert client("what-if", "--fail=web") == "nothing would change\n"  # it is down already
    assert client.run("what-if", "--fail=dns").returncode == 1
    assert client.run("what-if", "--fail=dns", "--json").returncode == 1
    assert "'nothing' is neither an app nor a kind of monitor" in expect_one_line(
        client.run("what-if", "--fail=nothing"), 2
    )
    assert "no peer '192.0.2.1'" in expect_one_line(
        client.run("what-if", "--peer-down=192.0.2.1"), 2
    )
    for wrong in [], ["dns"], ["--fail"], ["--fail="]:
        expect_one_line(client.run("what-if", *wrong), 2)
    expect_one_line(client.run("what-if", "--fail=dns", "--api=127.0.0.1:9"), 3)
    assert agent.app("dns")["health"] == "up"


def test_every_verb_is_tested_and_has_help(running: tuple[Agent, Client]) -> None:
    _, client = running
    listed = client("help").partition("(vipherald VERB --help):\n")[2]
    names = [line.split()[0] for line in listed.splitlines() if line.strip()]
    assert set(names) | {"neighbor", "adj-out"} == {
        *VERBS,
        *("define", "diff", "what-if", "fleet", "top", "completions", "convert"),
    }
    for name in names:
        said = client(name, "--help")
        assert f"usage: vipherald {name}" in said and f"Example: vipherald {name}" in said
        assert "Exit status: 0 " in said


def test_errors_without_a_verb(running: tuple[Agent, Client]) -> None:
    _, client = running
    for words in ["statsu"], ["-zzz"], ["-config=a", "check"], []:
        assert expect_one_line(client.run(*words), 2).endswith("(vipherald --help)\n")


def test_commands_without_an_agent_have_their_own_help(running: tuple[Agent, Client]) -> None:
    _, client = running
    wrong = {"check": [], "listen": ["--as=0"], "healthcheck": ["a.yaml"], "convert": []}
    for name, words in wrong.items():
        said = client(name, "--help")
        assert said.startswith(f"usage: vipherald {name} "), said
        assert f"\nExample: vipherald {name} " in said and "\nExit status: 0 " in said
        assert "Of the running agent" not in said
        said = expect_one_line(client.run(name, *words), 2)
        assert said.endswith(f"(vipherald {name} --help)\n"), said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["vipherald", "unr"], {"unregister"}),
        (["vipherald", "log", "de"], {"debug"}),
        (["vipherald", "app", "d"], {"dns"}),
        (["vipherald", "drain", "--wa"], {"--wait"}),
    ],
)
def test_bash_completes(running: tuple[Agent, Client], words: list[str], expected: set[str]) -> None:
    _, client = running
    script = (
        'eval "$(vipherald completions bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        'function=$(complete -p vipherald | sed "s/.* -F \\([^ ]*\\).*/\\1/"); $function; '
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = f"{os.path.dirname(os.path.abspath(binary()))}:{os.environ['PATH']}"
    with client._host.inside():
        said = subprocess.run(
            ["bash", "-c", script, "bash", *words], capture_output=True, text=True, timeout=20,
            env={**client.env, "PATH": path},
        )
    assert set(said.stdout.split()) == expected, said


def test_convert_to_a_full_disk(bed: Testbed) -> None:
    source = bed.workdir / "gocast.yaml"
    source.write_text("bgp: { local_as: 65001, peer_as: 65000, peer_ip: 10.0.0.1 }\n")
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [binary(), "convert", "gocast", str(source)], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert "convert: output incomplete: No space left on device" in result.stderr, result
    assert result.returncode not in (0, 1)
