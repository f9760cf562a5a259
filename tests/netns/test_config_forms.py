"""The forms of configuration that GoCast's users have."""

from .configs import VIP4, config, peer
from .testbed import Testbed

APPS = f"""
apps:
  - name: app1
    vip: {VIP4}
    vip_config:
      bgp_communities: [ "5000:5000" ]
"""
AGENT = """
agent:
  listen_addr: 127.0.0.1:8080
  monitor_interval: 1s
  cleanup_timer: 15m
  consul_addr: http://localhost:8500/v1
  consul_query_interval: 5m
"""


def test_list_of_peers(bed: Testbed) -> None:
    one, two = bed.start_router("bird"), bed.start_router("gobgp")
    bed.start_agent(
        f"""{AGENT}
bgp:
  local_as: 65001
  peers:
    - peer_ip: {one.ip}
      peer_as: 65000
      communities: [ "100:100" ]
    - peer_ip: {two.ip}
      remote_as: 65000
  communities:
    - 1000:1000
  origin: igp
{APPS}"""
    )
    assert one.wait_route(VIP4).communities == ("100:100", "1000:1000", "5000:5000")
    assert two.wait_route(VIP4).communities == ("1000:1000", "5000:5000")


def test_peer_directly_under_bgp_is_multi_hop(bed: Testbed) -> None:
    """The old form."""
    router = bed.start_router("bird")
    agent = bed.start_agent(
        f"{AGENT}\nbgp:\n  local_as: 65001\n  remote_as: 65000\n  peer_ip: {router.ip}\n{APPS}"
    )
    assert router.wait_route(VIP4).communities == ("5000:5000",)
    [peer] = agent.get("/info").json()
    assert peer["ebgp_multihop"] == {"enabled": True, "multihop_ttl": 255}


def test_peers_win_over_the_old_form_with_a_warning(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(
        f"{AGENT}\nbgp:\n  local_as: 65001\n  peer_ip: 10.9.9.9\n  peer_as: 65009\n"
        f"  peers:\n  - peer_ip: {router.ip}\n    peer_as: 65000\n{APPS}"
    )
    router.wait_route(VIP4)
    assert set(agent.session_states()) == {router.ip}
    agent.wait_log("WARN.*bgp.peer_ip.*peers")


def test_default_gateway_is_the_peer(bed: Testbed) -> None:
    router = bed.start_router("frr")
    bed.host.ip(f"route add default via {router.ip}")
    agent = bed.start_agent(f"{AGENT}\nbgp:\n  local_as: 65001\n  peer_as: 65000\n{APPS}")
    router.wait_route(VIP4)
    assert set(agent.session_states()) == {router.ip}


def test_no_peer_and_no_gateway_is_a_clear_error(bed: Testbed) -> None:
    agent = bed.make_agent(f"{AGENT}\nbgp:\n  local_as: 65001\n  peer_as: 65000\n{APPS}")
    agent.spawn()
    log = agent.expect_exit(1)
    assert "gateway" in log and "bgp.peers" in log


def test_command_line_of_gocast(bed: Testbed) -> None:
    """-v=N, and --config FILE in two words."""
    router = bed.start_router("bird")
    agent = bed.make_agent(
        f"{AGENT}\nbgp:\n  local_as: 65001\n  peers:\n  - peer_ip: {router.ip}\n    peer_as: 65000"
        f"\n{APPS}"
    )
    agent.arguments = ["--config", str(agent.config_path), "-v=2", "-logtostderr"]
    agent.start()
    router.wait_route(VIP4)


def test_nothing_is_expanded(bed: Testbed) -> None:
    """A password, a path and a command: ${SECRET} is what it is, although the agent's environment has it.
    The shell of a command does expand it, and has not got it."""
    password = "${SECRET}"
    router = bed.start_router("bird", password=password)
    (bed.workdir / password).touch()
    keys = {
        "name": "app1",
        "vip": VIP4,
        "monitors": [f"file:{bed.workdir}/{password}", 'exec:test "${SECRET-none}" = none'],
    }
    agent = bed.start_agent(
        config(peer(router, password=password), apps=(keys,)), env={"SECRET": "expanded"}
    )
    router.wait_route(VIP4)
    monitors = agent.app("app1")["monitors"]
    assert [m["monitor"] for m in monitors] == keys["monitors"]
    (bed.workdir / password).unlink()
    router.wait_routes()
    (bed.workdir / "expanded").touch()
    checked = agent.admin("/v1/apps/app1/check", "POST").json()["monitors"]
    assert [m["result"] for m in checked] == ["fail", "pass"]
