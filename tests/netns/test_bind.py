"""Whose the address of a VIP is on the host (`bind`)."""

from typing import Any

from .configs import VIP4, VIP6, app, config, peer
from .testbed import Testbed
from .wait import wait_until


def bound(name: str, bind: str | None, *vips: str, **keys: Any) -> dict[str, Any]:
    return {**app(name, list(vips) or [VIP4, VIP6]), **({"bind": bind} if bind else {}), **keys}


def test_none_announces_without_an_address(bed: Testbed) -> None:
    """Per app, from the agent, over HTTP where the list allows it; and no address is touched."""
    router = bed.start_router("bird")
    bed.host.ip("addr add 192.0.2.99/32 dev lo")
    there = bed.host.loopback_addresses()
    agent = bed.start_agent(config(peer(router), apps=(bound("web", "none"),)))
    router.wait_routes(VIP4, VIP6)
    assert bed.host.loopback_addresses() == there
    for vip in agent.app("web")["vips"]:
        assert (vip["bind"], vip["bound"], vip["announced"]) == ("none", True, True)
    assert agent.app("web")["definition"]["bind"] == "none"
    conditions = agent.status("explain?name=web")["vips"][0]["conditions"]
    assert {c["condition"]: c["text"] for c in conditions}["address"] == "none is needed (bind: none)"

    refused = agent.get("/register?name=http&vip=192.0.2.54/32&bind=none")
    assert refused.status == 403 and "agent.vips.allow" in refused.text
    wrong = agent.get("/register?name=http&vip=192.0.2.54/32&bind=nothing")
    assert wrong.status == 400 and "nothing" in wrong.text
    allowed = {"bind": "none", "vips": {"allow": ["192.0.2.0/24"]}}
    agent.reload(config(peer(router), apps=(bound("web", None),), agent=allowed))
    assert agent.get("/register?name=http&vip=192.0.2.54/32").status == 200
    assert agent.get("/register?name=lo&vip=192.0.2.55/32&bind=address").status == 200
    router.wait_routes(VIP4, VIP6, "192.0.2.54/32", "192.0.2.55/32")
    assert bed.host.loopback_addresses() == {**there, "192.0.2.55/32": "lo:lo"}

    agent.stop()
    assert bed.host.loopback_addresses() == there


def test_the_agents_bind_is_that_of_registered_apps_too(bed: Testbed) -> None:
    """A reload that changes it rebinds them; so does the next start."""
    router = bed.start_router("bird")
    vips = {"vips": {"allow": ["192.0.2.0/24"]}}
    agent = bed.start_agent(config(peer(router), agent=vips))
    agent.get("/register?name=a&vip=192.0.2.54/32")
    agent.get("/register?name=b&vip=192.0.2.55/32&bind=address")
    router.wait_routes("192.0.2.54/32", "192.0.2.55/32")
    agent.reload(config(peer(router), agent={**vips, "bind": "none"}))
    only_b = {"192.0.2.55/32": "lo:b"}
    wait_until(lambda: bed.host.loopback_addresses() == only_b, "a has no address")
    assert agent.app("a")["vips"][0]["bind"] == "none"

    agent.kill()
    agent.start()
    router.wait_routes("192.0.2.54/32", "192.0.2.55/32")
    wait_until(lambda: bed.host.loopback_addresses() == only_b, "a has none")
    agent.reload(config(peer(router), agent=vips))
    both = {"192.0.2.54/32": "lo:a", **only_b}
    wait_until(lambda: bed.host.loopback_addresses() == both, "a is bound")
