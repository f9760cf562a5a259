"""SIGKILL at 300 random moments under changing load, in cases that run side by side.

After each kill the agent is started again, and lo, NAT and the router's table must become exactly
what killmodel.py says; what was wanted before and after must not have been touched in between; and
what is not ours must be as it was. A failure names its seed: VIPHERALD_KILL_SEED=N repeats it.
"""

import http.client
import os
import random
import socket
import subprocess
import threading
import time
from dataclasses import replace

import pytest

from .agent import Agent
from .configs import config, peer
from .killmodel import App, Definition, Picture, Seen, expect
from .nat import BACKENDS, NatBed, nat_app
from .netlink import Removals
from .old_kernel import without_tags
from .routers import Router
from .routers.base import NotReady
from .testbed import Testbed
from .wait import wait_until

pytestmark = pytest.mark.usefixtures("xtables_lock")

KILLS = 50
WORKERS, APPS_EACH = 3, 3
NATS = ((), ("tcp:53:8053",), ("tcp:53:8053", "udp:53:8053"))
FOREIGN = {"192.0.2.250/32": "lo", "2001:db8::250/128": "", "192.0.2.251/32": "lo:app0"}
FIXED = {
    "fixed": Definition(("192.0.2.200/32", "2001:db8::200/128"), NATS[1], port=7200),
    "always": Definition(("192.0.2.201/32",)),
}
PORTS = [7000 + n for n in range(WORKERS * APPS_EACH)] + [7200]


class Services:
    """Listening sockets of this process: they live and die in microseconds."""

    def __init__(self, bed: Testbed):
        self._bed = bed
        self._sockets: dict[int, socket.socket] = {}

    @property
    def live(self) -> set[int]:
        return set(self._sockets)

    def toggle(self, port: int) -> None:
        if (old := self._sockets.pop(port, None)) is not None:
            old.close()
            return
        with self._bed.host.inside():
            new = socket.socket(socket.AF_INET6)
        new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        new.bind(("::", port))
        new.listen()
        self._sockets[port] = new

    def close(self) -> None:
        for port in list(self._sockets):
            self.toggle(port)


class Worker:
    """Changes its apps one request after the other, until the agent is gone."""

    def __init__(self, load: "Load", number: int, seed: int):
        self._load = load
        self._random = random.Random(seed)
        self._apps = load.apps[number * APPS_EACH : (number + 1) * APPS_EACH]
        self._ports = PORTS[number * APPS_EACH : (number + 1) * APPS_EACH]
        self._may_drain_agent = number == 0
        if number == 0:
            self._ports = [*self._ports, 7200]
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._load.over.is_set():
                self._step()
        except (OSError, http.client.HTTPException):
            pass  # killed in the middle of it: the app is in flight
        except BaseException as failure:  # noqa: BLE001 - told to the test, whose thread raises it
            self.failure = failure

    def _step(self) -> None:
        app, dice = self._random.choice(self._apps), self._random.random()
        if dice < 0.3:
            self._load.services.toggle(self._random.choice(self._ports))
        elif dice < 0.33 and self._may_drain_agent:
            self._drain_agent()
        elif app.state is None or dice < 0.6:
            self._register(app)
        elif dice < 0.75:
            self._drain(app)
        elif dice < 0.85:
            self._renew(app)
        else:
            self._unregister(app)
        # Time for it to be in the middle of something.
        self._load.over.wait(self._random.uniform(0, 0.01))

    def _definition(self, app: App) -> Definition:
        n, choose = self._load.apps.index(app), self._random.choice
        pool = (f"192.0.2.{n + 1}/32", f"2001:db8::{n + 1}/128", f"198.51.100.{n + 1}/32")
        vips = tuple(vip for vip in pool if choose((True, False))) or pool[:1]
        # No two apps share an address, so that no request is a conflict.
        port = choose((None, 7000 + n, 7000 + n))
        # A drain outlives another definition.
        drained = app.state is not None and app.state.drained
        return Definition(vips, choose(NATS), port, choose((None, None, 1.0, 60.0)), drained)

    def _send(
        self, app: App, wanted: Definition | None, target: str, renewal: bool = False
    ) -> None:
        app.ask(wanted, renewal)
        response = self._load.agent.get(target)
        if response.status == 404 and app.lease is not None:
            app.in_flight = False  # its lease ended a moment ago
            app.state = app.lease = None
            return
        assert response.status == 200, (target, response)
        assert response.json()["stored"] is True, (target, response)
        if wanted is not None and wanted.drained and response.json()["result"] == "registered":
            app.asked = replace(wanted, drained=False)  # the lease ended before this arrived
        app.answered()

    def _register(self, app: App) -> None:
        wanted = self._definition(app)
        if app.lease is not None and app.lease.earliest - time.monotonic() < 0.5:
            # It may be gone, and its drain with it, before this arrives.
            self._unregister(app)
            wanted = replace(wanted, drained=False)
        # By chance the same definition again.
        self._send(app, wanted, _register_target(app.name, wanted), renewal=wanted == app.state)

    def _renew(self, app: App) -> None:
        assert app.state is not None
        if app.state.drained and app.lease is not None:
            return  # likewise
        self._send(app, app.state, _register_target(app.name, app.state), renewal=True)

    def _unregister(self, app: App) -> None:
        self._send(app, None, f"/unregister?name={app.name}")

    def _drain(self, app: App) -> None:
        assert app.state is not None
        lease, wanted = app.lease, replace(app.state, drained=not app.state.drained)
        what = "drain?reason=test" if wanted.drained else "undrain"
        app.ask(wanted, renewal=True)
        app.asked_lease = lease
        response = self._load.agent.request("POST", f"/v1/apps/{app.name}/{what}")
        if response.status == 404:
            assert lease is not None, f"{app.name} is gone"
            app.in_flight = False
            app.state = app.lease = None
            return
        assert response.status == 200 and response.json()["stored"] is True, response
        app.state, app.in_flight = wanted, False

    def _drain_agent(self) -> None:
        load = self._load
        load.drain_in_flight = not load.drained
        what = "undrain" if load.drained else "drain"
        response = load.agent.request("POST", f"/v1/{what}")
        assert response.status == 200 and response.json()["stored"] is True, response
        load.drained, load.drain_in_flight = not load.drained, None


