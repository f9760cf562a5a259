"""/register and /unregister, answer by answer of the contract's table."""

import pytest

from .configs import VIP4, VIP6, app, config, peer
from .testbed import Testbed

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}

REFUSED = {
    "no name": ("vip=192.0.2.1/32", ""),
    "no vip": ("name=a", ""),
    "nothing": ("", ""),
    "empty name": ("name=&vip=192.0.2.1/32", "Invalid request: "),
    "empty vip": ("name=a&vip=", "Invalid request: "),
    "vip is not an address": ("name=a&vip=hello", "hello"),
    "vip without length": ("name=a&vip=192.0.2.256/32", "192.0.2.256/32"),
    "vip too long": ("name=a&vip=192.0.2.1/33", "192.0.2.1/33"),
    "vip v6 too long": ("name=a&vip=2001:db8::1/129", "2001:db8::1/129"),
    "vip with host bits": ("name=a&vip=192.0.2.1/24", "192.0.2.0/24"),
    "vip of length 0": ("name=a&vip=0.0.0.0/0", "0.0.0.0/0"),
    "vip v6 of length 0": ("name=a&vip=::/0", "::/0"),
    "monitor without kind": ("name=a&vip=192.0.2.1/32&monitor=hello", "hello"),
    "monitor empty": ("name=a&vip=192.0.2.1/32&monitor=", "Invalid request: "),
    "monitor of unknown kind": ("name=a&vip=192.0.2.1/32&monitor=ping:1", "ping"),
    "monitor port 99999": ("name=a&vip=192.0.2.1/32&monitor=port:tcp:99999", "99999"),
    "monitor port 0": ("name=a&vip=192.0.2.1/32&monitor=port:tcp:0", "0"),
    "monitor port missing": ("name=a&vip=192.0.2.1/32&monitor=port:tcp", "port:tcp"),
    "monitor port no number": ("name=a&vip=192.0.2.1/32&monitor=port:tcp:dns", "dns"),
    "monitor protocol sctp": ("name=a&vip=192.0.2.1/32&monitor=port:sctp:53", "sctp"),
    "monitor exec without command": ("name=a&vip=192.0.2.1/32&monitor=exec:", "exec:"),
    "one bad monitor of two": (
        "name=a&vip=192.0.2.1/32&monitor=port:tcp:53&monitor=port:tcp:99999",
        "99999",
    ),
    "community 100": ("name=a&vip=192.0.2.1/32&vip_communities=100", "100"),
    "community 70000:1": ("name=a&vip=192.0.2.1/32&vip_communities=70000:1", "70000:1"),
    "second community bad": ("name=a&vip=192.0.2.1/32&vip_communities=1:1,2:x", "2:x"),
    "nat without port": ("name=a&vip=192.0.2.1/32&nat=tcp", "tcp"),
    "nat port 99999": ("name=a&vip=192.0.2.1/32&nat=tcp:99999:53", "99999"),
    "nat port 0": ("name=a&vip=192.0.2.1/32&nat=udp:53:0", "udp:53:0"),
    "nat protocol": ("name=a&vip=192.0.2.1/32&nat=icmp:1:1", "icmp"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_register_is_400_and_changes_nothing(bed: Testbed, name: str) -> None:
    query, text = REFUSED[name]
    bed.link()
    agent = bed.start_agent(config(PEER))
    response = agent.get(f"/register?{query}")
    assert response.status == 400, response
    assert text in response.text
    assert response.text.strip()
    assert bed.host.loopback_addresses() == {}
    assert agent.get("/v1/apps/a").status == 404


def test_register_twice_the_same_changes_nothing(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router)))
    for _ in range(2):
        response = agent.register("a", VIP4, communities="1:1,2:2")
        assert response.status == 200
        response.json()
        route = router.wait_route(VIP4)
    assert route.communities == ("1:1", "2:2")
    assert bed.host.loopback_addresses() == {VIP4: "lo:a"}


def test_register_with_other_definition_replaces_the_app(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router)))
    assert agent.register("a", VIP4).status == 200
    router.wait_routes(VIP4)
    assert agent.register("a", "192.0.2.54/32", communities="7:7").status == 200
    assert router.wait_routes("192.0.2.54/32")["192.0.2.54/32"].communities == ("7:7",)
    bed.wait_loopback({"192.0.2.54/32": "lo:a"})


def test_register_with_a_taken_vip_is_409_with_the_owner(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config(PEER, apps=(app("owner", VIP4),)))
    response = agent.register("thief", VIP4)
    assert response.status == 409
    assert "owner" in response.text
    assert agent.get("/v1/apps/thief").status == 404
    assert agent.get("/v1/apps/owner").status == 200


def test_register_with_several_vips(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router)))
    assert agent.register("a", VIP4, VIP6).status == 200
    router.wait_routes(VIP4, VIP6)


def test_unregister_withdraws_and_removes(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router)))
    agent.register("a", VIP4)
    agent.register("b", "192.0.2.54/32")
    router.wait_routes(VIP4, "192.0.2.54/32")
    known = agent.unregister("a")
    assert known.status == 200
    router.wait_routes("192.0.2.54/32")
    bed.wait_loopback({"192.0.2.54/32": "lo:b"})
    assert agent.get("/v1/apps/a").status == 404
    unknown = agent.unregister("a")
    assert unknown.status == 200
    assert known.text != unknown.text


def test_unregister_without_name_is_400(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config(PEER))
    for target in ("/unregister", "/unregister?name="):
        response = agent.get(target)
        assert response.status == 400 and response.text.strip()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_any_method_registers(bed: Testbed, method: str) -> None:
    bed.link()
    agent = bed.start_agent(config(PEER))
    assert agent.request(method, f"/register?name=a&vip={VIP4}").status == 200
    bed.wait_loopback({VIP4: "lo:a"})
    assert agent.request(method, "/unregister?name=a").status == 200
    bed.wait_loopback({})
