"""As a plain user with exactly the capabilities that are needed, and without one that is needed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from .agent import Agent
from .configs import PORT, VIP4, VIP6, app, config, peer
from .nat import BACKENDS, DEST, VIPS, NatBed, nat_app, vip_status, wait_announced
from .privileges import as_plain_user, without
from .test_probes import wait_not_ready, wait_ready
from .testbed import Testbed
from .wait import wait_until

pytestmark = pytest.mark.usefixtures("xtables_lock")

NEEDED = {"nftables": ("net_admin",), "iptables": ("net_admin", "net_raw")}


def start_as_user(
    bed: Testbed, structure: dict[str, Any], capabilities: Sequence[str]
) -> Agent:
    bed.workdir.chmod(0o755)
    return bed.start_agent(structure, wrapper=as_plain_user(capabilities))


def missing(agent: Agent) -> list[str]:
    return agent.status("capabilities")["missing"]


def complaints(agent: Agent) -> list[str]:
    return [line for line in agent.log.splitlines() if " capability: " in line]


@pytest.mark.parametrize("backend", BACKENDS)
def test_plain_user_does_everything(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    router = bed.start_router("bird", link=nat.link, password="s3cret")
    nat.start_echo()
    structure = nat.config(nat_app("dns"), backend=backend)
    structure["bgp"]["peers"] = [peer(router, password="s3cret")]
    agent = start_as_user(bed, structure, NEEDED[backend])
    router.wait_routes(*VIPS)
    nat.assert_all_answer()
    wait_ready(agent)
    assert missing(agent) == complaints(agent) == []
    agent.stop()
    router.wait_routes()
    assert nat.our_rules(backend) == []
    assert bed.host.loopback_addresses() == {}


@pytest.mark.parametrize("backend", BACKENDS)
def test_plain_user_finds_what_a_killed_one_left(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    directory = bed.workdir / "state"
    directory.mkdir()
    directory.chmod(0o777)

    def start(*apps: dict[str, Any]) -> Agent:
        structure = nat.config(*apps, backend=backend)
        structure["agent"]["state_file"] = str(directory / "state.json")
        return start_as_user(bed, structure, NEEDED[backend])

    agent = start(nat_app("dns"))
    wait_announced(agent, "dns")
    agent.kill()
    assert nat.our_rules(backend) != []
    start()
    nat.wait_rules(backend, 0)
    bed.wait_loopback({})


@pytest.mark.parametrize("backend", ["auto", "nftables"])
def test_plain_user_makes_no_table_of_iptables(bed: Testbed, backend: str) -> None:
    """CAP_NET_RAW may be there for `ping` monitors. The next agent that is root would take iptables."""
    nat = NatBed(bed)
    agent = start_as_user(bed, nat.config(nat_app("dns"), backend=backend), ["net_admin", "net_raw"])
    wait_announced(agent, "dns")
    assert agent.status("nat")["backend"] == "nftables"
    agent.stop()
    for names in ("ip_tables_names", "ip6_tables_names"):
        assert bed.host.run(["cat", f"/proc/net/{names}"]).strip() == ""


def test_plain_user_takes_nftables_where_it_cannot_see_iptables(bed: Testbed) -> None:
    nat = NatBed(bed)
    nat.start_echo()
    nat.host.run(["iptables-legacy", "-t", "nat", "-S"])
    agent = start_as_user(bed, nat.config(nat_app("dns")), ["net_admin"])
    wait_announced(agent, "dns")
    assert agent.status("nat")["backend"] == "nftables"
    assert "only root can see" in agent.status("nat")["why"]
    nat.assert_all_answer()


def test_lock_that_may_not_be_opened_is_named(bed: Testbed, xtables_lock: Path) -> None:
    nat = NatBed(bed)
    xtables_lock.chmod(0o600)
    agent = start_as_user(
        bed, nat.config(nat_app("dns"), backend="iptables"), NEEDED["iptables"]
    )
    wait_until(
        lambda: f"cannot open the xtables lock {xtables_lock}: Permission denied"
        in str(vip_status(agent, "dns")[0]["error"]),
        "the lock is named",
    )


def test_commands_get_none_of_our_capabilities(bed: Testbed) -> None:
    router = bed.start_router("bird")
    check = "exec:grep -q '^CapEff:.0000000000000000$' /proc/self/status"
    structure = config(peer(router), apps=(app("web", VIP4, check),))
    start_as_user(bed, structure, ["net_admin", "net_bind_service"])
    router.wait_routes(VIP4)


@pytest.mark.parametrize("lost", ["", "kill"])
def test_hanging_command_of_another_user(bed: Testbed, lost: str) -> None:
    bed.link()
    command = f"sleep 31{len(lost)}.5"
    needed = [name for name in ("net_admin", "setuid", "setgid", "kill") if name != lost]
    agent = start_as_user(
        bed,
        config(
            {"peer_ip": "10.0.1.1", "peer_as": 65000},
            apps=(app("web", VIP4, f"exec:{command}"),),
            agent={"monitor_interval": "1s", "exec": {"user": "nobody"}},
        ),
        needed,
    )
    wait_until(lambda: agent.app("web")["health"] == "down", "the check is given up")
    assert missing(agent) == (["CAP_KILL"] if lost else [])
    agent.stop()
    if not lost:
        bed.wait_no_process(command)


def test_without_net_admin_the_rest_works(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(
        config(peer(router), apps=(app("web", [VIP4, VIP6]),)), wrapper=without("net_admin")
    )
    router.wait_established()
    [line] = complaints(agent)
    assert "CAP_NET_ADMIN is missing" in line and "--cap-add=NET_ADMIN" in line
    wait_not_ready(agent, "missing: CAP_NET_ADMIN (/v1/capabilities)")
    wait_until(lambda: agent.app("web")["health"] == "up", "the app is up")

    def troubles() -> list[str]:
        return [vip["error"] or "" for vip in agent.app("web")["vips"] if not vip["announced"]]

    wait_until(lambda: sum("CAP_NET_ADMIN" in text for text in troubles()) == 2, "it is said of each VIP")
    assert missing(agent) == ["CAP_NET_ADMIN"]
    agent.stop()
    assert bed.host.loopback_addresses() == {}


def test_what_is_not_bound_needs_no_capability(bed: Testbed) -> None:
    """`bind: none` and `present`, without NAT: by a plain user that has none at all."""
    router = bed.start_router("bird")
    bed.host.ip(f"address add {VIP6} dev lo")
    apps = ({**app("a", VIP4), "bind": "none"}, {**app("b", VIP6), "bind": "present"})
    structure = config(peer(router), apps=apps)
    agent = start_as_user(bed, structure, [])
    router.wait_routes(VIP4, VIP6)
    wait_ready(agent)
    assert missing(agent) == [] and complaints(agent) == []
    assert agent.status("capabilities")["capabilities"] == []
    agent.stop()
    router.wait_routes()
    assert list(bed.host.loopback_addresses()) == [VIP6]


def test_without_net_admin_what_is_there_is_announced(bed: Testbed) -> None:
    """An upgrade that lost the capability: the host goes on serving."""
    router = bed.start_router("bird")
    structure = config(peer(router), apps=(app("web", [VIP4, VIP6]),))
    agent = bed.start_agent(structure)
    router.wait_routes(VIP4, VIP6)
    agent.kill()
    router.wait_routes()
    agent = bed.start_agent(structure, after=agent, wrapper=without("net_admin"))
    router.wait_routes(VIP4, VIP6)
    agent.stop()
    router.wait_routes()
    assert "2 VIPs could not be removed from lo" in agent.log


def test_without_net_bind_service_we_still_connect(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(
        config(peer(router), apps=(app("web", VIP4),), listen=True),
        wrapper=without("net_bind_service"),
    )
    router.wait_routes(VIP4)
    [line] = complaints(agent)
    assert "CAP_NET_BIND_SERVICE is missing" in line and "bgp.listen" in line
    assert "cannot listen on :179" in agent.log
    alarms = {alarm["alarm"]: alarm for alarm in agent.status("status")["alarms"]}
    assert "cannot listen on :179" in alarms["no-bgp-listener"]["text"]
    assert missing(agent) == ["CAP_NET_BIND_SERVICE"]
    assert not bed.host.is_listening(179)


def test_without_the_port_of_the_api_apps_are_announced(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.make_agent(
        config(
            peer(router), apps=(app("web", VIP4),), agent={"listen_addr": "127.0.0.1:80"}
        ),
        wrapper=without("net_bind_service"),
    )
    agent.spawn()
    router.wait_routes(VIP4)
    [line] = complaints(agent)
    assert "agent.listen_addr" in line and "the HTTP API is not available" in line
    agent.stop()
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}


def test_low_ports_that_are_free_for_all_need_nothing(bed: Testbed) -> None:
    with bed.host.inside():
        Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("80")
    router = bed.start_router("bird")
    agent = bed.start_agent(
        config(
            peer(router), listen=True, agent={"listen_addr": "127.0.0.1:80"}
        ),
        wrapper=without("net_bind_service"),
    )
    assert missing(agent) == complaints(agent) == []
    assert bed.host.is_listening(179)


@pytest.mark.parametrize("lost", ["setuid", "setgid"])
def test_without_the_capabilities_of_exec_user_no_command_runs(bed: Testbed, lost: str) -> None:
    router = bed.start_router("bird")
    bed.start_service(PORT)
    trace = bed.workdir / "trace"
    agent = bed.start_agent(
        config(
            peer(router),
            apps=(
                app("web", VIP4, f"port:tcp:{PORT}"),
                app("checked", "192.0.2.54/32", f"exec:touch {trace}"),
            ),
            agent={"exec": {"user": "nobody"}},
        ),
        wrapper=without(lost),
    )
    router.wait_routes(VIP4)
    wait_until(
        lambda: "CAP_SETUID and CAP_SETGID" in agent.app("checked")["monitors"][0]["said"],
        "the reason is said",
    )
    assert agent.app("checked")["health"] == "unknown"
    assert missing(agent) == [f"CAP_{lost.upper()}"]
    assert not trace.exists()


def test_user_that_we_are_already_needs_nothing(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = start_as_user(
        bed,
        config(
            peer(router),
            apps=(app("web", VIP4, "exec:true"),),
            agent={"exec": {"user": "daemon"}},
        ),
        ["net_admin"],
    )
    router.wait_routes(VIP4)
    assert missing(agent) == []
