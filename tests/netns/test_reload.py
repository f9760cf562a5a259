"""Reload: what changes is applied, and nothing else is touched, counted at the routers."""

import random
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from . import bgp
from .agent import Agent, binary
from .configs import VIP4, app, config, peer
from .consul import Consul, tags
from .gate import SLOW, Gate
from .rawpeer import RawListener, RawSession
from .service import Services
from .test_check_now import HOUR, check
from .testbed import ROUTER_AS, Link, Testbed
from .wait import wait_until

OTHER = "192.0.2.54/32"
THIRD = "192.0.2.55/32"
MARKER = "192.0.2.99/32"
KEPT = app("kept", VIP4, "port:tcp:5301")


class Watch:
    """A scripted peer that has read all that the agent sends at first."""

    def __init__(self, bed: Testbed, **keys: Any):
        self.link: Link = bed.link()
        self._listener = RawListener(self.link.namespace, self.link.router_ip)
        self.entry = {"peer_ip": self.link.router_ip, "peer_as": ROUTER_AS, **keys}
        self.session: RawSession

    def establish(self) -> None:
        self.session = self._listener.accept()
        self.session.establish(ROUTER_AS, hold_time=0)
        self.session.receive_updates_until_end_of_rib()

    def updates_until(self, prefix: str) -> list[bgp.Update]:
        """The updates before the one that announces the prefix."""
        updates: list[bgp.Update] = []
        while True:
            update = self.session.expect_update(lambda _: True, f"route {prefix}")
            if prefix in update.announced:
                return updates
            updates.append(update)

    def updates(self, agent: Agent) -> list[bgp.Update]:
        """The updates so far, which a session that was reset would not deliver."""
        agent.register("marker", MARKER)
        updates = self.updates_until(MARKER)
        agent.unregister("marker")
        self.session.expect_withdrawal(MARKER)
        return updates


def moment(text: str) -> float:
    """Of a date of the API, which is computed anew each time, to the millisecond."""
    return datetime.fromisoformat(text).timestamp()


def start(bed: Testbed, *watches: Watch, apps: tuple[Any, ...], **keys: Any) -> Agent:
    for port in (5301, 5302):
        bed.start_service(port)
    agent = bed.start_agent(config(*(watch.entry for watch in watches), apps=apps, **keys))
    for watch in watches:
        watch.establish()
    wait_until(lambda: agent.app("kept")["announced"], "the app is announced")
    return agent


@pytest.fixture
def watch(bed: Testbed) -> Watch:
    return Watch(bed)


def test_nothing_changed_is_nothing_sent(bed: Testbed, watch: Watch) -> None:
    agent = start(bed, watch, apps=(KEPT,))
    before = agent.app("kept")["monitors"][0]["since"]
    answer = agent.reload()
    assert (answer["result"], answer["changes"]) == ("unchanged", [])
    agent.process.signal(signal.SIGHUP)
    agent.wait_log("SIGHUP: reloaded .*, 0 changes")
    assert watch.updates(agent) == []
    after = agent.app("kept")["monitors"][0]["since"]
    assert moment(after) == pytest.approx(moment(before), abs=0.01)


def test_streaks_of_checks_that_did_not_change(bed: Testbed, watch: Watch) -> None:
    """Failures so far still count: a reload of something else does not begin anew."""
    failing = bed.workdir / "failing"
    slow = app("slow", OTHER, {"file": str(failing), "fall": 1000, "interval": "100ms"})
    failing.write_text("")
    agent = start(bed, watch, apps=(KEPT, slow))
    wait_until(lambda: agent.app("slow")["announced"], "it is announced")
    failing.unlink()

    def pending() -> int:
        return agent.app("slow")["monitors"][0]["pending"]

    wait_until(lambda: pending() > 2, "checks fail")
    before = pending()
    agent.reload(config(watch.entry, apps=(KEPT, slow, app("new", THIRD))))
    assert pending() >= before


