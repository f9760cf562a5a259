"""Services in a real Consul become apps, change, and go."""

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .consul import TAG, Consul, tags, ttl
from .routers import Router
from .testbed import Testbed
from .wait import never, wait_until

OTHER = "192.0.2.54/32"
THIRD = "192.0.2.55/32"


@pytest.fixture
def consul(bed: Testbed) -> Consul:
    return Consul(bed.host)


@pytest.fixture
def router(bed: Testbed) -> Router:
    return bed.start_router("bird")


def start(bed: Testbed, router: Router, consul: Consul, **more: object) -> Agent:
    apps = more.pop("apps", ())
    agent = {"consul_addr": consul.addr, **more}
    return bed.start_agent(config(peer(router), apps=apps, agent=agent))  # type: ignore[arg-type]


def found(agent: Agent, service: str) -> dict[str, object]:
    """The entry of a service in /v1/consul; {} when there is none."""
    entries = agent.status("consul")["found"]
    return next((entry for entry in entries if entry["service"] == service), {})


def wait_state(agent: Agent, service: str, state: str) -> str:
    """Wait for the state of a service; returns the problem in words."""
    what = f"service {service} is {state}"
    wait_until(lambda: found(agent, service).get("state") == state, what)
    return str(found(agent, service)["problem"])


def test_register_change_and_deregister(bed: Testbed, consul: Consul, router: Router) -> None:
    agent = start(bed, router, consul)
    router.wait_established()
    consul.register("web", tags(VIP4, "gocast_vip_communities=1:1,2:2"))
    assert router.wait_route(VIP4).communities == ("1:1", "2:2")
    assert agent.app("web")["source"] == "consul"
    consul.register("web", tags(OTHER, "gocast_vip_communities=3:3"))
    assert router.wait_routes(OTHER)[OTHER].communities == ("3:3",)
    bed.wait_loopback({OTHER: "lo:web"})
    consul.deregister("web")
    router.wait_routes()
    bed.wait_loopback({})
    wait_until(lambda: agent.get("/v1/apps/web").status == 404, "the app is gone")


def test_services_of_before_the_start_are_found(
    bed: Testbed, consul: Consul, router: Router
) -> None:
    consul.register("web", tags(VIP4))
    consul.register("other", ["not-ours"])
    agent = start(bed, router, consul)
    router.wait_routes(VIP4)
    assert agent.get("/v1/apps/other").status == 404


def test_losing_the_tag_unregisters(bed: Testbed, consul: Consul, router: Router) -> None:
    start(bed, router, consul)
    consul.register("web", tags(VIP4))
    router.wait_routes(VIP4)
    consul.register("web", [f"gocast_vip={VIP4}"])
    router.wait_routes()


def test_match_tag_can_be_changed(bed: Testbed, consul: Consul, router: Router) -> None:
    start(bed, router, consul, consul_match_tag="anycast")
    consul.register("old", tags(OTHER))
    consul.register("web", ["anycast", f"gocast_vip={VIP4}"])
    router.wait_routes(VIP4)


def test_everything_from_tags(bed: Testbed, consul: Consul, router: Router) -> None:
    agent = start(bed, router, consul)
    consul.register(
        "web",
        tags(VIP4, f"gocast_vip={VIP6}", "gocast_monitor=port:tcp:7777", "unrelated=a=b"),
    )
    wait_state(agent, "web", "registered")
    never(router.routes, "announced although the port is closed", 0.3)
    bed.start_service(7777)
    router.wait_routes(VIP4, VIP6)


def test_value_of_a_tag_may_contain_equal_signs(
    bed: Testbed, consul: Consul, router: Router
) -> None:
    start(bed, router, consul, exec={"allow_from": ["config", "consul"]})
    consul.register("web", tags(VIP4, "gocast_monitor=exec:test a=b = a=b"))
    router.wait_routes(VIP4)


def test_consul_monitor_follows_the_checks(bed: Testbed, consul: Consul, router: Router) -> None:
    agent = start(bed, router, consul)
    consul.register(
        "web",
        tags(VIP4, "gocast_monitor=consul"),
        checks=[ttl("one", "critical"), ttl("two")],
    )
    wait_state(agent, "web", "registered")
    never(router.routes, "announced although a check is critical", 0.3)
    consul.check("one", "passing")
    router.wait_routes(VIP4)
    consul.check("two", "critical", "out of memory")
    router.wait_routes()
    assert "out of memory" in agent.app("web")["reason"]
    consul.check("two", "warning")
    router.wait_routes(VIP4)


def test_warning_can_fail(bed: Testbed, consul: Consul, router: Router) -> None:
    start(bed, router, consul, consul_warning="fail")
    consul.register("web", tags(VIP4, "gocast_monitor=consul"), checks=[ttl("one")])
    router.wait_routes(VIP4)
    consul.check("one", "warning")
    router.wait_routes()


def test_service_without_checks_passes(bed: Testbed, consul: Consul, router: Router) -> None:
    start(bed, router, consul)
    consul.register("web", tags(VIP4, "gocast_monitor=consul"))
    router.wait_routes(VIP4)


