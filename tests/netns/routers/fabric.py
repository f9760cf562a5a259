"""Routers of a fabric: no IPv4 on the link to the host, routes go to the kernel.

The neighbour is an IPv6 address, a link-local one among them, or the interface eth0 alone ("unnumbered").
IPv4 routes take an IPv6 next hop (RFC 8950) where the router is told so.
"""

from pathlib import Path

from ..process import Process
from ..wait import wait_until
from .base import Neighbour, Router, RouterConfig, library_env, unpacked
from .bird import Bird
from .frr import Frr
from .gobgp import GoBgp

UNNUMBERED = "eth0"
"""As the address of the neighbour."""

# zebra wants the user frr and the group frrvty of FRR's package.
_JAIL = """
mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group || exit 1
shift
exec "$@"
"""


def _is_link_local(ip: str) -> bool:
    return ip.startswith("fe80:")


class FabricFrr(Frr):
    """With zebra."""

    remote_as = ""
    """`external` or `internal`, for an unnumbered neighbour; empty: its number."""
    extended = True

    def _launch(self) -> Process:
        self._write_users()
        (self.dir / "bgpd.conf").write_text(self._config())
        (self.dir / "zebra.conf").write_text("log stdout debugging\n")
        zserv = self.dir / "zserv.api"
        zserv.unlink(missing_ok=True)
        self._zebra = self._start("zebra")
        wait_until(zserv.exists, "zebra's socket")
        return self._start("bgpd")

    def _start(self, daemon: str) -> Process:
        jail = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _JAIL, "jail"]
        argv = [*jail, self.dir, unpacked(f"usr/lib/frr/{daemon}")]
        argv += ["-f", self.dir / f"{daemon}.conf", "-i", self.dir / f"{daemon}.pid"]
        argv += ["--vty_socket", self.dir, "--vty_port", "0", "--log", "stdout"]
        argv += ["-z", self.dir / "zserv.api"]
        log = self.log_name if daemon == "bgpd" else f"{self.dir.name}/{daemon}"
        return self.namespace.start(argv, log, library_env("frr"))

    def _write_users(self) -> None:
        passwd, group = Path("/etc/passwd").read_text(), Path("/etc/group").read_text()
        (self.dir / "passwd").write_text(f"{passwd}frr:x:0:0::{self.dir}:/bin/false\n")
        (self.dir / "group").write_text(f"{group}frr:x:0:\nfrrvty:x:0:\n")

    def stop(self) -> None:
        self.process.terminate()
        self._zebra.terminate()

    def kill(self) -> None:
        super().kill()
        self._zebra.kill()

    def _config(self) -> str:
        peer = self.config.neighbour
        remote_as = self.remote_as or str(peer.asn)
        lines = [f"neighbor {peer.ip} remote-as {remote_as}"]
        if peer.ip == UNNUMBERED:
            lines = [f"neighbor {peer.ip} interface remote-as {remote_as}"]
        elif _is_link_local(peer.ip):
            lines.append(f"neighbor {peer.ip} interface eth0")
        lines += [f"neighbor {peer.ip} {option}" for option in self._options()]
        option_lines = "\n".join(f" {line}" for line in lines)
        families = "\n".join(
            f" address-family {family} unicast\n  neighbor {peer.ip} activate\n exit-address-family"
            for family in peer.families
        )
        return f"""
log stdout debugging
debug bgp neighbor-events
router bgp {self.config.asn}
 bgp router-id {self.config.router_id}
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
{option_lines}
{families}
"""

    def _options(self) -> list[str]:
        peer = self.config.neighbour
        options = [f"timers {peer.hold_time // 3} {peer.hold_time}", "timers connect 1"]
        if self.extended:
            options.append("capability extended-nexthop")
        if peer.passive and peer.ip != UNNUMBERED:
            options.append("passive")
        if peer.graceful_restart is not None:
            helps = "helper" if peer.graceful_restart else "disable"
            options.append(f"graceful-restart-{helps}")
        return options + list(peer.extra)


