"""A container of the image does the agent's job, between a real router and a real client."""

import fcntl
import os
import signal
from functools import partial
from pathlib import Path

import pytest
from netns.configs import VIP4, VIP6, app, config, peer
from netns.nat import BACKENDS, DEST, NatBed, is_silent, nat_app, nat_status, wait_announced
from netns.process import children, is_zombie
from netns.testbed import Testbed
from netns.wait import wait_until

from .container import AS_GOCAST, Container
from .engine import Engine, EngineError

PORT = 5353
WEB = app("web", [VIP4, VIP6], f"port:tcp:{PORT}")
both = pytest.mark.parametrize("backend", BACKENDS)


def start(bed: Testbed, engine: Engine, configuration: dict, *options: str) -> Container:
    """With exactly these options, or as GoCast is run."""
    how = partial(Container, engine=engine, options=options or AS_GOCAST)
    container = bed.make_agent(configuration, how)
    container.start()
    return container


@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_announces_while_healthy_and_stops(bed: Testbed, engine: Engine, kind: str) -> None:
    router = bed.start_router(kind)
    service = bed.start_service(PORT)
    container = start(bed, engine, config(peer(router), apps=(WEB,)))
    routes = router.wait_routes(VIP4, VIP6)
    assert routes[VIP4].next_hop == router.link.host_ip
    assert routes[VIP6].next_hop == router.link.host_ip6
    assert bed.host.loopback_addresses() == {VIP4: "lo:web", VIP6: ""}

    service.kill()
    router.wait_routes()
    service.start()
    router.wait_routes(VIP4, VIP6)

    container.stop()
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}
    assert "withdrawing all routes" in container.log


@both
def test_nat_traffic_and_nothing_left(
    bed: Testbed, engine: Engine, backend: str, xtables_lock: Path
) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    container = start(bed, engine, nat.config(nat_app("dns"), backend=backend))
    wait_announced(container, "dns")
    assert nat_status(container)["backend"] == backend
    nat.assert_all_answer()
    container.stop()
    assert nat.our_rules(backend) == []
    assert bed.host.loopback_addresses() == {}
    assert is_silent(nat.client, "tcp", "192.0.2.53")


def test_default_back_end_needs_no_tool(bed: Testbed, engine: Engine) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    container = start(bed, engine, nat.config(nat_app("dns")))
    wait_announced(container, "dns")
    assert nat_status(container)["backend"] == "nftables"
    with pytest.raises(EngineError):
        container.execute("sh", "-c", "command -v nft || command -v iptables")
    nat.assert_all_answer()


def test_killed_and_started_again_adopts(bed: Testbed, engine: Engine) -> None:
    """Address, rules and traffic stay as they are from the kill to the next announcement."""
    nat = NatBed(bed)
    nat.start_echo()
    link = bed.link()
    router = bed.start_router("bird", link)
    structure = nat.config(nat_app("dns"))
    structure["bgp"]["peers"].append(peer(router))
    container = start(bed, engine, structure)
    router.wait_routes(VIP4, VIP6)
    wait_announced(container, "dns")
    changes = bed.host.start(["ip", "monitor", "address"], "changes")
    rules = nat.our_rules("nftables")

    container.kill()
    router.wait_routes()
    assert set(bed.host.loopback_addresses()) == {VIP4, VIP6}
    nat.assert_all_answer()

    container.start()
    router.wait_routes(VIP4, VIP6)
    wait_announced(container, "dns")
    assert nat.our_rules("nftables") == rules
    # An event of our own making comes after all that there were.
    bed.host.ip("addr add 10.77.77.77/32 dev lo")
    changes.wait_line("10.77.77.77")
    assert "Deleted" not in changes.log
    nat.assert_all_answer()
    bed.host.ip("addr del 10.77.77.77/32 dev lo")
    container.stop()
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}
    assert nat.ruleset() == ""


def test_registered_apps_outlive_the_container(bed: Testbed, engine: Engine) -> None:
    """An upgrade: the container goes, the next one has the same volume."""
    router = bed.start_router("bird")
    state = bed.workdir / "state"
    state.mkdir()
    options = (*AS_GOCAST, "-v", f"{state}:/var/lib/vipherald")
    container = start(bed, engine, config(peer(router)), *options)
    assert container.register("web", VIP4).json()["stored"] is True
    router.wait_routes(VIP4)
    container.stop()
    router.wait_routes()

    start(bed, engine, config(peer(router)), *options)
    router.wait_routes(VIP4)


