"""Routers that speak BFD with the agent: FRR with zebra and bfdd, BIRD with `protocol bfd`."""

from dataclasses import replace
from typing import Any

from ..process import Process
from ..wait import wait_until
from ..testbed import AGENT_AS, ROUTER_AS, Link, Testbed
from .base import Neighbour, NotReady, Router, RouterConfig
from .bird import Bird
from .fabric import UNNUMBERED, FabricBird, FabricFrr


class BfdRouter(Router):
    interval: int = 300
    """In milliseconds, both ways."""
    multiplier: int = 3
    bfd: bool = True
    passive_bfd: bool = False
    authentication: str = ""
    """"meticulous keyed sha1", say; the key has ID 3, and the text "secret" (BIRD only)."""
    stays: bool = False
    """The router keeps the agent's routes (graceful restart) when BFD goes down with its C bit clear."""

    def bfd_state(self) -> str:
        """up, down, init, admin-down, in lower case."""
        raise NotImplementedError

    def bfd_disable(self) -> None:
        """The operator of the router takes BFD down (AdminDown)."""
        raise NotImplementedError

    def wait_bfd(self, state: str) -> None:
        wait_until(
            lambda: self.bfd_state() == state, f"{self.kind}: BFD {state}", ignore=(NotReady,)
        )

    def wait_final(self) -> None:
        """BFD and BGP are up, and neither goes down by itself again."""
        self.wait_bfd("up")
        self.wait_established()


class BfdFrr(FabricFrr, BfdRouter):
    extended = False
    bfdd: Process

    def _launch(self) -> Process:
        bgpd = super()._launch()
        (self.dir / "bfdd.conf").write_text(self._bfdd_config())
        self.bfdd = self._start("bfdd")
        return bgpd

    def _bfdd_config(self) -> str:
        passive = "\n  passive-mode" if self.passive_bfd else ""
        return f"""
log stdout debugging
debug bfd peer
bfd
 profile agent
  detect-multiplier {self.multiplier}
  receive-interval {self.interval}
  transmit-interval {self.interval}{passive}
 exit
exit
"""

    def _options(self) -> list[str]:
        hops = self.config.neighbour.multihop
        options = [f"ebgp-multihop {hops}"] if hops else []
        if not self.bfd:
            return super()._options() + options
        options += ["bfd", "bfd profile agent"]
        if self.stays:
            options.append("bfd check-control-plane-failure")
        return super()._options() + options

    def bfd_command(self, command: str) -> str:
        """Lines of one session."""
        return self._command(*command.split("\n"), daemon="bfdd")

    def bfd_peer(self) -> dict[str, Any]:
        peers = self._show("show bfd peers json", daemon="bfdd")
        if len(peers) != 1:
            raise NotReady(f"peers: {peers}")
        return peers[0]

    def bfd_state_of_bgpd(self) -> str:
        """It learns from bfdd by way of zebra, later; a session that it never saw up goes down without it."""
        ip = self.config.neighbour.ip
        return self._show(f"show bgp neighbors {ip} json")[ip]["peerBfdInfo"]["status"].lower()

    def wait_final(self) -> None:
        """bfdd makes the session anew, on the interface, once BGP is up: that may end BGP."""
        wait_until(self._is_final, "FRR's final BFD session", ignore=(NotReady,))
        super().wait_final()

    def _is_final(self) -> bool:
        is_anew = self.config.neighbour.multihop or "interface" in self.bfd_peer()
        return bool(is_anew) and self.bfd_state() == self.bfd_state_of_bgpd() == "up"

    def bfd_state(self) -> str:
        peer = self.bfd_peer()
        return "admin-down" if peer["status"] == "shutdown" else peer["status"]

    def bfd_disable(self) -> None:
        self.bfd_command("configure terminal\nbfd\nprofile agent\nshutdown")

    def stop(self) -> None:
        super().stop()
        self.bfdd.terminate()

    def kill(self) -> None:
        super().kill()
        self.bfdd.kill()


class BfdBird(Bird, BfdRouter):
    def _config(self) -> str:
        options = f"min rx interval {self.interval} ms; min tx interval {self.interval} ms;"
        options += f" idle tx interval 300 ms; multiplier {self.multiplier};"
        options += " passive on;" * self.passive_bfd
        if self.authentication:
            options += f' authentication {self.authentication}; password "secret" {{ id 3; }};'
        peer = self.config.neighbour
        if self.bfd:
            extra = (*peer.extra, "bfd graceful" if self.stays else "bfd on")
            self.config = replace(self.config, neighbour=replace(peer, extra=extra))
        group = f"multihop {{ {options} }};" if peer.multihop else ""
        text = super()._config()
        self.config = replace(self.config, neighbour=peer)
        return f"""{text}
protocol bfd bfd1 {{
  accept {"multihop" if peer.multihop else "direct"};
  interface "*" {{ {options} }};
  {group}
}}
"""

    def bfd_state(self) -> str:
        # By its interface, where the address of the neighbour is not known.
        ip = self.config.neighbour.ip
        for line in self._birdc("show bfd sessions").splitlines():
            words = line.split()
            if len(words) > 2 and ip == words[ip == UNNUMBERED]:
                return words[2].lower()
        raise NotReady("no session")

    def bfd_disable(self) -> None:
        self._birdc("disable bfd1")


class BfdFabricBird(BfdBird, FabricBird):
    """On a link without addresses."""


_KINDS = {"bird": BfdBird, "frr": BfdFrr}


def start_bfd_router(
    bed: Testbed,
    kind: str,
    link: Link | None = None,
    *,
    agent_ip: str | None = None,
    router_id: str | None = None,
    setup: dict[str, Any] | None = None,
    forwards: bool = False,
    **options: Any,
) -> BfdRouter:
    """`setup`: attributes of the router, before it starts."""
    link = link or bed.link()
    neighbour = Neighbour(agent_ip or link.host_ip, AGENT_AS, **options)
    config = RouterConfig(
        ROUTER_AS, router_id or link.router_ip, link.router_ip, neighbour, forwards=forwards
    )
    fabric = kind == "bird" and agent_ip == UNNUMBERED
    router = (BfdFabricBird if fabric else _KINDS[kind])(link.namespace, config, bed.workdir)
    router.link = link
    for name, value in (setup or {}).items():
        setattr(router, name, value)
    router.start()
    return router
