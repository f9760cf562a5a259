"""An answer of /metrics as Prometheus' own checker, promtool, judges it."""

import subprocess
from pathlib import Path

PROMTOOL = Path(__file__).resolve().parents[2] / ".deps" / "prometheus" / "usr" / "bin" / "promtool"


def check_metrics(text: str) -> None:
    assert PROMTOOL.exists(), f"{PROMTOOL} is missing: run 'scripts/deps.sh test'"
    r = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True)
    assert r.returncode == 0 and not r.stderr, f"promtool check metrics: {r.stderr}"