def test_streaks_of_an_app_that_changes(bed: Testbed, watch: Watch) -> None:
    """Two of three failures stay two, beside monitors that come and with another quorum."""
    failing = bed.workdir / "failing"
    failing.write_text("")
    dns = app("kept", VIP4, {"file": str(failing), "fall": 3}, "port:tcp:5301")
    agent = start(bed, watch, apps=(dns,), agent=HOUR)
    watch.updates(agent)
    failing.unlink()

    def pending(place: int) -> int:
        return agent.app("kept")["monitors"][place]["pending"]

    check(agent, "kept")
    check(agent, "kept")
    assert pending(0) == 2
    more = {**dns, "monitors": ["port:tcp:5302", *dns["monitors"]], "quorum": 3}
    answer = agent.reload(config(watch.entry, apps=(more,), agent=HOUR))
    assert [change["effect"] for change in answer["changes"]] == ["none"]
    assert pending(1) == 2
    agent.reload(config(watch.entry, apps=({**more, "quorum": 2},), agent=HOUR))
    agent.reload(config(watch.entry, apps=({**more, "quorum": 3},), agent=HOUR))
    assert pending(1) == 2
    assert watch.updates(agent) == []
    check(agent, "kept")
    watch.session.expect_withdrawal(VIP4)


def test_checks_that_did_not_change_run_no_more_often(bed: Testbed, watch: Watch) -> None:
    """A reload is no reason for a check: the next one is due when it was."""
    runs = bed.workdir / "runs"
    dns = app("kept", VIP4, f"exec:echo >>{runs}")
    agent = start(bed, watch, apps=(dns,), agent=SLOW)
    changed = {**dns, "states": {"up": {"med": 7}}, "monitors": ["exec:true", *dns["monitors"]]}
    new = app("new", OTHER, "exec:true")
    for apps in ((dns, new), (changed, new), ({**changed, "quorum": 1},)):
        agent.reload(config(watch.entry, apps=apps, agent=SLOW))
    later = app("later", THIRD, "exec:true")
    agent.reload(config(watch.entry, apps=(dns, later), agent={**SLOW, "rise": "1"}))
    # Checks start in the order in which they become due.
    wait_until(lambda: agent.app("later")["announced"], "a check has run since")
    assert runs.read_text() == "\n"
    assert agent.app("kept")["monitors"][0]["checks"] == 1


def test_apps_come_change_and_go(bed: Testbed, watch: Watch) -> None:
    gone = app("gone", OTHER, "port:tcp:5302")
    agent = start(bed, watch, apps=(KEPT, gone))
    wait_until(lambda: agent.app("gone")["announced"], "the second app is announced")
    assert watch.updates(agent) is not None
    changed = {**KEPT, "states": {"up": {"med": 7}}}
    new = app("new", THIRD, "port:tcp:5302")
    answer = agent.reload(config(watch.entry, apps=(changed, new)))
    assert [(c["name"], c["change"], c["effect"]) for c in answer["changes"]] == [
        ("kept", "changed", "update"),
        ("new", "added", "update"),
        ("gone", "removed", "update"),
    ]
    updates = watch.updates(agent)
    [with_med] = [update for update in updates if VIP4 in update.announced]
    assert with_med.med == 7
    assert [THIRD in update.announced for update in updates].count(True) == 1
    assert [OTHER in update.withdrawn for update in updates].count(True) == 1
    assert agent.get("/v1/apps/gone").status == 404
    wait_until(
        lambda: set(bed.host.loopback_addresses()) == {VIP4, THIRD}, "the VIP that went is off lo"
    )


def test_a_vip_moves_to_another_name_without_a_gap(bed: Testbed, watch: Watch) -> None:
    """Also with a check that takes its time."""
    gate = Gate(bed)
    gate.open()
    slow = app("slow", OTHER, gate.check)
    agent = start(bed, watch, apps=(KEPT, slow), agent=SLOW)
    wait_until(lambda: agent.app("slow")["announced"], "the app is announced")
    watch.updates(agent)
    gate.close()
    agent.reload(config(watch.entry, apps=({**slow, "name": "renamed"}, KEPT), agent=SLOW))
    assert watch.updates(agent) == []
    assert agent.app("renamed")["announced"]


def test_monitors_change_and_the_route_stays(bed: Testbed, watch: Watch) -> None:
    gate = Gate(bed)
    agent = start(bed, watch, apps=(KEPT,), agent=SLOW)
    changed = app("kept", VIP4, gate.check)
    agent.reload(config(watch.entry, apps=(changed,), agent=SLOW))
    assert watch.updates(agent) == []
    assert agent.app("kept")["announced"]
    gate.open()