def test_maintenance_of_service_and_node(bed: Testbed, consul: Consul, router: Router) -> None:
    start(bed, router, consul)
    consul.register("web", tags(VIP4, "gocast_monitor=consul"))
    consul.register("web2", tags(OTHER, "gocast_monitor=consul"))
    router.wait_routes(VIP4, OTHER)
    consul.maintenance(True, "web")
    router.wait_routes(OTHER)
    consul.maintenance(False, "web")
    router.wait_routes(VIP4, OTHER)
    consul.maintenance(True)
    router.wait_routes()
    consul.maintenance(False)
    router.wait_routes(VIP4, OTHER)


def test_consul_monitor_of_an_app_of_the_file(
    bed: Testbed, consul: Consul, router: Router
) -> None:
    agent = start(bed, router, consul, apps=(app("web", VIP4, "consul"),))
    wait_until(lambda: "no service of this name" in agent.app("web")["reason"], "no such service")
    consul.register("web", ["any"], checks=[ttl("one")])
    router.wait_routes(VIP4)
    consul.check("one", "critical")
    router.wait_routes()
    consul.check("one", "passing")
    router.wait_routes(VIP4)
    consul.deregister("web")
    router.wait_routes()


def test_instances_of_one_service(bed: Testbed, consul: Consul, router: Router) -> None:
    agent = start(bed, router, consul)
    definition = tags(VIP4, "gocast_monitor=consul")
    consul.register("web", definition, id="web-1", checks=[ttl("one")])
    consul.register("web", definition, id="web-2", checks=[ttl("two")])
    router.wait_routes(VIP4)
    consul.check("two", "critical")
    router.wait_routes()
    consul.deregister("web-2")
    router.wait_routes(VIP4)
    consul.register("web", tags(OTHER), id="web-3")
    wait_until(lambda: "web-3" in str(found(agent, "web").get("problem")), "web-3 differs")
    router.wait_routes(VIP4)
    consul.deregister("web-1")
    router.wait_routes(OTHER)


def test_odd_ids_and_names(bed: Testbed, consul: Consul, router: Router) -> None:
    agent = start(bed, router, consul)
    consul.register("a b", tags(VIP4), id='x "y" ü?&#%')
    consul.register("sla/sh", tags(OTHER))
    consul.register("größe", tags(THIRD))
    router.wait_routes(VIP4, THIRD)
    assert "sla/sh" in wait_state(agent, "sla/sh", "broken")
    consul.deregister('x "y" ü?&#%')
    router.wait_routes(THIRD)


