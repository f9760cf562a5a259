"""Prefixes of a command line that take privileges away."""

from collections.abc import Sequence

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
