"""A file of `vipherald convert` announces the routes of the other tool: both run against the same router, one
after the other, and the routes are compared attribute by attribute."""

import subprocess
import sys
from pathlib import Path

import pytest

from .agent import Agent, binary
from .process import Process
from .routers import Route, Router
from .routers.base import library_env, unpacked
from .testbed import AGENT_AS, ROUTER_AS, Testbed
from .wait import wait_until

CASES = Path(__file__).resolve().parents[1] / "convert"


def convert(bed: Testbed, tool: str, *words: str | Path, status: int = 0) -> str:
    """The configuration, which has to pass `check`."""
    with bed.host.inside():
        result = subprocess.run(
            [binary(), "convert", tool, *words], capture_output=True, text=True, timeout=20
        )
    assert result.returncode == status, (result.stdout, result.stderr)
    file = bed.workdir / "converted.yaml"
    file.write_text(result.stdout)
    file.chmod(0o600)
    assert ": ok, " in bed.host.run([binary(), "check", file])
    return result.stdout


def start_exabgp(bed: Testbed, config: Path) -> Process:
    program = "from exabgp.application import run_exabgp; run_exabgp()"
    env = {
        "PYTHONPATH": str(unpacked("usr/lib/python3/dist-packages")),
        "exabgp_api_cli": "false",
        "exabgp_daemon_drop": "false",
    }
    return bed.host.start([sys.executable, "-c", program, config], "exabgp", env)


def routes(router: Router, prefixes: set[str]) -> dict[str, Route]:
    """When it has all of them, and no others."""

    def found() -> dict[str, Route]:
        have = router.routes()
        assert set(have) == prefixes, have
        return have

    return wait_until(found, f"{router.kind} has {prefixes}", ignore=(AssertionError, KeyError))


def start_converted(bed: Testbed, text: str) -> Agent:
    return bed.start_agent(text)


# Each attribute that a static route of an app can have.
STATIC = """
template {{
    neighbor services {{
        announce {{
            ipv4 {{
                unicast 198.51.100.53/32 next-hop self med 120 community [ 65001:53 65001:1 ] large-community 65001:7:8;
                unicast 198.51.100.64/30 next-hop self split /31 extended-community [ target:65001:9 origin:65001:4 ];
            }}
            ipv6 {{
                unicast 2001:db8:53::53/128 next-hop {host6} local-preference 222;
            }}
        }}
    }}
}}
neighbor {router} {{
    inherit services;
    router-id {host};
    local-address {host};
    local-as {local_as};
    peer-as {peer_as};
    hold-time 30;
    static {{
        route 203.0.113.0/24 {{
            next-hop {host};
            {path}
            med 4294967295;
        }}
        route 203.0.113.200 next-hop self;
    }}
}}
"""
PREFIXES = {
    "198.51.100.53/32",
    "198.51.100.64/31",
    "198.51.100.66/31",
    "2001:db8:53::53/128",
    "203.0.113.0/24",
    "203.0.113.200/32",
}


@pytest.mark.parametrize("internal", [False, True], ids=["ebgp", "ibgp"])
@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_exabgp_static_routes(bed: Testbed, kind: str, internal: bool) -> None:
    router = bed.start_router(kind, asn=AGENT_AS if internal else ROUTER_AS)
    file = bed.workdir / "exabgp.conf"
    file.write_text(
        STATIC.format(
            router=router.link.router_ip,
            host=router.link.host_ip,
            host6=router.link.host_ip6,
            local_as=AGENT_AS,
            peer_as=router.config.asn,
            path="" if internal else f"as-path [ {AGENT_AS} {AGENT_AS} {AGENT_AS} ];",
        )
    )
    exabgp = start_exabgp(bed, file)
    theirs = routes(router, PREFIXES)
    exabgp.terminate()
    wait_until(lambda: not router.routes(), f"{router.kind} has no routes")
    start_converted(bed, convert(bed, "exabgp", file))
    assert routes(router, PREFIXES) == theirs


HEALTHCHECK = """
process resolver {{
    run /usr/bin/env PYTHONPATH={path} {python} -m exabgp healthcheck --no-syslog --name resolver --cmd "test -e {switch}" --ip 198.51.100.53/32 --ip 2001:db8:53::53/128 --interval 0.2 --fast-interval 0.1 --rise 1 --fall 2 --up-metric 50 --down-metric 500 --increase 5 --community "65001:53 65001:1" --disabled-community 65001:999 --large-community 65001:7:8 --as-path "65001 65001" --no-ip-setup --next-hop {host6};
    encoder text;
}}
neighbor {router} {{
    router-id {host};
    local-address {host};
    local-as 65001;
    peer-as {peer_as};
    api {{
        processes [ resolver ];
    }}
}}
"""


