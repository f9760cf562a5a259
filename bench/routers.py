#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench/routers.py [--runs N] [CASE ...]: FRR and BIRD of the tests beside the agent, from outside.

drop     a host that is gone, until its route has left the router's kernel: the agent killed, the link cut in a
         switch, agent and BFD process stopped; with BFD at 50 ms x 3 and at 300 ms x 3
dad      an unnumbered link comes up, from the end of duplicate address detection on both sides to the session
swap     a router is replaced by another behind a switch, from the start of its processes to the session

It builds nothing (`make`, `scripts/deps.sh test`), needs root, judges nothing, and leaves nothing. See bench/README.md.
"""

import argparse
import os
import re
import signal
import socket
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from netns import netns, run_dir  # noqa: E402
from netns.configs import VIP4, app, config, peer  # noqa: E402
from netns.fabric import start_router, switched_link  # noqa: E402
from netns.netns import Namespace  # noqa: E402
from netns.routers.bfd import start_bfd_router  # noqa: E402
from netns.routers.fabric import UNNUMBERED  # noqa: E402
from netns.test_bfd import helpers, wait_up  # noqa: E402
from netns.test_unnumbered import plug, switch  # noqa: E402
from netns.testbed import Testbed  # noqa: E402
from netns.wait import wait_until  # noqa: E402

PATIENCE = 30.0
LATE = 20  # ms: what a drop may take beyond three intervals
KINDS = ("frr", "bird")
APPS = (app("web", VIP4),)


@contextmanager
def testbed() -> Iterator[Testbed]:
    with tempfile.TemporaryDirectory(prefix=netns.own_prefix()) as workdir:
        bed = Testbed(Path(workdir))
        try:
            yield bed
        finally:
            bed.destroy()
            run_dir.remove_leftovers()


# ---- what the kernel says ----

NEW_ADDRESS, NEW_ROUTE, DEL_ROUTE = 20, 24, 25  # linux/rtnetlink.h
_GROUP_ROUTE4, _GROUP_ADDRESS6 = 0x40, 0x100
_RTA_DST, _IFA_ADDRESS, _IFA_FLAGS = 1, 1, 8
_TENTATIVE = 0x40


class Kernel:
    """Routes to the VIP, or IPv6 addresses, as they change in a namespace."""

    def __init__(self, namespace: Namespace, groups: int):
        with namespace.inside():
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, groups))

    def close(self) -> None:
        self._socket.close()

    def messages(self, until: float) -> Iterator[tuple[int, int, dict[int, bytes]]]:
        """Type, first flags octet and attributes of each."""
        while (left := until - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                return
            while len(data) >= 16:
                length, kind = struct.unpack_from("=IH", data)
                yield kind, data[18], _attributes(data[_body(kind) : length])
                data = data[(length + 3) & ~3 :]

    def wait_route(self, kind: int) -> float:
        vip = socket.inet_aton(VIP4.split("/")[0])
        for found, _, attributes in self.messages(time.monotonic() + PATIENCE):
            if found == kind and attributes.get(_RTA_DST) == vip:
                return time.monotonic()
        raise AssertionError("the route did not come" if kind == NEW_ROUTE else "the route stays")

    def wait_link_local(self) -> float:
        """That duplicate address detection is over for; wall clock, as of the log."""
        for kind, flags, attributes in self.messages(time.monotonic() + PATIENCE):
            more = attributes.get(_IFA_FLAGS)
            tentative = (struct.unpack("=I", more)[0] if more else flags) & _TENTATIVE
            if kind == NEW_ADDRESS and attributes[_IFA_ADDRESS][:2] == b"\xfe\x80" and not tentative:
                return time.time()
        raise AssertionError("no link-local address")


def _body(kind: int) -> int:
    """Where attributes begin: behind struct ifaddrmsg or struct rtmsg."""
    return 16 + (8 if kind == NEW_ADDRESS else 12)


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


# ---- a host that is gone ----


def _drop(kind: str, ms: int, way: str) -> float:
    with testbed() as bed:
        link, cut = switched_link(bed)
        kernel = Kernel(link.namespace, _GROUP_ROUTE4)
        router = start_bfd_router(bed, kind, link, setup={"interval": ms}, forwards=True)
        bfd = {"interval": f"{ms}ms", "multiplier": 3}
        agent = bed.start_agent(config(peer(router, bfd=bfd), apps=APPS))
        kernel.wait_route(NEW_ROUTE)
        wait_up(agent, router)
        settled = lambda: agent.peer(router.ip)["bfd"]["detection_time_seconds"] == 3 * ms / 1000  # noqa: E731
        wait_until(settled, "the timers of both")
        wait_until(lambda: VIP4.split("/")[0] in str(link.namespace.ip_json("route")), "the route")
        kernel.close()
        kernel = Kernel(link.namespace, _GROUP_ROUTE4)
        pids = [*helpers(bed), agent.process.pid]
        begin = time.monotonic()
        if way == "cut":
            cut()
        else:
            for pid in pids[1:] if way == "killed" else pids:
                os.kill(pid, signal.SIGKILL if way == "killed" else signal.SIGSTOP)
        took = kernel.wait_route(DEL_ROUTE) - begin
        kernel.close()
        agent.kill()
        return 1000 * took


def drop(runs: int) -> None:
    for kind in KINDS:
        for ms in (50, 300):
            for way in ("killed", "cut", "frozen"):
                what = f"{way} -> {kind}'s kernel has no route, {ms} ms x 3"
                show(what, 3 * ms + LATE, runs, lambda: _drop(kind, ms, way))  # noqa: B023


# ---- unnumbered ----


def _established(agent: Any, times: int) -> float:
    """When the agent has logged so many sessions; wall clock."""
    pattern = r"^(\S+) .*: established with"
    found = lambda: re.findall(pattern, agent.log, re.M)  # noqa: E731
    wait_until(lambda: len(found()) >= times, "the session")
    return datetime.fromisoformat(found()[-1]).timestamp()


def _start(bed: Testbed, device: str) -> Any:
    return bed.start_agent(config({"interface": device, "peer_as": "external"}, apps=APPS))


def _dad(kind: str) -> float:
    with testbed() as bed:
        link = bed.link()
        start_router(bed, kind, link, UNNUMBERED, setup=_setup(kind))
        agent = _start(bed, link.device)
        _established(agent, 1)
        bed.host.ip(f"link set {link.device} down")
        link.namespace.ip("link set eth0 down")
        agent.wait_log("session ended")
        kernels = [Kernel(side, _GROUP_ADDRESS6) for side in (bed.host, link.namespace)]
        bed.host.ip(f"link set {link.device} up")
        link.namespace.ip("link set eth0 up")
        begin = max(kernel.wait_link_local() for kernel in kernels)
        took = _established(agent, 2) - begin
        for kernel in kernels:
            kernel.close()
        agent.kill()
        return 1000 * max(took, 0)


def _setup(kind: str) -> dict[str, Any]:
    return {"remote_as": "external"} if kind == "frr" else {}


def _swap(kind: str) -> float:
    with testbed() as bed:
        bridge, device = switch(bed)
        start_router(bed, kind, plug(bed, bridge, 1), UNNUMBERED, setup=_setup(kind))
        agent = _start(bed, device)
        _established(agent, 1)
        bridge.ip("link del port1")
        second = plug(bed, bridge, 2)
        begin = time.time()
        start_router(bed, kind, second, UNNUMBERED, setup=_setup(kind))
        took = _established(agent, 2) - begin
        agent.kill()
        return 1000 * took


def dad(runs: int) -> None:
    for kind in KINDS:
        show(f"end of DAD on both sides -> session with {kind}", 1000, runs, lambda: _dad(kind))  # noqa: B023


def swap(runs: int) -> None:
    for kind in KINDS:
        show(f"start of the other {kind} behind a switch -> session", 2000, runs, lambda: _swap(kind))  # noqa: B023


# ---- the report ----

CASES: dict[str, Callable[[int], None]] = {"drop": drop, "dad": dad, "swap": swap}
_failed = False


def show(what: str, reach: int, runs: int, measure: Callable[[], float]) -> None:
    """A row; one that could not be measured says why, and the next one follows."""
    global _failed
    try:
        took = sorted(measure() for _ in range(runs))
    except (AssertionError, OSError) as error:
        _failed = True
        print(f"| {what} | NOT MEASURED: {error} |", flush=True)
        return
    print(f"| {what} | {reach} | {statistics.median(took):.0f} | {took[-1]:.0f} | ms | {runs} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all, unless some are named")
    options = parser.parse_args()
    if unknown := [case for case in options.cases if case not in CASES]:
        parser.error(f"unknown case {unknown[0]}, expected one of {', '.join(CASES)}")
    if os.geteuid() != 0:
        parser.error("needs root, for network namespaces of its own")
    netns.remove_stale()
    run_dir.make_private()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, Linux {os.uname().release}\n")
    print("| figure | reach | median | worst | unit | runs |\n|---|---|---|---|---|---|", flush=True)
    for case in options.cases or CASES:
        CASES[case](options.runs)
    left = netns.leftovers()
    assert not left, f"network namespaces are left: {left}"
    return int(_failed)


if __name__ == "__main__":
    sys.exit(main())