def test_defaults_of_monitors_change_in_place(bed: Testbed, watch: Watch) -> None:
    agent = start(bed, watch, apps=(KEPT,))
    since = agent.app("kept")["monitors"][0]["since"]
    agent.reload(config(watch.entry, apps=(KEPT,), agent={"fall": 3, "monitor_interval": "200ms"}))
    monitor = agent.app("kept")["monitors"][0]
    assert moment(monitor["since"]) == pytest.approx(moment(since), abs=0.01)
    assert (monitor["fall"], monitor["interval_seconds"]) == (3, 0.2)
    assert watch.updates(agent) == []


def test_a_broken_file_changes_nothing(bed: Testbed, watch: Watch) -> None:
    agent = start(bed, watch, apps=(KEPT,))
    before = agent.status("status")["config"]
    assert before["last_reload"] is None
    broken = agent.config_path.read_text() + "apps2: []\nbgp: 3\n"
    answer = agent.reload(broken, status=422)
    assert {"line", "column", "key", "text"} <= set(answer["errors"][0])
    after = agent.status("status")["config"]
    assert after["sha256"] == before["sha256"]
    assert (after["last_reload"]["ok"], after["last_reload"]["errors"]) == (
        False,
        answer["errors"],
    )
    metrics = agent.get("/metrics").text
    assert "vipherald_config_last_reload_successful 0" in metrics
    assert watch.updates(agent) == []
    agent.reload(config(watch.entry, apps=(KEPT,)))
    assert agent.status("status")["config"]["last_reload"]["ok"]
    assert "vipherald_config_last_reload_successful 1" in agent.get("/metrics").text


def test_dates_of_the_last_reload(bed: Testbed, watch: Watch) -> None:
    """When what is in effect was loaded, and when the last attempt was, which may have failed."""
    agent = start(bed, watch, apps=(KEPT,))

    def dates() -> tuple[float, float, float]:
        wanted = r"^vipherald_config_last_reload_timestamp_seconds (.*)$"
        [metric] = re.findall(wanted, agent.get("/metrics").text, re.M)
        shown = agent.status("status")["config"]
        last = shown["last_reload"]
        loaded = moment(shown["loaded_at"])
        assert float(metric) == pytest.approx(loaded, abs=0.002)
        return loaded, moment(last["at"]) if last else 0, time.time()

    def reload(*arguments: Any, **keys: Any) -> None:
        """In another millisecond than all before it: the API tells no less."""
        wait_until(lambda now=time.time(): time.time() > now + 0.002, "the clock goes on")
        agent.reload(*arguments, **keys)

    at_start = dates()
    assert at_start[1] == 0
    reload("nat: 3\n", status=422)
    failed = dates()
    assert failed[0] == at_start[0] and at_start[2] < failed[1] < failed[2]
    for apps in (KEPT,), (KEPT,), (KEPT, app("new", THIRD)):
        before = dates()
        reload(config(watch.entry, apps=apps))
        after = dates()
        assert before[2] < after[0] < after[2] and before[2] < after[1] < after[2]


def test_errors_are_in_the_log(bed: Testbed, watch: Watch) -> None:
    """Each with its line and key, once for each reload, whoever asked for it."""
    agent = start(bed, watch, apps=(KEPT,))
    text = agent.config_path.read_text()
    line = text.count("\n") + 1
    agent.write_config(text + "nat: { backend: ipfw }\nappz: []\n")
    agent.process.signal(signal.SIGHUP)
    agent.wait_log("SIGHUP: not reloaded, 2 errors; the configuration in effect stays")
    agent.reload(status=422)
    logged = [part for part in agent.log.splitlines() if " ERROR config: " in part]
    for place in rf"{line}:\d+: error: nat.backend: ", rf"{line + 1}:\d+: error: appz: ":
        wanted = rf" ERROR config: {re.escape(str(agent.config_path))}:{place}"
        assert len([part for part in logged if re.search(wanted, part)]) == 2, (wanted, logged)


