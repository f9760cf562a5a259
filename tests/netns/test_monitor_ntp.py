"""The ntp monitor with the real agent."""

from typing import Any

import pytest

from . import responders
from .health import agent_with, expect
from .testbed import Testbed

P = 7123
SERVER = f"127.0.0.1:{P}"

NTP = [
    ("answer", f"ntp:{SERVER}", "up", "synchronised"),
    ("answer", {"ntp": SERVER, "max_stratum": 3, "max_offset": "1m"}, "up", ""),
    ("answer", {"ntp": SERVER, "max_stratum": 2}, "down", "stratum 3, expected at most 2"),
    ("ahead", f"ntp:{SERVER}", "up", ""),
    ("ahead", {"ntp": SERVER, "max_offset": "1m"}, "down", "ahead of this host's"),
    ("kiss", f"ntp:{SERVER}", "down", "kiss code DENY"),
    ("unsynchronised", f"ntp:{SERVER}", "down", "leap 3"),
    ("forged", {"ntp": SERVER, "timeout": "100ms"}, "down", "no answer within 100ms"),
    ("mute", {"ntp": SERVER, "timeout": "100ms"}, "down", "no answer within 100ms"),
    ("answer", "ntp:127.0.0.1:7124", "down", "refused"),
]


@pytest.mark.parametrize(("mode", "monitor", "health", "said"), NTP)
def test_ntp(bed: Testbed, mode: str, monitor: Any, health: str, said: str) -> None:
    with responders.ntp(bed.host, P, mode):
        expect(agent_with(bed, monitor), health, said)


def test_ntp_follows(bed: Testbed) -> None:
    agent = agent_with(bed, f"ntp:{SERVER}")
    expect(agent, "down", "refused")
    with responders.ntp(bed.host, P):
        expect(agent, "up")
    with responders.ntp(bed.host, P, "unsynchronised"):
        expect(agent, "down", "not synchronised")