def _register_target(name: str, wanted: Definition) -> str:
    pairs = [("name", name), *(("vip", vip) for vip in wanted.vips)]
    pairs += [("monitor", monitor) for monitor in wanted.monitors]
    pairs += [("nat", nat) for nat in wanted.nats]
    if wanted.ttl is not None:
        pairs.append(("ttl", f"{wanted.ttl:g}s"))
    return "/register?" + "&".join(f"{key}={value}" for key, value in pairs)


class Load:
    """The requests to the agent between two kills."""

    def __init__(self, agent: Agent, services: Services):
        self.agent = agent
        self.services = services
        self.apps = [App(f"app{n}") for n in range(WORKERS * APPS_EACH)]
        self.drained = False
        self.drain_in_flight: bool | None = None
        self.over = threading.Event()

    def run_until_kill(self, rng: random.Random) -> None:
        self.over.clear()
        workers = [Worker(self, n, rng.getrandbits(32)) for n in range(WORKERS)]
        threads = [threading.Thread(target=worker.run) for worker in workers]
        for thread in threads:
            thread.start()
        self.over.wait(rng.uniform(0, 0.25))  # the random moment
        self.agent.kill()
        self.over.set()
        for thread in threads:
            thread.join()
        for worker in workers:
            if worker.failure is not None:
                raise worker.failure


class Bench:
    """The world around the agent, looked at with the tools that an operator has."""

    def __init__(self, bed: Testbed, backend: str, tags: bool):
        self.bed, self.backend = bed, backend
        self.nat = NatBed(bed)
        self.router: Router = bed.start_router("bird", self.nat.link)
        apps = tuple(
            nat_app(name, list(wanted.vips), wanted.nats, wanted.monitors)
            for name, wanted in FIXED.items()
        )
        structure = config(
            peer(self.router),
            apps=apps,
            agent={"cleanup_timer": "1h", "drain_time": "1h"},
            connect_retry="50ms",
        )
        structure["nat"] = {"backend": backend}
        self.agent = bed.make_agent(structure, env=None if tags else without_tags(bed))
        self.services = Services(bed)
        bed.host.ip(
            "addr add 192.0.2.250/32 dev lo",
            "addr add 2001:db8::250/128 dev lo nodad",
            # As similar to one of ours as another process could make it.
            "addr add 192.0.2.251/32 dev lo label lo:app0",
        )
        self._add_foreign_rules()
        self.foreign_rules = self._foreign_rules()

    def _add_foreign_rules(self) -> None:
        if self.backend == "iptables":
            rule = "-d 192.0.2.250 -p tcp --dport 53 -j DNAT --to-destination 10.0.1.2:1"
            self.bed.host.run(["iptables-legacy", "-t", "nat", "-A", "PREROUTING", *rule.split()])
        else:
            self.nat.nft(
                "table ip foreign {\nchain c {\ntype nat hook prerouting priority -100\n"
                "ip daddr 192.0.2.250 tcp dport 53 dnat to 10.0.1.2:1\n}\n}\n"
            )

    def _foreign_rules(self) -> str:
        if self.backend == "iptables":
            ours = self.nat.our_rules("iptables")
            return "\n".join(rule for rule in self.nat.legacy_rules() if rule not in ours)
        return self.bed.host.run(["nft", "list", "table", "ip", "foreign"])

    def rules(self) -> list[str]:
        return self.nat.our_rules(self.backend)

    def read_picture(self) -> tuple[Picture, list[str]]:
        """And the rules in their order."""
        rules = self.rules()
        return (
            Picture(
                self.bed.host.loopback_addresses(), set(rules), set(self.router.routes())
            ),
            rules,
        )

    def seen_apps(self) -> dict[str, Seen]:
        names = [app["name"] for app in self.agent.status("apps")["apps"]]
        shown = {name: self.agent.get(f"/v1/apps/{name}") for name in names}
        return {name: _seen(reply.json()) for name, reply in shown.items() if reply.status == 200}