def test_what_cannot_be_done_changes_nothing(bed: Testbed, watch: Watch) -> None:
    """A user that does not exist, and a VIP that covers the host's own address."""
    agent = start(bed, watch, apps=(KEPT,))
    bad = app("bad", f"{watch.link.host_ip}/32", "port:tcp:5302")
    changed = {**KEPT, "states": {"up": {"med": 7}}}
    for wrong in (
        config(watch.entry, apps=(changed,), agent={"exec": {"user": "no-such-user"}}),
        config(watch.entry, apps=(changed, bad)),
    ):
        assert agent.reload(wrong, status=422)["errors"]
        assert watch.updates(agent) == []


def test_a_peer_behind_a_vip_of_http_is_refused(bed: Testbed, watch: Watch) -> None:
    """Bound to lo, the VIP would keep the agent from that router."""
    agent = start(bed, watch, apps=(KEPT,))
    agent.register("mine", "10.0.1.77/32")
    behind = {"peer_ip": "10.0.1.77", "peer_as": ROUTER_AS}
    answer = agent.reload(config(watch.entry, behind, apps=(KEPT,)), status=422)
    [error] = answer["errors"]
    assert error["key"] == "mine" and "10.0.1.77, " in error["text"]
    assert [p["address"] for p in agent.status("peers")["peers"]] == [watch.entry["peer_ip"]]
    agent.unregister("mine")
    agent.reload(config(watch.entry, behind, apps=(KEPT,)))
    for update in watch.updates(agent):
        assert {*update.announced, *update.withdrawn} == {"10.0.1.77/32"}


def test_peers_change_alone(bed: Testbed) -> None:
    first, second = Watch(bed), Watch(bed)
    agent = start(bed, first, second, apps=(KEPT,))

    def reload(**keys: Any) -> list[str]:
        answer = agent.reload(config(first.entry, {**second.entry, **keys}, apps=(KEPT,)))
        return [change["effect"] for change in answer["changes"]]

    assert reload(communities=["7:7"]) == ["update"]
    [update] = second.updates(agent)
    assert update.communities == ["7:7"]
    assert reload(communities=["7:7"], connect_retry="3s") == ["none"]
    assert second.updates(agent) == []
    assert reload(hold_time="60s") == ["session"]
    second.session.expect_notification(6, 6)
    second.establish()
    answer = agent.reload(config(first.entry, apps=(KEPT,)))
    assert [change["change"] for change in answer["changes"]] == ["removed"]
    second.session.expect_notification(6, 3)
    agent.reload(config(first.entry, second.entry, apps=(KEPT,)))
    second.establish()
    assert first.updates(agent) == []
    assert agent.peer(first.link.router_ip)["sessions"] == 1


def test_communities_of_all(bed: Testbed) -> None:
    first, second = Watch(bed), Watch(bed, communities=["1:1"])
    agent = start(bed, first, second, apps=(KEPT,))
    agent.reload(config(first.entry, second.entry, apps=(KEPT,), communities=["1:1"]))
    [update] = first.updates(agent)
    assert update.communities == ["1:1"]
    assert second.updates(agent) == []


