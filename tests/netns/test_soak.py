"""A short soak, so that `make soak` (tests/soak) works when it is needed; ten minutes find more."""

import pytest

from soak.bfd_soak import BfdSoak
from soak.report import Report
from soak.soak import Soak

from .testbed import Testbed

SECONDS = 20


@pytest.mark.usefixtures("xtables_lock")
@pytest.mark.long
def test_short_soak(bed: Testbed) -> None:
    report = Report()
    Soak(bed, report, seconds=SECONDS, seed="1", backend="nftables").run()
    assert not report.failures


def test_short_bfd_soak(bed: Testbed) -> None:
    report = Report()
    # The tests beside it hold up all of them for longer than 150 ms: `make soak` judges that.
    BfdSoak(bed, report, seconds=5, vips=200, multiplier=40, of_router=100).run()
    assert not report.failures
