"""Fixtures. The test bed is that of tests/netns; its agent runs in a container of the image."""

from collections.abc import Iterator
from typing import Any

import pytest
from netns import netns
from netns.conftest import bed, pytest_runtest_makereport, xtables_lock  # noqa: F401

from .engine import Engine

_SIZE = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def engine(pytestconfig: pytest.Config) -> Iterator[Engine]:
    """With the image built. What a test leaves behind fails the run."""
    engine = Engine()
    engine.build()
    pytestconfig.stash[_SIZE] = (
        f"the image: {engine.size() / 1e6:.1f} MB unpacked, {engine.own_size() / 1e6:.1f} MB of it "
        f"above the base (storage: {engine.driver} in {engine.storage})"
    )
    yield engine
    assert engine.podman("ps", "--all", "--quiet") == "", "the tests left containers behind"
    assert not engine.mounts(), f"the tests left mounts behind: {engine.mounts()}"
    assert not netns.leftovers(), f"the tests left network namespaces behind: {netns.leftovers()}"


def pytest_terminal_summary(
    terminalreporter: Any, config: pytest.Config
) -> None:
    if _SIZE in config.stash:
        terminalreporter.write_line(config.stash[_SIZE])
