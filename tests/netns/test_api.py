"""The read side of the API, and where it listens."""

from typing import Any

import pytest

from .configs import DNS, PORT, VIP4, VIP6, app, config, peer
from .testbed import AGENT_AS, ROUTER_AS, Testbed
from .wait import wait_until


def test_info_has_gobgps_field_names(bed: Testbed) -> None:
    router: Any = bed.start_router("gobgp")
    # It closes what comes before, so that there would be more than one OPEN.
    wait_until(lambda: router._gobgp("neighbor")[0]["state"].get("session_state") == 3, "GoBGP waits")
    bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router), apps=(DNS,)))
    router.wait_routes(VIP4, VIP6)
    [info] = agent.get("/info").json()
    identity = {"neighbor_address": router.ip, "peer_as": ROUTER_AS}
    assert info["conf"].items() >= {**identity, "local_as": AGENT_AS}.items()
    assert info["state"].items() >= {**identity, "session_state": 6}.items()
    assert "peer_type" in info["conf"] and "peer_type" in info["state"]
    assert not info["ebgp_multihop"].get("enabled")
    assert "timers" in info
    sent, received = (info["state"]["messages"][way] for way in ("sent", "received"))
    assert sent["open"] == received["open"] == 1
    assert sent["update"] >= 2
    assert sent["total"] >= sent["open"] + sent["update"] + sent["keepalive"]


def test_status_answers_why_an_app_is_not_announced(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(DNS,)))
    router.wait_established()
    status = agent.app("dns")
    assert status["health"] == "down" and not status["announced"]
    assert f"port:tcp:{PORT}" in status["reason"]
    assert [vip["prefix"] for vip in status["vips"]] == [VIP4, VIP6]
    assert [monitor["monitor"] for monitor in status["monitors"]] == [f"port:tcp:{PORT}"]
    assert [app["name"] for app in agent.status("apps")["apps"]] == ["dns"]
    assert agent.get("/v1/apps/unknown").status == 404


def test_the_first_apps_of_an_order(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    for i in (3, 20, 1):
        agent.register(f"app{i}", f"192.0.2.{i}/32")
    agent.register("bad", "192.0.2.99/32", monitors=("port:tcp:1",))

    def names(query: str) -> list[str]:
        answer = agent.status(f"apps?{query}")
        assert answer["total"] == 4
        return [app["name"] for app in answer["apps"]]

    assert names("limit=2") == ["app3", "app20"]
    assert names("sort=state&limit=2") == ["bad", "app1"]
    assert names("sort=name&limit=10") == ["app1", "app3", "app20", "bad"]
    agent.unregister("app20")
    agent.register("app20", "192.0.2.20/32")
    assert names("sort=change&limit=1") == ["app20"]
    assert "total" not in agent.status("apps") and len(agent.status("apps")["apps"]) == 4
    assert agent.get("/v1/apps?sort=age&limit=1").status == 400


def test_routes_tell_what_was_sent_to_which_peer(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(app("web", VIP4),)))
    router.wait_routes(VIP4)
    assert agent.vip(VIP4)["bound"] and agent.vip(VIP4)["announced"]
    assert agent.route_state(VIP4, router.ip) == "sent"
    assert agent.peer(router.ip)["routes"]["sent"] == 1
    router.kill()
    wait_until(lambda: agent.route_state(VIP4, router.ip) == "no-session", "the session is down")


def test_unknown_path_is_404(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    for path in ("/", "/nothing", "/v1", "/v1/nothing", "/register/x"):
        assert agent.get(path).status == 404, path


@pytest.mark.parametrize("listen", [":8080", "127.0.0.1:9090", "[::1]:8080", "unix"])
def test_api_listens_where_it_is_told(bed: Testbed, listen: str) -> None:
    if listen == "unix":
        listen = f"unix:{bed.workdir}/api"
    bed.link()
    peer_entry = {"peer_ip": "10.0.1.1", "peer_as": 65000}
    agent = bed.start_agent(config(peer_entry, agent={"listen_addr": listen}))
    assert agent.register("a", VIP4).status == 200
    assert [info["conf"]["neighbor_address"] for info in agent.get("/info").json()] == ["10.0.1.1"]


def test_unix_socket_of_a_killed_agent_is_no_obstacle(bed: Testbed) -> None:
    bed.link()
    peer_entry = {"peer_ip": "10.0.1.1", "peer_as": 65000}
    agent = bed.start_agent(config(peer_entry, agent={"listen_addr": f"unix:{bed.workdir}/api"}))
    agent.kill()
    agent.start()


URLS: dict[str, tuple[str, int, str]] = {
    "as many as fit": ("&".join(["x=" + 121 * "y"] * 255), 400, "unknown parameter 'x'"),
    "one more": ("&".join(["x=1"] * 256), 400, "more than 256 parameters"),
    "without values": ("&" * 256, 400, "more than 256 parameters"),
    "thousands": ("&".join(["x"] * 8000), 400, "more than 256 parameters"),
    "longest": ("x=" + 32700 * "y", 400, "unknown parameter 'x'"),
    "too long": ("x=" + 32768 * "y", 414, "URL longer than 32768 bytes"),
    "far too long": ("x=" + 500_000 * "y", 414, "too big"),
}


@pytest.mark.parametrize("name", URLS)
def test_every_url_gets_an_answer(bed: Testbed, name: str) -> None:
    """Many small parameters need more memory than a long one; each request gets an answer."""
    query, status, text = URLS[name]
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    answer = agent.get(f"/register?name=a&{query}")
    assert answer.status == status, answer
    assert text in answer.text
    assert agent.status("apps")["apps"] == []


def test_largest_definition_fits(bed: Testbed) -> None:
    """64 VIPs, 32 monitors, 64 mappings and communities in one request."""
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    vips = [f"10.7.0.{i}/32" for i in range(1, 65)]
    monitors = [f"exec:{200 * 'x'} {i}" for i in range(32)]
    nats = [f"tcp:{1000 + i}:{2000 + i}" for i in range(64)]
    assert agent.register("a", *vips, monitors=monitors, nats=nats, communities="1:2").status == 200
    assert len(agent.app("a")["vips"]) == 64