@pytest.mark.parametrize("native", [True, False], ids=["app", "program"])
@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_exabgp_healthcheck(bed: Testbed, kind: str, native: bool) -> None:
    """Up and down with the attributes of both states, as an app and as the program that it was."""
    router, switch, states = bed.start_router(kind), bed.workdir / "healthy", []
    file = bed.workdir / "exabgp.conf"
    file.write_text(
        HEALTHCHECK.replace("--ip 2001:db8:53::53/128 ", "--ip 198.51.100.54/32 ")
        .replace(" --next-hop {host6}", "")
        .format(
            python=sys.executable,
            path=unpacked("usr/lib/python3/dist-packages"),
            switch=switch,
            router=router.link.router_ip,
            host=router.link.host_ip,
            peer_as=ROUTER_AS,
        )
    )
    switch.touch()
    exabgp = start_exabgp(bed, file)

    def at_metric(metric: int) -> dict[str, Route]:
        def found() -> dict[str, Route]:
            routes = router.routes()
            assert routes["198.51.100.53/32"].med == metric, routes
            assert routes["198.51.100.54/32"].med == metric + 5, routes
            return routes

        return wait_until(found, f"MEDs from {metric} on", ignore=(AssertionError, KeyError))

    states.append(at_metric(50))
    switch.unlink()
    states.append(at_metric(500))
    exabgp.terminate()
    wait_until(lambda: not router.routes(), f"{router.kind} has no routes")
    text = convert(bed, "exabgp", file, *(["--native"] if native else []))
    switch.touch()
    start_converted(bed, text)
    assert at_metric(50) == states[0]
    switch.unlink()
    assert at_metric(500) == states[1]


EXECUTES = """
process resolver {{
    run /usr/bin/env PYTHONPATH={path} {python} -m exabgp healthcheck --no-syslog --name resolver --cmd "test -e {switch}" --ip 198.51.100.53/32 --interval 0.2 --fast-interval 0.1 --rise 1 --fall 1 --disable {disabled} --no-ip-setup --execute "echo all $STATE >> {said}" --up-execute "echo up $STATE >> {said}" --down-execute "echo down $STATE >> {said}" --disabled-execute "echo off $STATE >> {said}";
    encoder text;
}}
neighbor {router} {{
    router-id {host};
    local-address {host};
    local-as 65001;
    peer-as {peer_as};
    api {{
        processes [ resolver ];
    }}
}}
"""


def test_commands_of_exabgps_healthcheck(bed: Testbed) -> None:
    """The hooks that they become are run at the same changes, with the same STATE; INIT, which the health check
    passes through when its disable file is gone, is no event."""
    router = bed.start_router("frr")
    switch, disabled, said = (bed.workdir / name for name in ("healthy", "disabled", "said"))
    file = bed.workdir / "exabgp.conf"
    file.write_text(
        EXECUTES.format(
            python=sys.executable,
            path=unpacked("usr/lib/python3/dist-packages"),
            switch=switch,
            disabled=disabled,
            said=said,
            router=router.link.router_ip,
            host=router.link.host_ip,
            peer_as=ROUTER_AS,
        )
    )
    steps = [
        (lambda: None, ["up UP", "all UP"]),
        (switch.unlink, ["down DOWN", "all DOWN"]),
        (disabled.touch, ["off DISABLED", "all DISABLED"]),
        (disabled.unlink, ["down DOWN", "all DOWN"]),
        (switch.touch, ["up UP", "all UP"]),
        (disabled.touch, ["off DISABLED", "all DISABLED"]),
        (disabled.unlink, ["up UP", "all UP"]),
    ]

    def lines() -> list[str]:
        return [line for line in said.read_text().splitlines() if line != "all INIT"]

    def begin() -> None:
        said.write_text("")
        switch.touch()

    def go_through() -> None:
        expected = []
        for change, commands in steps:
            change()
            expected += commands
            wait_until(lambda: len(lines()) >= len(expected), f"{commands} after {lines()}")
            assert lines() == expected

    begin()
    exabgp = start_exabgp(bed, file)
    go_through()
    exabgp.terminate()
    bed.wait_no_process("exabgp healthcheck")  # which ExaBGP does not wait for
    text = convert(bed, "exabgp", file, "--native", status=1)
    assert "--execute with STATE INIT: that is not an event here" in text
    begin()
    start_converted(bed, text)
    go_through()


