# SPDX-License-Identifier: MIT
"""Unit programs leave the host's processes alone: those of an agent, and of another test run."""
import os
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "build/unit"


@pytest.mark.parametrize("name", ["test_stale_children", "test_child", "test_subreaper"])
def test_children_of_an_agent_on_the_host_survive(name):
    """It is marked as the child of an agent of our namespaces that has ended."""
    ended = subprocess.Popen(["true"])
    start = Path(f"/proc/{ended.pid}/stat").read_text().rpartition(")")[2].split()[19]
    ended.wait()
    pids, net = (os.readlink(f"/proc/self/ns/{kind}") for kind in ("pid", "net"))
    mark = f"{pids}/{net}/{ended.pid}/{start}"
    child = subprocess.Popen(["sleep", "1000"], env=os.environ | {"VIPHERALD_AGENT": mark})
    try:
        subprocess.run([UNIT / name], check=True, capture_output=True, timeout=300)
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()
