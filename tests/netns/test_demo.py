"""`make demo`, in its own namespaces: what it prints where there is no terminal."""

import subprocess

from .agent import REPO


def demo() -> str:
    result = subprocess.run(
        [REPO / "scripts/demo.sh"], capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_no_escape_codes_into_a_pipe() -> None:
    out = demo()
    assert "5. The agent is stopped" in out
    assert "router | " in out and "agent | " in out
    assert "\033" not in out
