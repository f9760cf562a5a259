"""The recipes of docs/routers.md, as they stand there, with the routers themselves."""

import re
from typing import Any

import pytest

from .configs import DNS, PORT, VIP4, VIP6, config, peer
from .routers import KINDS, Neighbour, Router, RouterConfig
from .routers.base import REPO
from .testbed import AGENT_AS, ROUTER_AS, Testbed
from .wait import never, wait_until

PAGE = REPO / "docs" / "routers.md"
LANGUAGES = {"frr": "frr", "bird": "bird", "gobgp": "toml"}


def recipe(kind: str) -> str:
    [block] = re.findall(rf"^```{LANGUAGES[kind]}\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    return str(block)


def start(bed: Testbed, kind: str, text: str) -> Router:
    """Link number 1 has the addresses of the recipes."""
    link = bed.link()
    assert (link.host_ip, link.router_ip, ROUTER_AS, AGENT_AS) == (
        "10.0.1.2",
        "10.0.1.1",
        65000,
        65001,
    )
    base: Any = KINDS[kind]
    cls = type(f"Recipe{base.__name__}", (base,), {"_config": lambda self: text})
    neighbour = Neighbour(link.host_ip, AGENT_AS)
    router: Router = cls(
        link.namespace,
        RouterConfig(ROUTER_AS, link.router_ip, link.router_ip, neighbour),
        bed.workdir,
    )
    router.link = link
    router.start()
    return router


# The session, with the name that the routers' control in this test bed gives it.
def as_run(kind: str) -> str:
    return recipe(kind).replace("protocol bgp anycast", "protocol bgp agent")


@pytest.mark.parametrize("kind", LANGUAGES)
def test_recipe_accepts_vips_and_nothing_else(bed: Testbed, kind: str) -> None:
    router = start(bed, kind, as_run(kind))
    bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router), apps=(DNS,)))
    assert agent.register("other", "198.51.100.7/32").status == 200
    router.wait_routes(VIP4, VIP6)
    assert agent.peer(router.ip)["negotiated"]["hold_time_seconds"] == 9
    wait_until(lambda: agent.route_state("198.51.100.7/32", router.ip) == "sent", "it is sent, too")
    never(lambda: "198.51.100.7/32" in router.prefixes(), "a foreign prefix is accepted", 0.3)


def test_frr_without_policies_has_no_routes(bed: Testbed) -> None:
    text = re.sub(r"^ +neighbor ANYCAST route-map .*\n", "", as_run("frr"), flags=re.M)
    router = start(bed, "frr", text)
    bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router), apps=(DNS,)))
    router.wait_established()
    wait_until(lambda: agent.vip(VIP4)["announced"], "it is sent")
    never(lambda: bool(router.prefixes()), "FRR accepts routes without a policy", 0.5)