@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_a_router_gets_what_differs(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    bed.start_service(5301)
    agent = bed.start_agent(config(peer(router), apps=(KEPT,)))
    router.wait_route(VIP4)
    agent.reload(config(peer(router, communities=["3:3"]), apps=(KEPT,)))
    wait_until(lambda: "3:3" in router.routes()[VIP4].communities, "the community arrives")
    assert agent.peer(router.ip)["sessions"] == 1
    agent.reload(config(peer(router, communities=["3:3"], hold_time="30s"), apps=(KEPT,)))
    wait_until(lambda: agent.peer(router.ip)["sessions"] == 2, "a session with the other hold time")
    router.wait_route(VIP4)


def test_a_password_is_read_again(bed: Testbed) -> None:
    """At the router's side the key changes with the session, which is reset by it."""
    secret = bed.workdir / "md5"
    secret.write_text("first\n")
    secret.chmod(0o600)
    router = bed.start_router("bird", password="first")
    bed.start_service(5301)
    entry = peer(router, password_file=str(secret))
    agent = bed.start_agent(config(entry, apps=(KEPT,)))
    router.wait_route(VIP4)
    secret.write_text("second\n")
    answer = agent.reload()
    [change] = answer["changes"]
    assert (change["name"], change["effect"]) == (router.ip, "none")
    [key] = change["keys"]
    assert (key["key"], key["before"], key["after"]) == ("password", "(hidden)", "(hidden)")
    assert agent.peer(router.ip)["sessions"] == 1
    secret.write_text("first\n")
    agent.reload()
    agent.register("marker", MARKER)
    router.wait_route(MARKER)
    assert agent.peer(router.ip)["sessions"] == 1
    secret.unlink()
    assert agent.reload(status=422)["errors"][0]["key"] == "bgp.peers[0].password_file"


def test_keys_that_need_a_restart_are_named(bed: Testbed, watch: Watch) -> None:
    agent = start(bed, watch, apps=(KEPT,))
    changed = config(
        watch.entry, apps=(KEPT,), agent={"listen_addr": "127.0.0.1:8081", "rise": 2}
    )
    for _ in range(2):
        answer = agent.reload(changed)
        assert answer["needs_restart"] == ["agent.listen_addr"]
    assert agent.status("status")["config"]["needs_restart"] == ["agent.listen_addr"]
    assert agent.app("kept")["monitors"][0]["rise"] == 2
    agent.reload(config(watch.entry, apps=(KEPT,)))
    assert agent.status("status")["config"]["needs_restart"] == []
    assert watch.updates(agent) == []


def test_apps_of_http_and_drains_stay(bed: Testbed, watch: Watch) -> None:
    agent = start(bed, watch, apps=(KEPT,))
    agent.register("mine", OTHER)
    watch.session.expect_route(OTHER)
    agent.drain("kept", reason="maintenance")
    watch.session.expect_route(VIP4)
    agent.reload(config(watch.entry, apps=(KEPT,), agent={"drain_time": "40s"}))
    assert watch.updates(agent) == []
    assert agent.app("mine")["source"] == "http"
    [hold] = agent.app("kept")["drain"]["holds"]
    assert hold["reason"] == "maintenance"


def test_keys_of_consul(bed: Testbed, watch: Watch) -> None:
    """Another client: its apps stay where it has them, and go where it has not."""
    consul = Consul(bed.host)
    consul.register("web", tags(OTHER))
    agent = start(bed, watch, apps=(KEPT,), agent={"consul_addr": consul.addr})
    wait_until(lambda: agent.app("web")["announced"], "the service is announced", ignore=(AssertionError,))
    watch.updates(agent)

    def reload(**keys: str) -> list[str]:
        changes = agent.reload(config(watch.entry, apps=(KEPT,), agent=keys))["changes"]
        return [change["effect"] for change in changes]

    assert reload(consul_addr=consul.addr, consul_query_interval="1m") == ["none"]
    wait_until(lambda: agent.status("consul")["found"], "the first answer of the new client")
    assert watch.updates(agent) == []
    assert reload(consul_addr=consul.addr, consul_match_tag="another") == ["none"]
    watch.session.expect_withdrawal(OTHER)
    assert reload(consul_addr=consul.addr) == ["none"]
    watch.session.expect_route(OTHER)
    assert reload() == ["none"]
    watch.session.expect_withdrawal(OTHER)
    assert agent.app("kept")["announced"]


def test_a_service_dies_during_reloads(bed: Testbed, watch: Watch) -> None:
    """The withdrawal comes once, and nothing brings the route back."""
    service = bed.start_service(5303)
    apps = (KEPT, app("dying", OTHER, "port:tcp:5303"))
    agent = start(bed, watch, apps=apps)
    wait_until(lambda: agent.app("dying")["announced"], "the app is announced")
    watch.updates(agent)
    for i in range(20):
        more = tuple(app(f"more{n}", f"198.51.100.{n}/32", "port:tcp:5302") for n in range(i))
        agent.write_config(config(watch.entry, apps=(*apps, *more)))
        agent.process.signal(signal.SIGHUP)
        if i == 10:
            service.kill()
    watch.session.expect_withdrawal(OTHER)
    wait_until(lambda: "more18" in {a["name"] for a in agent.status("apps")["apps"]}, "the last one")
    assert all(OTHER not in update.announced for update in watch.updates(agent))
    assert not agent.app("dying")["announced"]


def pause_within_a_reload(agent: Agent, watch: Watch, before: Any, after: Any, app: str) -> int:
    """Stops the agent soon after a reload of 10,000 apps has told that it adds this one; where its log begins.
    On a busy machine the reload may be over before this process has seen it begin."""
    for _ in range(20):
        agent.write_config(after)
        start = len(agent.log)
        agent.process.signal(signal.SIGHUP)
        agent.process.wait_line(f"SIGHUP: app {app} added", start)
        agent.process.pause()
        messages = [bgp.decode(message) for message in watch.session.receive_pending()]
        updates = [message for message in messages if isinstance(message, bgp.Update)]
        if sum(len(update.announced) for update in updates) < 2000:
            return start
        agent.process.resume()
        agent.reload(before)
        watch.updates(agent)
    raise AssertionError("no reload was met while it went on")


def test_five_hundred_services_die_during_a_reload(bed: Testbed, watch: Watch) -> None:
    """Withdrawals do not wait for the end of the reload, each is sent once, and no route comes back."""
    ports = range(20000, 20500)
    vips = {f"198.18.{n // 250}.{n % 250}/32" for n in range(len(ports))}
    dying = tuple(
        app(f"d{n}", f"198.18.{n // 250}.{n % 250}/32", f"port:tcp:{port}")
        for n, port in enumerate(ports)
    )
    services = Services(bed.host, ports)
    before = config(watch.entry, apps=(KEPT, *dying), agent={"bind": "none"})
    agent = start(bed, watch, apps=(KEPT, *dying), agent={"bind": "none"})
    sent = {(vip, "sent") for vip in vips | {VIP4}}
    wait_until(lambda: sent_to(agent, watch) == sent, "all are announced")
    watch.updates(agent)
    more = tuple(app(f"a{n}", f"198.19.{n // 250}.{n % 250}/32") for n in range(10000))
    last = "198.19.39.249/32"
    after = config(watch.entry, apps=(KEPT, *dying, *more), agent={"bind": "none"})
    log = pause_within_a_reload(agent, watch, before, after, "a0")
    services.kill()
    agent.process.resume()
    during = watch.updates_until(last)
    assert any(update.withdrawn for update in during)
    agent.process.wait_line("SIGHUP: reloaded .*, 10000 changes", log)
    wait_until(lambda: agent.log.count(": down, withdrawing it: ", log) == 500, "all are down")
    updates = during + watch.updates(agent)
    assert sorted(vip for update in updates for vip in update.withdrawn) == sorted(vips)
    assert not vips & {prefix for update in updates for prefix in update.announced}
    assert agent.peer(watch.link.router_ip)["sessions"] == 1


def sent_to(agent: Agent, watch: Watch) -> set[tuple[str, str]]:
    """VIP and state of each route at this peer."""
    routes = agent.get("/v1/routes").json()["routes"]
    ip = watch.link.router_ip
    return {(r["prefix"], p["state"]) for r in routes for p in r["peers"] if p["peer"] == ip}


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment(bed: Testbed, watch: Watch, seed: int) -> None:
    """The next start has the file as it is, lo as that says, and the router its routes."""
    dice = random.Random(seed)
    agent = start(bed, watch, apps=(KEPT,))
    for attempt in range(5):
        first = 1 + 100 * (attempt % 2)
        vips = [f"198.51.100.{first + n}/32" for n in range(dice.randint(20, 100))]
        apps = tuple(app(f"a{n}", vip, "port:tcp:5302") for n, vip in enumerate(vips))
        agent.write_config(config(watch.entry, apps=apps, **dice.choice(({}, {"med": attempt}))))
        with agent.asking("POST", "/v1/reload"):
            # No event to wait for: the kill has to come at any moment, those without an event included.
            time.sleep(dice.uniform(0, 0.05))
            agent.kill()
        agent.start()
        watch.establish()
        wait_until(lambda w=set(vips): set(bed.host.loopback_addresses()) == w, "lo as in the file")
        routes = {(vip, "sent") for vip in vips}
        wait_until(lambda w=routes: sent_to(agent, watch) == w, "the routes of the file")


@pytest.mark.parametrize("after", ["reloading", "app a0 added"])
def test_a_stop_ends_a_reload(bed: Testbed, watch: Watch, after: str) -> None:
    """Whatever was registered by then goes too."""
    agent = start(bed, watch, apps=(KEPT,))
    apps = tuple(app(f"a{n}", f"198.51.{n // 250}.{n % 250}/32", "port:tcp:5302") for n in range(2000))
    agent.write_config(config(watch.entry, apps=apps))
    agent.process.signal(signal.SIGHUP)
    agent.wait_log(f"SIGHUP: {after}")
    agent.stop(timeout=30)
    watch.session.expect_withdrawal(VIP4)
    assert bed.host.loopback_addresses() == {}


def run(bed: Testbed, agent: Agent, *words: str) -> tuple[int, str, str]:
    """The command line; its exit status, and what it said."""
    with bed.host.inside():
        result = subprocess.run(
            [binary(), *words], capture_output=True, text=True, timeout=20,
            env={"VIPHERALD_API": f"unix:{agent.run_dir}/api.sock"},
        )
    return result.returncode, result.stdout, result.stderr


def test_from_the_command_line(bed: Testbed, watch: Watch) -> None:
    agent = start(bed, watch, apps=(KEPT,))
    assert run(bed, agent, "reload") == (0, "unchanged\n", "")
    changed = {**KEPT, "states": {"up": {"med": 7}}}
    agent.write_config(config(watch.entry, apps=(changed,)))
    wanted = "app kept changed: UPDATE\n    states.up.med: not set -> 7\n"
    assert run(bed, agent, "diff", str(agent.config_path)) == (1, wanted, "")
    assert watch.updates(agent) == []
    assert run(bed, agent, "reload") == (0, wanted + "reloaded\n", "")
    assert len(watch.updates(agent)) == 1
    assert run(bed, agent, "diff", str(agent.config_path)) == (0, "", "")
    agent.write_config(agent.config_path.read_text().replace("hold", "hodl") + "nat: 3\n")
    for words, status in ((("diff", str(agent.config_path)), 2), (("reload",), 1)):
        found = run(bed, agent, *words)
        assert found[0] == status
        assert f"{agent.config_path}:" in found[2] and "error: nat: expected" in found[2]


def test_only_administrators_may_reload(bed: Testbed, watch: Watch) -> None:
    agent = start(bed, watch, apps=(KEPT,))
    for path in ("/v1/reload", "/v1/diff"):
        assert agent.request("GET", path).status == 403
        assert agent.request("POST", path).status == 403
        assert agent.admin(path).status == 405
        assert agent.admin(f"{path}?now=1", "POST").status == 400


def test_rights_and_tokens_follow(bed: Testbed, watch: Watch) -> None:
    token = bed.workdir / "token"
    token.write_text("0123456789abcdef")
    agent = start(bed, watch, apps=(KEPT,))
    headers = {"Authorization": "Bearer 0123456789abcdef"}
    assert agent.request("POST", "/v1/reload", headers).status == 401
    api = {"local": "read", "tokens": [{"name": "t", "file": str(token), "role": "admin"}]}
    agent.reload(config(watch.entry, apps=(KEPT,), agent={"listen_addr": agent.listen_addr, "api": api}))
    assert agent.request("POST", "/v1/reload", headers).status == 200
    assert agent.unregister("kept").status == 403
    token.write_text("another-0123456789")
    assert agent.reload()
    assert agent.request("POST", "/v1/reload", headers).status == 401


def test_diffs_beside_reloads(bed: Testbed, watch: Watch) -> None:
    """Each answer is of one configuration as a whole, whatever is put into effect meanwhile."""
    agent = start(bed, watch, apps=(KEPT,))
    sizes = (1, 300)
    files = [
        config(watch.entry, apps=(KEPT, *(app(f"a{n}", f"198.51.{n // 250}.{n % 250}/32") for n in range(size))))
        for size in sizes
    ]
    agent.write_config(files[1])
    text = agent.config_path.read_bytes()
    with ThreadPoolExecutor(2) as pool:
        for i in range(24):
            asked = [pool.submit(agent.admin, "/v1/diff", "POST", text) for _ in range(2)]
            agent.reload(files[i % 2])
            for answer in asked:
                assert answer.result().status == 200
                assert len(answer.result().json()["changes"]) in {0, 299, 300}
    # More than wait for their turn are refused, in words.
    agent.process.pause()
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(agent.admin, "/v1/diff", "POST", text) for _ in range(6)]
        wait_until(lambda: all(a.running() for a in asked), "all are asked")
        agent.process.resume()
        found = [a.result() for a in asked]
    assert {a.status for a in found} <= {200, 429}
    assert all("already waiting" in a.text for a in found if a.status == 429)
