"""ExaBGP itself as what announces, and its healthcheck script, for comparison with the agent."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .process import Process
from .routers import Route, Router
from .routers.base import unpacked
from .testbed import AGENT_AS, Link, Testbed

PYTHON = "/usr/bin/python3"
PYTHONPATH = str(unpacked("usr/lib/python3/dist-packages"))


def healthcheck(*options: str) -> list[str]:
    """The script as Debian's package has it."""
    return [PYTHON, "-m", "exabgp", "healthcheck", "--no-syslog", *options]


def process(name: str, run: Sequence[str] | str, *allow: str, **keys: Any) -> dict[str, Any]:
    """An entry of `processes`."""
    environment = [f"PYTHONPATH={PYTHONPATH}", *keys.pop("env", [])]
    command = run if isinstance(run, str) else list(run)
    return {"name": name, "run": command, "allow": list(allow), "env": environment, **keys}


def start(bed: Testbed, link: Link, router: Router, run: Sequence[str]) -> Process:
    """ExaBGP on the host of the agent, with one neighbour and one process."""
    path = bed.workdir / "exabgp.conf"
    path.write_text(f"""
process announcer {{
  run {" ".join(run)};
  encoder text;
}}
neighbor {router.ip} {{
  router-id {link.host_ip};
  local-address {link.host_ip};
  local-as {AGENT_AS};
  peer-as {router.config.asn};
  hold-time 90;
  family {{ ipv4 unicast; ipv6 unicast; }}
  api {{ processes [ announcer ]; }}
}}
""")
    environment = {
        "PYTHONPATH": PYTHONPATH,
        "exabgp_api_cli": "false",
        "exabgp_daemon_drop": "false",
    }
    program = "from exabgp.application import run_exabgp; run_exabgp()"
    return bed.host.start([sys.executable, "-c", program, path], "exabgp", environment)


def without_host(router: Router) -> dict[str, Route]:
    """The routes, with the host's address of the link as the next hop "self"."""
    own = (router.link.host_ip, router.link.host_ip6)
    return {
        prefix: replace(route, next_hop="self" if route.next_hop in own else route.next_hop)
        for prefix, route in router.routes().items()
    }
