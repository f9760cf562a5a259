# SPDX-License-Identifier: MIT
"""The bench goes on after a scenario that cannot be measured. No figure is judged here."""
import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_scenario_that_fails_does_not_stop_the_next():
    r = subprocess.run(["build/bench/bench", "--json", "consul", "start"], cwd=ROOT, text=True,
                       env=os.environ | {"CONSUL": "/bin/false"}, capture_output=True, timeout=300)
    assert r.returncode == 1
    report = json.loads(r.stdout)
    assert report["failed"] == ["consul"]
    assert {f["scenario"] for f in report["figures"]} == {"start"}
    assert "port 8500: Connection refused" in r.stderr


def test_an_unknown_case_with_routers_is_refused():
    r = subprocess.run(["bench/routers.py", "--runs", "1", "none"], cwd=ROOT, text=True,
                       capture_output=True, timeout=60)
    assert r.returncode == 2
    assert "expected one of drop, dad, swap" in r.stderr


def test_an_unknown_scenario_is_refused():
    r = subprocess.run(["build/bench/bench", "start", "none"], cwd=ROOT, text=True,
                       capture_output=True, timeout=60)
    assert r.returncode == 2
    assert "usage:" in r.stderr
