"""make soak: SOAK_SECONDS, SOAK_SEED, SOAK_NAT (nftables or iptables), VIPHERALD from outside."""

import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from netns import netns
from netns.agent import binary
from netns.testbed import Testbed

from .bfd_soak import BfdSoak
from .report import Report
from .soak import Soak


def run(
    workdir: Path, report: Report, soak: Callable[[Testbed], Soak | BfdSoak]
) -> bool:
    """False: interrupted."""
    workdir.mkdir()
    bed = Testbed(workdir)
    try:
        soak(bed).run()
    except AssertionError as error:
        report.fail(str(error))
    except KeyboardInterrupt:
        report.fail("interrupted")
        return False
    finally:
        bed.destroy()
    return True


def main() -> int:
    if os.geteuid() != 0:
        print("soak: needs root for network namespaces: sudo make soak", file=sys.stderr)
        return 1
    seconds = float(os.environ.get("SOAK_SECONDS") or 600)
    seed = os.environ.get("SOAK_SEED") or str(random.SystemRandom().randrange(1_000_000))
    backend = os.environ.get("SOAK_NAT") or random.Random(seed).choice(("nftables", "iptables"))
    workdir = Path(tempfile.mkdtemp(prefix="vipherald-soak-"))
    # The lock of legacy iptables is the machine's, over all namespaces: here one of our own.
    os.environ["XTABLES_LOCKFILE"] = str(workdir / "xtables.lock")
    print(f"soak: {seconds:g} s, SOAK_SEED={seed} SOAK_NAT={backend}, {binary()}", flush=True)
    # Nothing is left behind either way.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    report = Report()
    begin = time.monotonic()
    netns.remove_stale()
    soaks: list[Callable[[Testbed], Soak | BfdSoak]] = [
        lambda bed: Soak(bed, report, seconds=seconds, seed=seed, backend=backend),
        lambda bed: BfdSoak(bed, report, seconds=seconds),
    ]
    for name, soak in zip(("all", "bfd"), soaks, strict=True):
        if os.environ.get("SOAK_ONLY", name) == name and not run(workdir / name, report, soak):
            break
    report.check(not netns.leftovers(), f"no namespace left {netns.leftovers() or ''}".strip())
    report.print()
    print(f"{time.monotonic() - begin:.0f} s in all, SOAK_SEED={seed}; logs: {workdir}")
    return 1 if report.failures else 0


sys.exit(main())