def test_an_upgrade_is_not_noticed(bed: Testbed, engine: Engine) -> None:
    """SIGUSR2, and a new container: the router keeps the routes, the host its addresses."""
    router = bed.start_router("bird", graceful_restart=True)
    structure = config(peer(router), apps=(app("web", VIP4),), graceful_restart=True)
    container = start(bed, engine, structure)
    router.wait_routes(VIP4)
    changes = bed.host.start(["ip", "monitor", "address"], "changes")
    container.podman("kill", "--signal", "USR2", container.name)
    container.expect_exit(0)
    container.remove()
    router.wait_not_established()
    assert set(router.routes()) == {VIP4}

    start(bed, engine, structure)
    router.wait_established()
    assert set(router.routes()) == {VIP4}
    bed.host.ip("addr add 10.77.77.77/32 dev lo")
    changes.wait_line("10.77.77.77")
    assert "Deleted" not in changes.log
    bed.host.ip("addr del 10.77.77.77/32 dev lo")


class Upgraded:
    """A container with a restart policy, as the engine sees it after the commands of an upgrade."""

    def __init__(self, bed: Testbed, engine: Engine, policy: str):
        self.router = bed.start_router("bird", graceful_restart=True)
        self.structure = config(peer(self.router), apps=(app("web", VIP4),), graceful_restart=True)
        options = (*AS_GOCAST, f"--restart={policy}")
        self.container = start(bed, engine, self.structure, *options)
        self.router.wait_routes(VIP4)
        self.changes = bed.host.start(["ip", "monitor", "address"], "changes")
        self._bed, self._engine = bed, engine

    def assert_not_noticed(self) -> None:
        """A new container takes over: the router kept the routes, the host its addresses."""
        assert set(self.router.routes()) == {VIP4}
        start(self._bed, self._engine, self.structure)
        self.router.wait_established()
        assert set(self.router.routes()) == {VIP4}
        self._bed.host.ip("addr add 10.77.77.77/32 dev lo")
        self.changes.wait_line("10.77.77.77")
        assert "Deleted" not in self.changes.log
        self._bed.host.ip("addr del 10.77.77.77/32 dev lo")


def test_podman_starts_it_again_unless_it_failed(bed: Testbed, engine: Engine) -> None:
    """Why docs/container.md names another policy for podman: after SIGUSR2 it is the old container
    that goes on. The routes stay all the same."""
    upgraded = Upgraded(bed, engine, "unless-stopped")
    container, router = upgraded.container, upgraded.router
    container.podman("kill", "--signal", "USR2", container.name)
    wait_until(lambda: engine.inspect(container.name)["RestartCount"] == 1, "started again")
    assert container.state["Running"]
    router.wait_established()
    assert set(router.routes()) == {VIP4}
    # Removal ends such a container for good, as a crash does.
    container.remove()
    router.wait_not_established()
    upgraded.assert_not_noticed()


def test_upgrade_with_restart_on_failure(bed: Testbed, engine: Engine) -> None:
    """The policy and the commands of docs/container.md for podman; a crash is restarted."""
    upgraded = Upgraded(bed, engine, "on-failure")
    container, router = upgraded.container, upgraded.router
    os.kill(container.pid, signal.SIGKILL)
    wait_until(lambda: engine.inspect(container.name)["RestartCount"] == 1, "started again")
    router.wait_established()
    assert set(router.routes()) == {VIP4}
    container.podman("kill", "--signal", "USR2", container.name)
    assert container.podman("wait", container.name).strip() == "0"
    assert engine.inspect(container.name)["RestartCount"] == 1
    container.podman("rm", container.name)
    router.wait_not_established()
    upgraded.assert_not_noticed()


def test_registered_apps_outlive_a_kill(bed: Testbed, engine: Engine) -> None:
    """Without a volume they last as long as the container does."""
    router = bed.start_router("bird")
    container = start(bed, engine, config(peer(router)))
    assert container.register("web", VIP4).json()["stored"] is True
    router.wait_routes(VIP4)
    container.kill()
    router.wait_routes()
    container.start()
    router.wait_routes(VIP4)