BROKEN = {
    "no vip": ([TAG], "gocast_vip"),
    "bad vip": (tags("192.0.2.1/33"), "192.0.2.1/33"),
    "bad monitor": (tags(VIP4, "gocast_monitor=port:tcp:99999"), "99999"),
    "misspelt tag": (tags(VIP4, "gocast_monitors=port:tcp:1"), "gocast_monitor"),
    "no value": (tags(VIP4, "gocast_nat"), "gocast_nat"),
    "bad community": (tags(VIP4, "gocast_vip_communities=70000:1"), "70000:1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_service_is_reported_and_stops_no_other(
    bed: Testbed, consul: Consul, router: Router, name: str
) -> None:
    tag_list, text = BROKEN[name]
    agent = start(bed, router, consul)
    consul.register("bad", tag_list)
    consul.register("web", tags(OTHER))
    router.wait_routes(OTHER)
    assert text in wait_state(agent, "bad", "broken")
    consul.register("web", tags(OTHER, "something"))
    consul.register("bad", tags(THIRD))
    router.wait_routes(OTHER, THIRD)
    assert agent.log.count("service 'bad': broken") == 1


def test_broken_tags_keep_the_former_definition(
    bed: Testbed, consul: Consul, router: Router
) -> None:
    agent = start(bed, router, consul)
    consul.register("web", tags(VIP4))
    router.wait_routes(VIP4)
    consul.register("web", tags("hello"))
    wait_state(agent, "web", "broken")
    assert set(router.routes()) == {VIP4}
    consul.deregister("web")
    router.wait_routes()


def test_configuration_comes_before_consul(bed: Testbed, consul: Consul, router: Router) -> None:
    consul.register("web", tags(OTHER))
    consul.register("thief", tags(VIP4))
    agent = start(bed, router, consul, apps=(app("web", VIP4),))
    assert "config" in wait_state(agent, "web", "conflict")
    assert "'web'" in wait_state(agent, "thief", "conflict")
    assert set(router.wait_routes(VIP4)) == {VIP4}
    assert agent.app("web")["consul_rival"] in ("web", "thief")
    consul.deregister("web")
    consul.deregister("thief")
    wait_until(lambda: not found(agent, "web"), "the service is gone")
    assert set(router.routes()) == {VIP4}


def test_http_takes_name_and_vip_from_consul_and_gives_them_back(
    bed: Testbed, consul: Consul, router: Router
) -> None:
    agent = start(bed, router, consul)
    consul.register("name", tags(VIP4))
    consul.register("vip", tags(OTHER))
    router.wait_routes(VIP4, OTHER)
    assert agent.register("name", THIRD).status == 200
    assert agent.register("taker", OTHER, communities="9:9").status == 200
    # The service had announced the same VIP.
    wait_until(
        lambda: router.wait_routes(OTHER, THIRD)[OTHER].communities == ("9:9",), "that of the taker"
    )
    wait_state(agent, "name", "conflict")
    assert "taker" in wait_state(agent, "vip", "conflict")
    consul.deregister("name")
    wait_until(lambda: not found(agent, "name"), "the service is gone")
    assert agent.get("/v1/apps/name").status == 200
    agent.unregister("taker")
    wait_state(agent, "vip", "registered")
    router.wait_routes(OTHER, THIRD)


def test_same_definition_over_http_outlives_the_service(
    bed: Testbed, consul: Consul, router: Router
) -> None:
    agent = start(bed, router, consul)
    consul.register("web", tags(VIP4))
    router.wait_routes(VIP4)
    assert agent.register("web", VIP4).status == 200
    wait_state(agent, "web", "conflict")
    consul.deregister("web")
    wait_until(lambda: not found(agent, "web"), "the service is gone")
    assert set(router.routes()) == {VIP4}


def test_two_services_with_one_vip(bed: Testbed, consul: Consul, router: Router) -> None:
    agent = start(bed, router, consul)
    consul.register("first", tags(VIP4))
    router.wait_routes(VIP4)
    consul.register("second", tags(VIP4, "gocast_vip_communities=7:7"))
    assert "first" in wait_state(agent, "second", "conflict")
    consul.deregister("first")
    wait_state(agent, "second", "registered")
    wait_until(
        lambda: router.routes()[VIP4].communities == ("7:7",), "the second has it", ignore=(KeyError,)
    )


def test_unregistering_over_http_lasts_until_the_tags_change(
    bed: Testbed, consul: Consul, router: Router
) -> None:
    agent = start(bed, router, consul)
    consul.register("web", tags(VIP4))
    router.wait_routes(VIP4)
    assert "Consul" in agent.unregister("web").text
    router.wait_routes()
    consul.register("other", tags(OTHER))
    router.wait_routes(OTHER)
    wait_state(agent, "web", "unregistered")
    consul.register("web", tags(VIP4, "changed"))
    consul.register("web", tags(THIRD))
    router.wait_routes(OTHER, THIRD)


@pytest.mark.long
def test_thousand_services(bed: Testbed, consul: Consul, router: Router) -> None:
    def vip(i: int) -> str:
        return f"198.18.{i // 250}.{i % 250}/32"

    for i in range(1000):
        consul.register(f"s{i}", tags(vip(i), "gocast_monitor=consul"))
    agent = start(bed, router, consul)
    wait_until(lambda: len(router.routes()) == 1000, "1,000 routes", timeout=120)
    before = agent.status("consul")
    consul.deregister("s7")
    consul.maintenance(True, "s8")
    wait_until(
        lambda: not {vip(7), vip(8)} & set(router.routes()), "two of them are gone", timeout=60
    )
    assert len(router.routes()) == 998
    after = agent.status("consul")
    for stream in ("services", "checks"):
        # A handful of requests, not one for each service.
        assert after[stream]["answers"] - before[stream]["answers"] < 10, (before, after)


@pytest.mark.long
def test_graceful_restart_waits_for_consul(bed: Testbed, consul: Consul, router: Router) -> None:
    """Longer than the 10 s without graceful restart: as long as the router keeps the route."""
    consul.register("web", tags(VIP4))
    settings = {"consul_addr": consul.addr}
    agent = bed.start_agent(
        config(peer(router), agent=settings, graceful_restart=True, restart_time="60s")
    )
    router.wait_routes(VIP4)
    agent.kill()
    consul.process.pause()
    agent.start()
    router.wait_established()

    def is_gone() -> bool:
        return VIP4 not in router.routes() or VIP4 not in bed.host.loopback_addresses()

    never(is_gone, "the route or the VIP was removed", 10.5)
    assert agent.peer(router.ip)["graceful_restart"]["end_of_rib_held"]
    consul.process.resume()
    wait_until(
        lambda: not agent.peer(router.ip)["graceful_restart"]["restarting"], "End-of-RIB"
    )
    assert not is_gone()


def test_leftovers_wait_for_consul(bed: Testbed, consul: Consul, router: Router) -> None:
    consul.register("web", tags(VIP4))
    agent = start(bed, router, consul)
    router.wait_routes(VIP4)
    agent.kill()
    assert VIP4 in bed.host.loopback_addresses()
    consul.process.pause()
    agent.start()
    agent.wait_log("0 apps registered")
    never(lambda: VIP4 not in bed.host.loopback_addresses(), "the VIP was removed", 0.3)
    consul.process.resume()
    router.wait_route(VIP4)
    consul.deregister("web")
    bed.wait_loopback({})