BIRD_CONF = """
router id {host};
log stderr all;
protocol device {{ }}
protocol direct {{ ipv4; ipv6; interface "lo"; }}
define MYAS = {local_as};
define ACAST_PS_ADVERTISE = [ 198.51.100.53/32 ];
define ACAST6_PS_ADVERTISE = [ 2001:db8:53::53/128 ];
function match_route() -> bool {{
    if net ~ ACAST_PS_ADVERTISE then return true;
    return net ~ ACAST6_PS_ADVERTISE;
}}
filter tagged {{
    if net ~ ACAST_PS_ADVERTISE || net ~ ACAST6_PS_ADVERTISE then {{
        bgp_community.add((65001, 53));
        bgp_large_community.add((65001, 7, 8));
        bgp_path.prepend(MYAS);
        accept;
    }}
    reject;
}}
template bgp tor {{
    local as MYAS;
    hold time 30;
}}
protocol bgp up from tor {{
    neighbor {router} as {peer_as};
    ipv4 {{ import none; export {export}; next hop self; }};
    {ipv6}
}}
"""
CHECK = """
[{name}]
check_cmd = /usr/bin/test -e {switch}
check_interval = 0.1
check_rise = 1
check_fail = 1
ip_prefix = {prefix}
ip_check_disabled = {unchecked}
"""


@pytest.mark.parametrize("unchecked", ["false", "true"], ids=["address", "no-address"])
@pytest.mark.parametrize("export", ["where match_route()", "filter tagged"], ids=["plain", "tagged"])
@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_bird_of_anycast_healthchecker(
    bed: Testbed, kind: str, export: str, unchecked: str
) -> None:
    """BIRD with the list of prefixes that anycast-healthchecker writes while its checks pass."""
    router, switch = bed.start_router(kind), bed.workdir / "healthy"
    vips = {"198.51.100.53/32"} | ({"2001:db8:53::53/128"} if kind == "bird" else set())
    bird, checks = bed.workdir / "bird.conf", bed.workdir / "checks.conf"
    bird.write_text(
        BIRD_CONF.format(
            host=router.link.host_ip,
            router=router.link.router_ip,
            local_as=AGENT_AS,
            peer_as=ROUTER_AS,
            export=export,
            # BIRD's next hop of an IPv6 route over an IPv4 session is none to FRR.
            ipv6=""
            if kind == "frr"
            else f"ipv6 {{ import none; export {export}; next hop address {router.link.host_ip6}; }};",
        ).replace("function match_route() -> bool", "function match_route()")
    )
    checks.write_text(
        "".join(CHECK.format(name=f"s{i}", switch=switch, prefix=p, unchecked=unchecked) for i, p in enumerate(sorted(vips)))
    )
    for vip in vips:
        bed.host.ip(f"addr add {vip} dev lo")
    socket, pid = bed.workdir / "bird.ctl", bed.workdir / "bird.pid"
    daemon = bed.host.start(
        [unpacked("usr/sbin/bird"), "-f", "-c", bird, "-s", socket, "-P", pid], "host-bird", library_env()
    )
    theirs = routes(router, vips)
    daemon.terminate()
    wait_until(lambda: not router.routes(), f"{router.kind} has no routes")
    text = convert(bed, "anycast-healthchecker", checks, bird)
    switch.touch()
    start_converted(bed, text)
    assert routes(router, vips) == theirs
    if unchecked == "false":
        bed.host.ip("addr del 198.51.100.53/32 dev lo")
    else:
        switch.unlink()
    wait_until(lambda: "198.51.100.53/32" not in router.routes(), "the route is withdrawn")


FABIO = """
proxy.addr = :9999
bgp.enabled = true
bgp.asn = {local_as}
bgp.routerid = {host}
bgp.anycastaddresses = 198.51.100.80/32,198.51.100.81/32
bgp.peers = address={router};asn={peer_as};multihop=true;multihoplength=4
bgp.listenport = -1
"""
# The configuration that fabio gives its built-in GoBGP.
GOBGP = """
[global.config]
  as = {local_as}
  router-id = "{host}"
  port = -1
[[neighbors]]
  [neighbors.config]
    neighbor-address = "{router}"
    peer-as = {peer_as}
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 4
  [neighbors.transport.config]
    local-address = "{host}"
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
"""


