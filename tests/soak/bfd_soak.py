"""BFD at 50 ms x 3 on a host whose cores are all busy, while thousands of VIPs are registered: never down."""

import os
import time
from typing import Any

from netns.configs import config, peer
from netns.process import Process
from netns.routers.bfd import BfdRouter, start_bfd_router
from netns.testbed import Testbed
from netns.wait import wait_until

from .report import Report

INTERVAL = 50
VIPS = 10_000
PAUSE = 2.0
"""Between the rounds, so that the routers come to an end with theirs."""
LIMITS = {"max_apps": 65535, "max_vips": 65535, "max_kilobytes": 65535, "max_changes": 60_000}


class BfdSoak:
    def __init__(
        self, bed: Testbed, report: Report, *, seconds: float, vips: int = VIPS, multiplier: int = 3,
        of_router: int = 3,
    ):
        """Multipliers: more where other work may hold up the agent, and the router, as well."""
        self._bed = bed
        self._multiplier, self._of_router = multiplier, of_router
        self._report = report
        self._seconds = seconds
        self._vips = vips
        self._router: BfdRouter = start_bfd_router(
            bed, "bird", setup={"interval": INTERVAL, "multiplier": of_router}
        )
        self._agent = bed.make_agent(self._config())
        self._busy: list[Process] = []

    def _config(self) -> dict[str, Any]:
        entry = peer(self._router, bfd={"interval": f"{INTERVAL}ms", "multiplier": self._multiplier})
        return config(entry, agent={"api": LIMITS, "vips": {"max": 65535}, "state_file": "off"})

    def run(self) -> None:
        self._agent.start()
        wait_until(self._is_up, "BFD is up")
        before = self._bfd()["down_events"]
        try:
            self._keep_busy()
            rounds = self._register_for(time.monotonic() + self._seconds)
        finally:
            for process in self._busy:
                process.kill()
        self._judge(before, rounds)
        self._agent.stop()

    def _bfd(self) -> dict[str, Any]:
        return self._agent.peer(self._router.ip)["bfd"]

    def _is_up(self) -> bool:
        found = self._bfd()
        return found["state"] == "up" and found["detection_time_seconds"] == INTERVAL * self._of_router / 1000

    def _keep_busy(self) -> None:
        """As many loops as there are cores."""
        for _ in range(os.cpu_count() or 1):
            loop = ["sh", "-c", "while :; do :; done"]
            self._busy.append(self._bed.host.start(loop, f"busy{len(self._busy)}"))

    def _register_for(self, deadline: float) -> int:
        """All come, all go, again and again."""
        rounds = 0
        while time.monotonic() < deadline:
            for verb in (self._register, self._unregister):
                for n in range(self._vips):
                    verb(n)
                    if time.monotonic() >= deadline:
                        return rounds
            rounds += 1
            time.sleep(PAUSE)
        return rounds

    def _register(self, n: int) -> None:
        answer = self._agent.register(f"app{n}", f"100.64.{n >> 8}.{n & 255}/32")
        assert answer.status == 200, answer
        self._report.count("VIPs registered under BFD")

    def _unregister(self, n: int) -> None:
        answer = self._agent.unregister(f"app{n}")
        assert answer.status == 200, answer

    def _judge(self, before: int, rounds: int) -> None:
        found = self._bfd()
        packets = found["packets"]
        falls = found["down_events"] - before
        what = (
            f"BFD at {INTERVAL} ms x {self._multiplier}: {falls} times down in {self._seconds:.0f} s and "
            f"{rounds} rounds of {self._vips} VIPs, {packets['sent']} packets sent, {packets['received']} received"
        )
        self._report.check(falls == 0, what, found["last_down"])
        # A process that was replaced does not show in the state of its sessions.
        restarts = self._agent.status("status")["bfd"]["process_restarts"]
        self._report.check(restarts == 0, f"the BFD process was started again {restarts} times")
        sessions = self._agent.peer(self._router.ip)["sessions"]
        self._report.check(sessions == 1, f"{sessions} BGP session(s) under BFD, expected 1")