def test_exec_monitors_have_bash_and_the_usual_tools(bed: Testbed, engine: Engine) -> None:
    router = bed.start_router("bird")
    bed.start_service(PORT)
    commands = {
        "bash": "[[ -n $BASH_VERSION && a1 =~ ^[a-z][0-9]$ ]]",
        "nc": f"nc -z -w 1 127.0.0.1 {PORT}",
        "curl": "curl -fs http://127.0.0.1:8080/healthz | grep -q ok",
        "ss": f"ss -Hltn sport = :{PORT} | grep -q {PORT}",
        "ping": "ping -c 1 -W 1 -q 127.0.0.1",
        "pgrep": "pgrep -x vipherald",
    }
    apps = tuple(
        app(name, f"192.0.2.{n}/32", f"exec:{command}")
        for n, (name, command) in enumerate(commands.items(), 1)
    )
    bad = app("bad", "192.0.2.99/32", "exec:nc -z -w 1 127.0.0.1 1")
    # Longer than a start of a process takes on a busy machine, which is no failure of the tool.
    slow = {"monitor_interval": "2s"}
    container = start(bed, engine, config(peer(router), apps=(*apps, bad), agent=slow))
    router.wait_routes(*(entry["vip"] for entry in apps))
    wait_until(lambda: container.app("bad")["health"] == "down", "the failing one failed")


def test_health_of_the_container(bed: Testbed, engine: Engine) -> None:
    """HEALTHCHECK, as the engine runs it: it finds the configuration, and a hanging agent."""
    unreachable = {"peer_ip": "10.9.9.1", "peer_as": 65000}
    container = start(bed, engine, config(unreachable, local_ip="10.9.9.9"))
    assert container.podman("healthcheck", "run", container.name).strip() in ("", "healthy")
    assert container.state["Health"]["Status"] == "healthy"
    [result] = container.state["Health"]["Log"]
    assert result["ExitCode"] == 0
    assert container.execute("vipherald", "healthcheck") == "127.0.0.1:8080/healthz: 200 ok\n"
    with pytest.raises(EngineError):
        container.execute("vipherald", "healthcheck", "--ready")

    os.kill(container.pid, signal.SIGSTOP)
    with pytest.raises(EngineError):
        container.podman("healthcheck", "run", container.name)
    os.kill(container.pid, signal.SIGCONT)
    container.podman("healthcheck", "run", container.name)


def test_health_over_a_unix_socket(bed: Testbed, engine: Engine) -> None:
    unreachable = {"peer_ip": "10.9.9.1", "peer_as": 65000}
    shared = bed.workdir / "shared"
    shared.mkdir()
    at = f"unix:{shared}/api"
    container = start(
        bed,
        engine,
        config(unreachable, local_ip="10.9.9.9", agent={"listen_addr": at}),
        *AS_GOCAST,
        "-v",
        f"{shared}:{shared}",
    )
    assert container.execute("vipherald", "healthcheck") == f"{at}/healthz: 200 ok\n"


def test_orphans_are_collected(bed: Testbed, engine: Engine) -> None:
    unreachable = {"peer_ip": "10.9.9.1", "peer_as": 65000}
    container = start(bed, engine, config(unreachable, local_ip="10.9.9.9"))
    first = container.pid
    container.execute("sh", "-c", "mkfifo gate; for i in 1 2 3; do (setsid cat gate &); done")
    wait_until(lambda: len(children(first)) == 3, "three orphans came to process 1")
    assert not any(map(is_zombie, children(first)))
    container.execute("pkill", "-x", "cat")
    wait_until(lambda: children(first) == [], "no zombie stays")


CONSUL = {"consul_addr": "http://127.0.0.1:1"}


def test_consul_works(bed: Testbed, engine: Engine) -> None:
    """The library for it is loaded at run time; no Consul answers here."""
    unreachable = {"peer_ip": "10.9.9.1", "peer_as": 65000}
    structure = config(unreachable, local_ip="10.9.9.9", agent=CONSUL)
    container = start(bed, engine, structure, *AS_GOCAST, "-e", "CONSUL_NODE=here")
    container.wait_log(r"consul.*127\.0\.0\.1:1.*([Cc]onnect|refused)")
    assert "without Consul" not in container.log


