"""Agents on hosts of their own, one real Consul, and one BIRD that has sessions with all of them."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

from .agent import Agent, binary
from .configs import VIP4, app, config
from .consul import Consul, Refused
from .netns import Namespace
from .process import Process
from .routers import bird_control
from .routers.base import NotReady, library_env, unpacked
from .service import Service
from .testbed import AGENT_AS, ROUTER_AS, Testbed, connect
from .wait import wait_until

PORT = 5353
PREFIX = "vipherald/fleet"
GRACEFUL_SHUTDOWN = "(65535,0)"
PATIENCE = 60.0
"""Several agents with checks, and Consul: a step of the guard takes seconds on a busy machine."""

# "2026-11-29 01:00:00.123 <TRACE> agent1.ipv4 > added [best] 192.0.2.53/32 0L 10G unicast". What is
# replaced is removed after the new one was added.
_CHANGE = re.compile(r"(agent\d+)\.ipv4 > (added|removed) (?:\[\w+\] )?(\S+/\d+)")


class Collector:
    """BIRD, with a session to each agent. What it had at every moment is in its log."""

    def __init__(self, bed: Testbed, hub: Namespace):
        self._dir = bed.workdir / "collector"
        self._dir.mkdir()
        self._hub = hub
        self._sessions: list[str] = []
        self._process: Process | None = None

    def add(self, agent_ip: str, own_ip: str) -> None:
        name = f"agent{len(self._sessions) + 1}"
        self._sessions.append(f"""
