"""Prefixes of a command line that take privileges away."""

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

USER = "daemon"
"""A plain user that every system has."""


def without(*capabilities: str) -> list[str]:
    """Drops these capabilities for good."""
    dropped = ",".join(f"-{name}" for name in capabilities)
    return ["setpriv", "--bounding-set", dropped, "--inh-caps", dropped]


def as_plain_user(capabilities: Sequence[str] = ()) -> list[str]:
    """As User=, AmbientCapabilities=, CapabilityBoundingSet= and NoNewPrivileges= of a systemd
    unit."""
    only = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    return [
        "setpriv",
        f"--reuid={USER}",
        f"--regid={USER}",
        "--clear-groups",
        "--no-new-privs",
        *("--inh-caps", only, "--ambient-caps", only, "--bounding-set", only),
    ]


SYS_NICE, SYS_RESOURCE = 23, 24
"""Numbers of capabilities(7)."""


def is_granted(capability: int) -> bool:
    """Not all are root's in a container. A test that asks shows what the agent does without, and says so."""
    status = Path("/proc/self/status").read_text()
    [effective] = re.findall(r"^CapEff:\s*([0-9a-f]+)$", status, re.M)
    has = int(effective, 16) >> capability & 1
    if not has:
        warnings.warn(f"the tests run without capability {capability}", stacklevel=2)
    return bool(has)