def _seen(app: dict) -> Seen:
    holds = app["drain"]["holds"] if app["drain"] else []
    return Seen(
        frozenset(vip["prefix"] for vip in app["vips"]),
        frozenset(app["nats"]),
        frozenset(monitor["monitor"] for monitor in app["monitors"]),
        app["lease"] is not None,
        any(hold["of"] == "app" for hold in holds),
    )


class Judge:
    """Compares the world with the model after a kill."""

    def __init__(self, bench: Bench, load: Load):
        self._bench, self._load = bench, load
        self._lo = set(bench.bed.host.loopback_addresses())
        self._rules = bench.rules()
        self._rules_after: list[str] = []
        self._removals = Removals(bench.bed.host)
        self._removed_addresses: set[str] = set()
        self._removed_elements = b""

    def judge(self) -> None:
        try:
            self._decide_what_was_in_flight()
            # nft fails when a table goes while it lists.
            ignore = (Mismatch, NotReady, subprocess.CalledProcessError)
            wait_until(self._as_expected, "the world is as the model says", ignore=ignore)
            self._check_untouched()
        finally:
            self._removals.close()

    def _decide_what_was_in_flight(self) -> None:
        load, agent = self._load, self._bench.agent
        wait_until(lambda: agent.status("status")["phase"] == "running", "all is restored")
        seen = self._bench.seen_apps()
        for app in load.apps:
            app.decide(seen.get(app.name))
        if load.drain_in_flight is not None:
            load.drained = agent.status("status")["drain"] is not None
            load.drain_in_flight = None

    def _note_removals(self) -> None:
        """Before the snapshot, which shows whether they were right."""
        self._removed_addresses |= self._removals.addresses()
        self._removed_elements += self._removals.elements()

    def _as_expected(self) -> bool:
        self._note_removals()
        seen, load = self._bench.seen_apps(), self._load
        wanted = dict(FIXED)
        for app in load.apps:
            if (definition := app.expected(app.name in seen)) is not None:
                wanted[app.name] = definition
        for name, definition in wanted.items():
            found = seen.get(name)
            _require(found is not None and found.fits(definition), f"{name}: {definition}, {found}")
        _require(set(seen) == set(wanted), f"apps {sorted(seen)}, expected {sorted(wanted)}")
        bench = self._bench
        self.picture = expect(
            wanted, load.services.live, load.drained, self._lo, bench.backend, FOREIGN
        )
        world, self._rules_after = bench.read_picture()
        differences = self.picture.differences(world)
        _require(not differences, differences)
        return True

    def _check_untouched(self) -> None:
        """VIPs that were there at the kill and are wanted now never left."""
        kept = self._lo & set(self.picture.lo)
        addresses = {vip.split("/")[0] for vip in kept}
        flapped = addresses & self._removed_addresses
        assert not flapped, f"removed from lo and added again: {flapped}"
        before = [rule for rule in self._rules if rule in self.picture.nat]
        if self._bench.backend == "iptables":
            after = [rule for rule in self._rules_after if rule in before]
            assert before == after, "rules that stay were made anew"
        else:
            anew = [rule for rule in before if _key(rule) in self._removed_elements]
            assert not anew, f"removed from the map and added again: {anew}"
        assert self._bench._foreign_rules() == self._bench.foreign_rules


def _key(element: str) -> bytes:
    """The beginning of an nftables element, as it is on the wire: address, protocol, port."""
    address, protocol, port = element.split(" : ")[0].split(" . ")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    number = socket.IPPROTO_TCP if protocol == "tcp" else socket.IPPROTO_UDP
    return (
        socket.inet_pton(family, address)
        + bytes([number, 0, 0, 0])
        + int(port).to_bytes(2, "big")
    )


class Mismatch(Exception):
    pass


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise Mismatch(what)


def _kill_while_it_starts(agent: Agent, rng: random.Random) -> None:
    agent.spawn()
    threading.Event().wait(rng.uniform(0, 0.08))  # the random moment
    agent.kill()


@pytest.mark.parametrize("case", range(6))
@pytest.mark.long
def test_killed_at_any_moment(bed: Testbed, case: int) -> None:
    seed = int(os.environ.get("VIPHERALD_KILL_SEED", random.SystemRandom().getrandbits(32)))
    print(f"VIPHERALD_KILL_SEED={seed}, case {case}")
    rng = random.Random(seed + case)
    # The last two on a kernel without tags on addresses.
    bench = Bench(bed, BACKENDS[case % 2], tags=case < 4)
    agent, kills = bench.agent, 0
    load = Load(agent, bench.services)
    agent.start()
    try:
        while kills < KILLS:
            load.run_until_kill(rng)
            judge = Judge(bench, load)
            kills += 1
            while rng.random() < 0.2:
                _kill_while_it_starts(agent, rng)
                kills += 1
            agent.start()
            judge.judge()
    finally:
        bench.services.close()