protocol bgp {name} {{
  local {own_ip} as {ROUTER_AS};
  neighbor {agent_ip} as {AGENT_AS};
  direct; passive on; connect delay time 1; error wait time 1, 2;
  debug {{ routes }};
  ipv4 {{ import all; export none; }};
}}""")

    def start(self) -> None:
        conf = self._dir / "bird.conf"
        conf.write_text(
            "log stderr all;\nrouter id 10.0.0.1;\nprotocol device { }\n" + "".join(self._sessions)
        )
        argv = [unpacked("usr/sbin/bird"), "-f", "-c", conf, "-s", self._dir / "ctl"]
        argv += ["-P", self._dir / "pid"]
        self._process = self._hub.start(argv, "collector", library_env())

    @property
    def log(self) -> str:
        assert self._process is not None
        return self._process.log

    def sizes(self, prefix: str = VIP4) -> list[int]:
        """How many routes to the prefix it had, after each change."""
        have: set[str] = set()
        sizes = []
        for session, what, net in _CHANGE.findall(self.log):
            if net != prefix:
                continue
            if what == "removed":
                have.discard(session)
            else:
                have.add(session)
            sizes.append(len(have))
        return sizes

    def routes(self, prefix: str = VIP4) -> dict[str, bool]:
        """By agent; whether the route is the degraded one."""
        text = bird_control.ask(self._dir / "ctl", f"show route all {prefix}")
        found: dict[str, bool] = {}
        name = ""
        for line in text.splitlines():
            if match := re.search(r" \[(agent\d+) ", line):
                name = match[1]
                found[name] = False
            elif "BGP.community:" in line and GRACEFUL_SHUTDOWN in line:
                found[name] = True
        return found


class Host:
    """One agent, with the app `dns` of a soft and a hard check; `light`: of a soft one that starts no process."""

    def __init__(
        self,
        bed: Testbed,
        hub: Namespace,
        n: int,
        agent: dict[str, Any],
        light: bool = False,
        env: dict[str, str] | None = None,
    ):
        self.n = n
        self._env = env
        self._agent_keys = agent
        self.name = f"agent{n}"
        self.ip, self.hub_ip = f"10.0.{n}.2", f"10.0.{n}.1"
        self.namespace = bed.namespace(f"site{n}")
        self.healthy = bed.workdir / f"healthy{n}"
        self.healthy.touch()
        connect(self.namespace, hub, n, f"eth{n}")
        self.checks = [f"file:{self.healthy}"]
        if not light:
            self.checks = [f"exec:test -e {self.healthy}", f"port:tcp:{PORT}"]
            self.service = Service(self.namespace, PORT, "tcp", "::")
        self._bed = bed
        self.agent: Agent

    def config(self, fleet: dict[str, Any], **keys: Any) -> dict[str, Any]:
        dns = app("dns", VIP4, *self.checks)
        return config(
            {"peer_ip": self.hub_ip, "peer_as": ROUTER_AS},
            apps=({**dns, **keys},),
            agent={"consul_addr": f"http://{self.hub_ip}:8500", **self._agent_keys},
        ) | {"fleet": {"engine": "consul", "node": f"site{self.n}", **fleet}}

    def start(self, fleet: dict[str, Any], **keys: Any) -> None:
        self.spawn(fleet, **keys)
        self.agent.wait_api()

    def spawn(self, fleet: dict[str, Any], **keys: Any) -> None:
        self.agent = self._bed.make_agent(
            self.config(fleet, **keys), namespace=self.namespace, env=self._env
        )
        self.agent.spawn()

    def start_roll(self, script: str, *options: str) -> Process:
        """`vipherald fleet drain --app dns OPTIONS -- sh -c SCRIPT`."""
        argv = ["fleet", "drain", "--app", "dns", *options, "--", "sh", "-c", script]
        env = {"VIPHERALD_API": self.agent.listen_addr}
        return self.namespace.start([binary(), *argv], "roll", env=env)

    def run_cli(self, *argv: str) -> str:
        return self.namespace.run(
            [binary(), *argv, f"--api={self.agent.listen_addr}"], check=False, timeout=60
        )

    def roll(self) -> dict[str, Any]:
        """Its rolling work; {} for none."""
        return self.agent.status("fleet/roll")["roll"] or {}

    def phase(self) -> str | None:
        return self.roll().get("phase")

    def fleet(self) -> dict[str, Any]:
        return self.agent.status("fleet")  # type: ignore[no-any-return]

    def app(self) -> dict[str, Any]:
        [found] = [a for a in self.fleet()["apps"] if a["app"] == "dns"]
        return found  # type: ignore[no-any-return]

    def waiting(self) -> list[dict[str, Any]]:
        """Apps that are kept and wait in line."""
        return [a for a in self.fleet()["apps"] if a["kept"] and a["waiting"]]

    def failing(self) -> list[dict[str, Any]]:
        """Checks of the app that fail."""
        return [m for m in self.agent.app("dns")["monitors"] if m["health"] == "down"]

    def alarms(self) -> dict[str, str]:
        return {a["alarm"]: a["text"] for a in self.agent.status("status")["alarms"]}


class Fleet:
    def __init__(
        self,
        bed: Testbed,
        n: int,
        fleet: dict[str, Any],
        *,
        state: bool = False,
        reports: bool = True,
        light: bool = False,
        agent: dict[str, Any] | None = None,
        env: dict[str, str] | None = None,
        **keys: Any,
    ):
        """`keys` are those of the app, `agent` and `env` of the agents; `reports`: the guard takes it; `light`: many hosts."""
        self.hub = bed.namespace("hub")
        self.collector = Collector(bed, self.hub)
        self.hosts = [Host(bed, self.hub, i + 1, agent or {}, light, env) for i in range(n)]
        for host in self.hosts:
            self.collector.add(host.ip, host.hub_ip)
        self.collector.start()
        self.consul = Consul(self.hub, state=state, config={"client_addr": "0.0.0.0"})
        for host in self.hosts:
            host.spawn(fleet, **keys)
        for host in self.hosts:
            host.agent.wait_api()
        self.wait_routes(n)
        if reports:
            self.wait_reported()

    def wait(self, what: str, holds: Callable[[], object], timeout: float = PATIENCE) -> None:
        wait_until(holds, what, timeout, ignore=(RuntimeError, NotReady))

    def wait_routes(self, n: int, degraded: int = 0, timeout: float = PATIENCE) -> None:
        wait_until(
            lambda: (
                (found := self.collector.routes())
                and len(found) == n
                and sum(found.values()) == degraded
            ),
            f"{n} routes, {degraded} of them degraded",
            timeout,
            ignore=(NotReady,),
        )

    def wait_reported(self, timeout: float = PATIENCE) -> None:
        """Consul has what every agent is."""
        self.wait(
            "all have reported",
            lambda: all(host.app()["reported"] for host in self.hosts),
            timeout,
        )

    def break_all(self) -> None:
        for host in self.hosts:
            host.healthy.unlink(missing_ok=True)

    def mend_all(self) -> None:
        for host in self.hosts:
            host.healthy.touch()

    def agent(self, name: str) -> Host:
        """That of a session of the collector."""
        [host] = [host for host in self.hosts if host.name == name]
        return host

    def keys(self, part: str, vip: str = VIP4) -> set[str]:
        """Nodes that have a key below `part`."""
        start = f"{PREFIX}/{vip}/{part}/"
        return {key[len(start) :] for key in self.parts(vip) if key.startswith(start)}

    def parts(self, vip: str) -> set[str]:
        """All keys of a VIP."""
        try:
            return set(self.consul.get(f"/v1/kv/{PREFIX}/{vip}/?keys"))
        except Refused:  # there is none
            return set()

    def value(self, part: str, vip: str = VIP4) -> Any:
        [entry] = self.consul.get(f"/v1/kv/{PREFIX}/{vip}/{part}")
        return json.loads(base64.b64decode(entry["Value"]))

    def end_session(self, host: Host) -> None:
        """Returns when it has another one, and Consul its keys."""
        before = host.fleet()["session"]
        self.consul.put(f"/v1/session/destroy/{before}")
        self.wait("another session", lambda: host.fleet()["session"] not in (None, before))
        self.wait("it has reported", lambda: host.app()["reported"])

    def slots(self) -> list[str]:
        """Nodes that have one for rolling work."""
        return [slot["node"] for slot in self.value(".roll")["slots"]]

    def kept(self) -> list[Host]:
        return [host for host in self.hosts if host.app()["kept"]]
