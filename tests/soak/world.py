"""The world of the soak: a host with all kinds of services, three routers, Consul, the agent."""

from typing import Any

from netns.configs import config
from netns.consul import Consul
from netns.testbed import ROUTER_AS, Testbed
from netns.wait import wait_until

from .actor import Actor
from .checker import Checker
from .consul_actor import ConsulActor
from .context import PORT, Context
from .drainer import Drainer
from .flapper import Flapper
from .model import CLEANUP_TIMER, DRAIN_TIME, App, Model
from .observer import Observer
from .pest import Pest
from .registrar import Registrar
from .report import Report
from .router_actor import HOLD_TIME, RouterActor
from .targets import Target, make_all
from .vandal import Vandal

ROUTERS = ("frr", "bird", "gobgp")
ALIVE = 7000
"""A port with a listener all the time."""


class World:
    def __init__(self, bed: Testbed, seed: str, backend: str, report: Report):
        self.bed = bed
        self.targets = make_all(bed.host, bed.workdir)
        bed.start_service(ALIVE)
        link = bed.link()
        observer = Observer(link)
        self.observer_link = link
        operator = bed.link()
        options = {"hold_time": HOLD_TIME}
        # One of them connects by itself, so that connections collide.
        routers = [
            bed.start_router(kind, passive=kind != "bird", **options) for kind in ROUTERS
        ]
        self.context = Context(
            seed=seed,
            backend=backend,
            host=bed.host,
            operator=operator.namespace,
            host_ip=operator.host_ip,
            nat_ip=link.host_ip,
            nat_ip6=link.host_ip6,
            report=report,
            model=Model(),
            observer=observer,
            routers=routers,
        )
        self.consul = Consul(bed.host, state=True)
        self.apps = [self._configured(n, target) for n, target in enumerate(self.targets)]
        self.agent_file = bed.workdir / "disable"
        self.agent = bed.make_agent(self._config())
        self.actors = self._make_actors()

    def _configured(self, n: int, target: Target) -> App:
        """The app of a target; every other one has both families, every third one NAT."""
        vips = (f"192.0.2.{n}/32", f"2001:db8:100::{n:x}/128")[: 1 + n % 2]
        nats = ("tcp:53:8053", "udp:53:8053") if n % 3 == 0 else ()
        app = App(f"{target.kind}{n}", vips, (target.monitor,), nats, f"65001:{1000 + n}")
        return self.context.model.add(app)

    def _config(self) -> dict[str, Any]:
        peers = [{"peer_ip": self.observer_link.router_ip, "peer_as": ROUTER_AS}]
        peers += [
            {"peer_ip": router.ip, "peer_as": ROUTER_AS, "hold_time": f"{HOLD_TIME}s"}
            for router in self.context.routers
        ]
        return {
            **config(
                *peers,
                apps=tuple(_entry(app) for app in self.apps),
                agent={
                    "listen_addr": f":{PORT}",
                    "monitor_interval": "300ms",
                    # Starting a command may take seconds on a busy machine.
                    "timeout": "5s",
                    "cleanup_timer": f"{CLEANUP_TIMER:g}s",
                    "drain_time": f"{DRAIN_TIME:g}s",
                    "consul_addr": self.consul.addr,
                    "disable_file": str(self.agent_file),
                    "exec": {"allow_from": ["config", "http"]},
                    "api": {"remote": "register"},
                },
                communities=["65001:1"],
                connect_retry_max="2s",
                listen=True,
            ),
            "nat": {"backend": self.context.backend},
        }

    def _make_actors(self) -> list[Actor]:
        context = self.context
        link = self.observer_link
        alive = f"port:tcp:{ALIVE}"
        return [
            ConsulActor(context, self.consul),
            Flapper(context, list(zip(self.apps, self.targets, strict=True))),
            *(Registrar(context, n, alive, self.apps[0].vips[0]) for n in (1, 2)),
            Drainer(context, self.apps, self.agent_file),
            *(RouterActor(context, router) for router in context.routers),
            Vandal(context),
            Pest(context, link.namespace, link.router_ip, link.host_ip),
            Checker(context),
        ]

    def start_agent(self) -> None:
        """Returns when all peers are there and everything is announced."""
        self.context.observer.start()
        self.agent.spawn()
        wait_until(self._answers, "the agent's API answers", ignore=(OSError,))
        self.wait_as_expected()

    def _answers(self) -> bool:
        process = self.agent.process
        assert process.running, f"the agent ended with {process.returncode}:\n{process.log}"
        return self.context.get("/info").status == 200

    def wait_as_expected(self) -> None:
        """Until every table has exactly what should be there."""
        wanted = {
            vip
            for item in self.context.model.expected()
            for vip in item.app.vips
            if item.want.value == "present"
        }
        wait_until(
            lambda: self.context.observer.table().keys() == wanted,
            f"the observer has {sorted(wanted)}",
            timeout=60,
        )
        for router in self.context.routers:
            router.wait_established()
            router.wait_routes(*wanted)


def _entry(app: App) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": app.name, "vip": list(app.vips)}
    entry["vip_config"] = {"bgp_communities": [app.community]}
    entry["monitors"] = list(app.monitors)
    if app.nats:
        entry["nats"] = list(app.nats)
    return entry
