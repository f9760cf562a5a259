"""docs/api.md names every field that the API returns."""

import re
from collections.abc import Iterator
from typing import Any

from .agent import Agent
from .configs import DNS, PORT, VIP4, app, config, peer
from .consul import Consul, tags
from .routers.base import REPO
from .testbed import Testbed

PAGE = (REPO / "docs" / "api.md").read_text()
READ = ("status", "apps", "apps/web", "apps/dns", "routes", "peers", "nat", "consul", "capabilities")


def sections() -> dict[str, set[str]]:
    """Heading -> the words in backticks below it."""
    parts = re.split(r"^## (.*)\n", PAGE, flags=re.M)
    return {
        head: set(re.findall(r"`([a-z0-9_]+)`", text)) for head, text in zip(parts[1::2], parts[2::2])
    }


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key != "definition":  # its keys are those of the configuration
                yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def check(answer: Any, *heads: str) -> None:
    """`heads`: the beginnings of the headings below which its fields are explained."""
    found = [words for head, words in sections().items() if head.startswith(heads)]
    assert len(found) >= len(heads), heads
    missing = set(keys(answer)) - set().union(*found)
    assert not missing, f"docs/api.md, {heads}: {sorted(missing)} are missing"


def check_reads(agent: Agent) -> None:
    for path in READ:
        section = "/v1/" + path.split("/")[0]
        more = ("/v1/routes", "/v1/nat", "/v1/status") if path.startswith("apps") else ()
        check(agent.status(path), section, *more)


def test_every_field_is_explained(bed: Testbed) -> None:
    router = bed.start_router("frr", graceful_restart=True)
    bed.start_service(PORT)
    consul = Consul(bed.host)
    consul.register("found", tags("192.0.2.60/32"))
    consul.register("broken", ["enable_gocast", "gocast_vip=nonsense"])
    web = {
        **app("web", "192.0.2.80/32", f"port:tcp:{PORT}", "exec:true", communities=("1:2",)),
        "nats": ["tcp:80:5353"],
        "group": "site",
        "states": {"up": {"med": 1}},
    }
    agent = bed.start_agent(
        config(
            peer(router),
            apps=(DNS, web),
            agent={"consul_addr": consul.addr},
            graceful_restart=True,
        )
    )
    router.wait_route("192.0.2.60/32")
    check_reads(agent)
    leased = agent.get("/register?name=leased&vip=192.0.2.81/32&ttl=1h")
    check(leased.json(), "/register", "/v1/apps")
    check(agent.get("/unregister?name=web").json(), "/unregister", "/register")
    assert agent.register("web", "192.0.2.80/32", nats=["tcp:80:5353"]).status == 200
    drained = agent.drain("dns", reason="test", **{"for": "1h"})
    check(drained, "/v1/drain", "/v1/apps", "/v1/routes", "/v1/status", "/register")
    check(agent.drain(), "/v1/drain", "/v1/status", "/register")
    check_reads(agent)
    check(agent.get("/info").json(), "/info", "/v1/peers")
    assert {entry["peer_as"] for entry in agent.status("peers")["peers"]} == {65000}
    assert VIP4 in {route["prefix"] for route in agent.status("routes")["routes"]}
