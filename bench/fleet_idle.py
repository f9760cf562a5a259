#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench/fleet_idle.py [--agents N] [--seconds S]: what agents of a fleet ask of Consul while nothing happens.

Real agents, each in a network namespace, with a real Consul that counts the requests; by what they ask, an hour and
agent, and a second for 1,000 agents. It builds nothing (`make`, `scripts/deps.sh test`), needs root, judges nothing, and
leaves nothing. See bench/README.md.
"""

import argparse
import os
import re
import sys
import time
from collections import Counter
from typing import Any

from routers import testbed  # first: it finds the modules of the tests

from netns import netns, run_dir
from netns.consul import Consul
from netns.fleet import Fleet
from netns.wait import wait_until

INTERVAL = 10  # s: Consul tells what it counted in the last whole one
COMPUTED = 843  # requests an hour and agent, by tests/unit/test_fleet_sim.c
IDLE = [{"file": "/", "interval": "10s"}]
FLEET = re.compile(r"consul\.http\.PUT\.v1\.(session|txn)")


def requests(telemetry: dict[str, Any]) -> Counter[str]:
    """Requests by what was asked, in the interval that the answer is of."""
    found: Counter[str] = Counter()
    for sample in telemetry["Samples"]:
        if sample["Name"].startswith("consul.http.") and "agent.metrics" not in sample["Name"]:
            found[sample["Name"]] += sample["Count"]
    return found


def count(consul: Consul, seconds: int) -> tuple[Counter[str], int]:
    """Of whole intervals."""
    total: Counter[str] = Counter()
    seen: list[str] = []

    def answer() -> dict[str, Any] | None:
        telemetry = consul.get("/v1/agent/metrics")
        return telemetry if telemetry["Timestamp"] not in seen else None

    while len(seen) * INTERVAL < seconds + INTERVAL:
        telemetry = wait_until(answer, "another interval", timeout=3 * INTERVAL)
        if seen:  # the first one is of before
            total += requests(telemetry)
        seen.append(telemetry["Timestamp"])
        time.sleep(INTERVAL - 1)
    return total, (len(seen) - 1) * INTERVAL


def show(what: str, n: int, agents: int, seconds: int) -> None:
    hourly = n * 3600 / seconds / agents
    print(f"| {what} | {n} | {hourly:.0f} | {hourly * 1000 / 3600:.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=400)
    options = parser.parse_args()
    if not 2 <= options.agents <= 250:
        parser.error("--agents: 2 to 250, each has a network of its own in 10.0.0.0/16")
    if os.geteuid() != 0:
        parser.error("needs root, for network namespaces of its own")
    netns.remove_stale()
    run_dir.make_private()
    with testbed() as bed:
        fleet = Fleet(bed, options.agents, {"vips": "50%"}, state=True, light=True, monitors=IDLE)
        total, seconds = count(fleet.consul, options.seconds)
        for host in fleet.hosts:
            host.agent.kill()
    print(f"{options.agents} agents, {seconds} s, load {os.getloadavg()[0]:.1f}, Linux {os.uname().release}\n")
    print("| request | counted | an hour and agent | a second of 1,000 agents |\n|---|---|---|---|")
    for name, n in sorted(total.items()):
        show(name.removeprefix("consul.http."), n, options.agents, seconds)
    of_fleet = sum(n for name, n in total.items() if FLEET.match(name))
    show("of the fleet", of_fleet, options.agents, seconds)
    print(f"| of the fleet, computed | | {COMPUTED} | {COMPUTED * 1000 / 3600:.0f} |")


if __name__ == "__main__":
    sys.exit(main())