class EcmpFrr(FabricFrr):
    """With more neighbours, by address: paths of all of them go to the kernel."""

    others: tuple[str, ...] = ()

    def _config(self) -> str:
        peer = self.config.neighbour
        neighbours = (peer.ip, *self.others)
        options = "\n".join(
            f" neighbor {ip} remote-as {peer.asn}\n neighbor {ip} timers 3 9\n"
            f" neighbor {ip} timers connect 1"
            for ip in neighbours
        )
        families = "\n".join(
            f" address-family {family} unicast\n"
            + "".join(f"  neighbor {ip} activate\n" for ip in neighbours)
            + "  maximum-paths 8\n  maximum-paths ibgp 8\n exit-address-family"
            for family in peer.families
        )
        return f"""
log stdout debugging
router bgp {self.config.asn}
 bgp router-id {self.config.router_id}
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
{options}
{families}
"""


class FabricBird(Bird):
    extended = True
    radv = True
    """Whether it advertises itself on an unnumbered link."""

    @property
    def protocol(self) -> str:  # type: ignore[override]
        # A session with whoever comes has a protocol of its own.
        return "agent1" if self.config.neighbour.ip == UNNUMBERED else "agent"

    def _config(self) -> str:
        peer = self.config.neighbour
        neighbour = f"neighbor {peer.ip} as {peer.asn};"
        if peer.ip == UNNUMBERED:
            neighbour = f'neighbor range fe80::/10 as {peer.asn}; interface "eth0";'
        elif _is_link_local(peer.ip):
            neighbour = f'neighbor {peer.ip} as {peer.asn}; interface "eth0";'
        passive = "passive on;" if peer.passive or peer.ip == UNNUMBERED else ""
        keeps = ""
        if peer.graceful_restart is not None:
            keeps = f"graceful restart {'aware' if peer.graceful_restart else 'off'};"
        extended = "extended next hop on;" if self.extended else ""
        return f"""
log stderr all;
router id {self.config.router_id};
protocol device {{ scan time 1; }}
protocol kernel {{ ipv4 {{ export where source = RTS_BGP; }}; }}
protocol kernel {{ ipv6 {{ export where source = RTS_BGP; }}; }}
{self._advertisements()}
protocol bgp agent {{
  local as {self.config.asn};
  {neighbour}
  direct;
  hold time {peer.hold_time};
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  dynamic name "agent";
  {passive} {keeps} {" ".join(f"{line};" for line in peer.extra)}
  ipv4 {{ import all; export none; {extended} }};
  ipv6 {{ import all; export none; }};
}}
"""

    def _advertisements(self) -> str:
        if self.config.neighbour.ip != UNNUMBERED or not self.radv:
            return ""
        return 'protocol radv { interface "eth0" { min ra interval 3; max ra interval 4; }; }'


class FabricGoBgp(GoBgp):
    """It has no hand in the kernel: the test carries the routes there, as gobgpd with zebra would."""

    def _config(self) -> str:
        peer = self.config.neighbour
        address = f'neighbor-address = "{peer.ip}"'
        if peer.ip == UNNUMBERED:
            address = 'neighbor-interface = "eth0"'
        elif _is_link_local(peer.ip):
            address = f'neighbor-address = "{peer.ip}%eth0"'
        families = "".join(
            f"  [[neighbors.afi-safis]]\n    [neighbors.afi-safis.config]\n"
            f'      afi-safi-name = "{family}-unicast"\n'
            for family in peer.families
        )
        return f"""
[global.config]
  as = {self.config.asn}
  router-id = "{self.config.router_id}"
[[neighbors]]
  [neighbors.config]
    {address}
    peer-as = {peer.asn}
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
    hold-time = {peer.hold_time}
    keepalive-interval = {peer.hold_time // 3}
  [neighbors.transport.config]
    passive-mode = {str(peer.passive).lower()}
{families}
"""

    def is_established(self) -> bool:
        peers = self._gobgp("neighbor")
        return bool(peers) and peers[0]["state"].get("session_state") == 6

    def carry(self, prefix: str) -> None:
        """The route into the kernel."""
        route = self.wait_route(prefix)
        self.namespace.ip(f"route replace {prefix} via inet6 {route.next_hop} dev eth0")


FABRIC: dict[str, type[Router]] = {
    "bird": FabricBird,
    "frr": FabricFrr,
    "gobgp": FabricGoBgp,
}


def make(kind: str, link: object, neighbour: Neighbour, asn: int, workdir: Path) -> Router:
    """A router at the far end of the link, not started."""
    namespace = link.namespace  # type: ignore[attr-defined]
    config = RouterConfig(asn, "10.255.0.1", "::", neighbour)
    router = FABRIC[kind](namespace, config, workdir)
    router.link = link
    return router