# Which capability is needed for what, as docs/container.md says

NOTHING_ELSE = ("--net=host", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only")


def test_net_admin_alone_is_enough(bed: Testbed, engine: Engine) -> None:
    """Without any other capability, on a file system that cannot be written to."""
    nat = NatBed(bed)
    nat.start_echo()
    router = bed.start_router("bird", bed.link())
    structure = nat.config(nat_app("dns", monitors=[f"exec:nc -z {nat.link.host_ip} {DEST}"]))
    structure["bgp"]["peers"].append(peer(router))
    container = start(bed, engine, structure, *NOTHING_ELSE, "--cap-add=NET_ADMIN")
    router.wait_routes(VIP4, VIP6)
    nat.assert_all_answer()
    container.stop()
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}


def test_without_net_admin_it_says_so(bed: Testbed, engine: Engine) -> None:
    router = bed.start_router("bird")
    container = start(bed, engine, config(peer(router), apps=(app("web", VIP4),)), "--net=host")
    router.wait_established()
    container.wait_log("CAP_NET_ADMIN is missing")
    assert router.routes() == {}
    assert not container.app("web")["vips"][0]["announced"]
    assert container.get("/readyz").status == 503


def test_legacy_iptables_needs_net_raw(bed: Testbed, engine: Engine, xtables_lock: Path) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    structure = nat.config(nat_app("dns"), backend="iptables")
    writable = [option for option in NOTHING_ELSE if option != "--read-only"]
    container = start(bed, engine, structure, *writable, "--cap-add=NET_ADMIN")
    wait_until(
        lambda: "CAP_NET_RAW" in (nat_status(container)["error"] or ""), "NET_RAW is asked for"
    )
    container.stop()

    container = start(bed, engine, structure, *writable, "--cap-add=NET_ADMIN,NET_RAW")
    wait_announced(container, "dns")
    nat.assert_all_answer()


def test_legacy_iptables_waits_for_the_lock_of_the_host(
    bed: Testbed, engine: Engine, xtables_lock: Path
) -> None:
    """The lock file is mounted where the image's iptables would look for it."""
    nat = NatBed(bed)
    structure = nat.config(nat_app("dns"), backend="iptables")
    mount = f"--mount=type=bind,source={xtables_lock},target=/run/xtables.lock"
    with open(xtables_lock) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        container = start(bed, engine, structure, *AS_GOCAST, mount)
        wait_until(
            lambda: "held by another process" in (nat_status(container)["error"] or ""),
            "it waits for the lock",
        )
        assert nat.our_rules("iptables") == []
    wait_announced(container, "dns")


def test_commands_of_another_user(bed: Testbed, engine: Engine) -> None:
    """Needs SETUID, SETGID and KILL, which containers have as a rule."""
    router = bed.start_router("bird")
    who = app("who", VIP4, "exec:[[ $(id -un) = nobody ]]")
    structure = config(peer(router), apps=(who,), agent={"exec": {"user": "nobody"}})
    container = start(bed, engine, structure)
    router.wait_routes(VIP4)
    container.stop()
    router.wait_routes()

    container = start(bed, engine, structure, *NOTHING_ELSE, "--cap-add=NET_ADMIN")
    container.wait_log("CAP_SETUID is missing")
    assert container.app("who")["health"] == "unknown"


def test_listening_for_bgp_needs_net_bind_service(bed: Testbed, engine: Engine) -> None:
    unreachable = {"peer_ip": "10.9.9.1", "peer_as": 65000}
    structure = config(unreachable, listen=True, local_ip="10.9.9.9")
    with_it = start(bed, engine, structure, *NOTHING_ELSE, "--cap-add=NET_ADMIN,NET_BIND_SERVICE")
    wait_until(lambda: bed.host.is_listening(179), "it listens on port 179")
    with_it.stop()
    without = start(bed, engine, structure, *NOTHING_ELSE, "--cap-add=NET_ADMIN")
    without.wait_log("CAP_NET_BIND_SERVICE is missing")
    assert not bed.host.is_listening(179)

