"""PUT /v1/apps/NAME: an app over HTTP with all that the file can say."""

import json
from pathlib import Path
from typing import Any

import pytest

from .agent import Agent, Response
from .configs import PORT, VIP4, app, config, peer
from .test_states_attributes import wait_attributes
from .testbed import Testbed
from .test_verbs import Client, as_root
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
WEB: dict[str, Any] = {
    "vip": ["192.0.2.80/32", "192.0.2.81/32"],
    "vip_config": {"bgp_communities": ["65001:5"], "increase": 3, "prepend": 1},
    "monitors": [
        {"port": f"tcp:{PORT}", "interval": "2s", "fall": 3},
        {"tcp": f"127.0.0.1:{PORT}", "send": "AUTH secret"},
    ],
    "quorum": 1,
    "hold_down": "5s",
    "states": {"up": {"med": 7}, "down": {"announce": True, "med": 90}},
    "group": "site",
    "keep_last": True,
}
"""As an app of the file has it."""


def put(agent: Agent, name: str, definition: Any) -> Response:
    body = definition if isinstance(definition, bytes) else json.dumps(definition).encode()
    return agent.admin(f"/v1/apps/{name}", "PUT", body)


@pytest.fixture
def agent(bed: Testbed) -> Agent:
    bed.link()
    bed.start_service(PORT)
    return bed.start_agent(config(PEER, apps=(app("dns", VIP4, f"port:tcp:{PORT}"),)))


def test_all_that_the_file_can_say(bed: Testbed) -> None:
    router = bed.start_router("bird")
    bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router)))
    answer = put(agent, "web", WEB)
    assert answer.status == 200, answer
    assert answer.json()["result"] == "registered" and answer.json()["stored"] is True
    router.wait_routes(*WEB["vip"])
    wait_attributes(router, "192.0.2.80/32", {"med": 7})
    wait_attributes(router, "192.0.2.81/32", {"med": 10})
    shown = agent.app("web")
    assert shown["source"] == "http" and shown["group"]["name"] == "site"
    monitors = [WEB["monitors"][0], {**WEB["monitors"][1], "send": "(hidden)"}]
    assert shown["definition"] == {"name": "web", **WEB, "quorum": 1, "monitors": monitors}
    # In place: what did not change is not touched.
    session = agent.status("peers")["peers"][0]["routes"]["sent"]
    assert put(agent, "web", WEB).json()["result"] == "unchanged"
    changed = {**WEB, "vip": ["192.0.2.80/32"], "states": {"up": {"med": 9}}}
    assert put(agent, "web", changed).json()["result"] == "replaced"
    wait_attributes(router, "192.0.2.80/32", {"med": 9})
    router.wait_routes("192.0.2.80/32")
    assert session == 2 and agent.app("web")["went_down"] == 0
    # As it was, after a crash.
    agent.kill()
    agent.start()
    wait_until(lambda: agent.app("web")["announced"], "it is announced again")
    wait_attributes(router, "192.0.2.80/32", {"med": 9})
    assert agent.app("web")["definition"]["states"] == {"up": {"med": 9}}
    assert agent.admin("/v1/apps/web", "DELETE").json()["result"] == "unregistered"
    router.wait_routes()
    agent.stop()
    agent.start()
    assert agent.admin("/v1/apps/web").status == 404


BROKEN: dict[str, tuple[Any, str, str]] = {
    "unknown key": ({**WEB, "monitor": []}, "monitor", "did you mean 'monitors'?"),
    "in a list": ({"vip": VIP4, "monitors": [{"tcp": "x"}]}, "monitors[0]", "tcp:x"),
    "range": ({"vip": "192.0.2.9/32", "hold_down": "25h"}, "hold_down", "out of range"),
    "type": ({"vip": {"a": 1}}, "vip", "expected a value"),
    "name": ({"name": "x", "vip": "192.0.2.9/32"}, "name", "as the path has it"),
    "not JSON": (b"vip: 192.0.2.9/32", "", "not JSON"),
    "twice": (b'{"vip": "192.0.2.9/32", "vip": "192.0.2.8/32"}', "", "duplicate"),
    "NUL": (b'{"vip": "192.0.2.9/32", "group": "a\\u0000"}', "", "not JSON"),
    "deep": (b'{"vip": ' + b"[" * 30000 + b"]" * 30000 + b"}", "", "not JSON"),
    "nothing": (b"", "", "not JSON"),
}


def test_errors_by_key(agent: Agent) -> None:
    for what, (definition, key, says) in BROKEN.items():
        answer = put(agent, "web", definition)
        assert answer.status == 422, (what, answer)
        [error] = answer.json()["errors"]
        assert (error["key"] or "") == key and says in error["text"], (what, error)
    assert agent.admin("/v1/apps/web").status == 404
    assert put(agent, "web", b" " * 65537).status == 413
    assert put(agent, "web", b" " * 65536).status == 422


def test_the_rules_of_register_hold(bed: Testbed) -> None:
    bed.link()
    service = app("dns", VIP4, "port:tcp:1")
    limits = {"api": {"local": "read", "max_apps": 1}, "monitors": {"allow_from": "config"}}
    agent = bed.start_agent(config(PEER, apps=(service,), agent=limits))
    vip = "192.0.2.9/32"
    for definition, status, says in (
        ({"vip": VIP4}, 409, "dns"),
        ({"vip": "192.0.2.0/24"}, 403, "agent.vips"),
        ({"vip": vip, "monitors": [{"tcp": "127.0.0.1:1"}]}, 403, "agent.monitors.allow_from"),
        ({"vip": vip, "disable_file": "/etc/shadow"}, 403, "agent.monitors.allow_from"),
        ({"vip": vip, "states": {"up": {"communities": ["65535:666"]}}}, 403, "BLACKHOLE"),
        ({"vip": vip, "nats": ["tcp:1:198.51.100.1:1"]}, 403, "198.51.100.1"),
    ):
        answer = put(agent, "web", definition)
        assert answer.status == status and says in answer.json()["error"], answer
    assert put(agent, "dns", {"vip": "192.0.2.7/32"}).status == 409
    assert put(agent, "a", {"vip": vip}).status == 200
    assert put(agent, "b", {"vip": "192.0.2.10/32"}).status == 403
    assert agent.request("PUT", "/v1/apps/c").status == 403
    assert agent.request("DELETE", "/v1/apps/a").status == 403
    assert agent.admin("/v1/apps/a?x=1", "PUT", b"{}").status == 400
    assert agent.admin("/v1/apps/a", "POST").status == 405
    agent.wait_log("register web by uid 0.*: refused: ")


def test_the_verb(bed: Testbed, agent: Agent) -> None:
    client = as_root(agent, Client(bed, agent))
    file = bed.workdir / "web.json"
    file.write_text(json.dumps(WEB))
    assert client("define", "web", str(file)) == "web: registered\n"
    assert client("define", "web", str(file)) == "web: unchanged\n"
    file.write_text('{"vip": 1, "monitor": 2}')
    said = client("define", "web", str(file), status=1).splitlines()
    assert len(said) == 2 and said[0].startswith(f"{file}: error: vip: ")
    assert "did you mean 'monitors'?" in said[1]
    assert "cannot be read" in client("define", "web", str(Path("/none")), status=1)
    assert json.loads(client("define", "web", str(file), "--json", status=1) or "{}") == {}
    file.write_text(" " * 65537)
    assert "larger than 64 kB" in client("define", "web", str(file), status=1)


def test_apps_of_the_file_show_their_definition(agent: Agent) -> None:
    assert agent.app("dns")["definition"] == app("dns", [VIP4], f"port:tcp:{PORT}")
