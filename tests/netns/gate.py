"""A check whose result the test decides."""

from .testbed import Testbed


class Gate:
    """Has no result while the gate is closed, and then passes."""

    def __init__(self, bed: Testbed):
        self._path = bed.workdir / "gate"
        self.check = f"exec:until test -e {self._path}; do sleep 0.02; done"

    def open(self) -> None:
        self._path.touch()

    def close(self) -> None:
        self._path.unlink()


SLOW = {"monitor_interval": "60s", "timeout": "60s"}
"""The agent's section, so that such a check may take its time."""