@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_fabio(bed: Testbed, kind: str) -> None:
    """The GoBGP that fabio has inside, told what fabio tells it, and a process of fabio's name."""
    router = bed.start_router(kind)
    words = {
        "host": router.link.host_ip,
        "router": router.link.router_ip,
        "local_as": AGENT_AS,
        "peer_as": ROUTER_AS,
    }
    vips = {"198.51.100.80/32", "198.51.100.81/32"}
    properties, config = bed.workdir / "fabio.properties", bed.workdir / "gobgpd.toml"
    properties.write_text(FABIO.format(**words))
    config.write_text(GOBGP.format(**words))
    api = f"unix://{bed.workdir}/gobgp"
    gobgpd = bed.host.start(
        [unpacked("usr/bin/gobgpd"), "-t", "toml", "-f", config, "--pprof-disable", "--api-hosts", api],
        "host-gobgpd",
    )
    command = [unpacked("usr/bin/gobgp"), "--target", api, "global", "rib", "add"]
    for vip in sorted(vips):
        added = lambda vip=vip: not bed.host.run(
            [*command, vip, "nexthop", words["host"], "origin", "igp"], check=False
        ).strip()
        wait_until(added, "GoBGP takes the route")
    theirs = routes(router, vips)
    gobgpd.terminate()
    wait_until(lambda: not router.routes(), f"{router.kind} has no routes")
    fabio = bed.workdir / "fabio"
    fabio.symlink_to("/bin/sleep")
    process = bed.host.start([fabio, "1000"], "fabio")
    for vip in vips:
        bed.host.ip(f"addr add {vip} dev lo")
    start_converted(bed, convert(bed, "fabio", properties))
    assert routes(router, vips) == theirs
    process.kill()
    wait_until(lambda: not router.routes(), f"{router.kind} has no routes")
    assert vips <= set(bed.host.loopback_addresses())


GOCAST = """
agent:
  listen_addr: :8080
  monitor_interval: 1s
  cleanup_timer: 15m
bgp:
  local_as: {local_as}
  local_ip: {host}
  communities: [ "1000:1000" ]
  origin: incomplete
  peers:
    - peer_ip: {router}
      peer_as: {peer_as}
      communities: [ "100:100" ]
      multi_hop: {multi_hop}
apps:
  - name: dns
    vip: 198.51.100.53/32
    vip_config:
      bgp_communities: [ "5000:5000", "1000:1000" ]
    monitors: [ "port:udp:53" ]
    nats: [ "udp:5353:53" ]
  - name: always
    vip: 203.0.113.0/24
  - name: six
    vip: 2001:db8:53::53/128
    monitors: [ "exec:test 1 = 1" ]
  - name: down
    vip: 198.51.100.99/32
    monitors: [ "port:tcp:99" ]
"""


@pytest.mark.parametrize("form", ["list", "single"])
@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_gocast(bed: Testbed, kind: str, form: str) -> None:
    """No package has GoCast: its file as it is, which the agent reads with the same meaning, and what is made of it.
    The form without a list of peers is multi-hop."""
    router = bed.start_router(kind)
    text = GOCAST.format(
        router=router.link.router_ip,
        host=router.link.host_ip,
        local_as=AGENT_AS,
        peer_as=ROUTER_AS,
        multi_hop="true",
    )
    if form == "single":
        before, entry = text.split("  peers:\n")
        after = entry[entry.index("apps:") :]
        text = f"{before}  peer_ip: {router.link.router_ip}\n  remote_as: {ROUTER_AS}\n{after}"
    file = bed.workdir / "gocast.yaml"
    file.write_text(text)
    bed.start_service(53, "udp")
    prefixes = {"198.51.100.53/32", "203.0.113.0/24", "2001:db8:53::53/128"}
    original = bed.start_agent(text)
    theirs = routes(router, prefixes)
    peers, own = original.status("peers")["peers"], set(bed.host.loopback_addresses())
    of_peer = {"100:100"} if form == "list" else set()
    assert set(theirs["198.51.100.53/32"].communities) == {"1000:1000", "5000:5000"} | of_peer
    original.stop()
    wait_until(lambda: not router.routes(), f"{router.kind} has no routes")
    agent = start_converted(bed, convert(bed, "gocast", file))
    assert routes(router, prefixes) == theirs
    assert set(bed.host.loopback_addresses()) == own
    assert [p["ttl"] for p in agent.status("peers")["peers"]] == [p["ttl"] for p in peers]
