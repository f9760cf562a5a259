"""A scheduler for pytest-xdist, which has to be installed for it."""

from typing import Any

from xdist.scheduler import LoadScheduling

_AHEAD = 2
"""The test that runs and the next: a worker of xdist begins with a test when it knows the one after it."""


class OneByOne(LoadScheduling):
    """Gives a worker the next test when it has ended one, in the order of collection. xdist gives it a
    large part of what is left, neighbours from one file: the long tests of a file then wait for each
    other, while the other workers have nothing left to do.
    """

    def _send_tests(self, node: Any, num: int) -> None:
        super()._send_tests(node, min(num, max(_AHEAD - len(self.node2pending[node]), 0)))
