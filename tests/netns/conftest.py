"""Fixtures. `bed` is what nearly every test takes: a host, and ways to add routers and an agent."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from . import netns, run_dir, schedule
from .routers import KINDS
from .testbed import Testbed
from .vrf import kernel_has_vrfs


_NOT_HERE = pytest.StashKey[dict[str, int]]()
"""Why tests were deselected -> how many."""

_NO_VRFS = "of VRFs: this kernel has none. `make kernel-smoke` runs them on Linux 5.10"
_OTHER_HALF = "of the other half, which runs with the other build. `make netns` runs all with both"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--half", choices=schedule.HALVES, help="one half of the tests, always the same")


@pytest.fixture(scope="session", autouse=True)
def clean_machine() -> Iterator[None]:
    """Needs root; removes what killed runs left; fails the run if this one leaves anything.

    Each test process has a /run/vipherald of its own.
    """
    if os.geteuid() != 0:
        pytest.fail(
            "tests/netns needs root for network namespaces: run it as root (sudo make test)",
            pytrace=False,
        )
    netns.remove_stale()
    run_dir.make_private()
    yield
    run_dir_left = run_dir.remove_leftovers()
    assert not run_dir_left, f"the tests left in {run_dir.RUN_DIR}: {run_dir_left}"
    left = netns.leftovers()
    assert not left, f"the tests left network namespaces behind: {left}"


@pytest.fixture
def bed(request: pytest.FixtureRequest) -> Iterator[Testbed]:
    # Not tmp_path: paths of unix sockets must be shorter than 108 octets.
    with tempfile.TemporaryDirectory(prefix=netns.own_prefix()) as workdir:
        bed = Testbed(Path(workdir))
        request.node.bed = bed
        try:
            yield bed
            bed.stop_agents()
        finally:
            request.node.logs = bed.logs()
            bed.destroy()
            left = run_dir.remove_leftovers()
    assert not left, f"the test left in {run_dir.RUN_DIR}: {left}"


@pytest.fixture
def xtables_lock(monkeypatch: pytest.MonkeyPatch, bed: Testbed) -> Path:
    """The lock of legacy iptables is the machine's, over all namespaces: here each test's own."""
    path = bed.workdir / "xtables.lock"
    path.touch()
    monkeypatch.setenv("XTABLES_LOCKFILE", str(path))
    return path


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    """The test runs once with each kind of router."""
    return request.param


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "vrf: needs a kernel with VRFs")
    config.addinivalue_line("markers", "long: takes ten seconds and more, so it begins early")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """None: where another distribution is asked for, xdist's own."""
    if config.getvalue("dist") != "load":
        return None
    from .one_by_one import OneByOne

    return OneByOne(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # of xdist
        items[:] = schedule.spread(items, lambda item: item.get_closest_marker("long") is not None)
    if not kernel_has_vrfs():
        _deselect(config, items, lambda item: item.get_closest_marker("vrf") is not None, _NO_VRFS)
    if half := config.getoption("half", None):
        _deselect(config, items, lambda item: schedule.half(item.nodeid) != half, _OTHER_HALF)


def _deselect(
    config: pytest.Config, items: list[pytest.Item], is_out: Callable[[pytest.Item], bool], why: str
) -> None:
    out = [item for item in items if is_out(item)]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if not is_out(item)]
    config.stash.setdefault(_NOT_HERE, {})[why] = len(out)
    if hasattr(config, "workeroutput"):  # of xdist
        config.workeroutput["not_here"] = config.stash[_NOT_HERE]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Each worker of xdist collects all tests."""
    if not_here := getattr(node, "workeroutput", {}).get("not_here"):
        node.config.stash[_NOT_HERE] = not_here


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A run that is green has not shown everything."""
    not_here = terminalreporter.config.stash.get(_NOT_HERE, {})
    lines = [f"{n} test{'s' * (n > 1)} {why}" for why, n in not_here.items() if n]
    if lines:
        terminalreporter.section("not run here", yellow=True, bold=True)
    for line in lines:
        terminalreporter.line(line, yellow=True, bold=True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failure shows the logs of every process of the test."""
    report = (yield).get_result()
    if not report.failed:
        return
    if (bed := getattr(item, "bed", None)) is not None:
        logs = getattr(item, "logs", None) or bed.logs()
        report.sections.extend((f"log of {name}", text) for name, text in logs.items())
