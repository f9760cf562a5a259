"""The cgroup freezer, of cgroup 2 or 1: what `docker pause` and systemd use."""

from collections.abc import Iterable
from pathlib import Path

from .wait import wait_until

_ROOT = Path("/sys/fs/cgroup")


class Freezer:
    """A group of processes that can be frozen, made for one pause."""

    def __init__(self, name: str):
        self._group, self._state, (self._thawed, self._frozen) = _make(name)

    def freeze(self, pids: Iterable[int]) -> None:
        for pid in pids:
            _move(pid, self._group)
        self._state.write_text(self._frozen)

    def remove(self) -> None:
        """The processes go on, in the root group."""
        self._state.write_text(self._thawed)
        wait_until(self._is_removed, f"{self._group} is removed")

    def _is_removed(self) -> bool:
        """A process may fork while its group is read."""
        for pid in (self._group / "cgroup.procs").read_text().split():
            _move(int(pid), self._group.parent)
        try:
            self._group.rmdir()
        except OSError:
            return False
        return True


def _move(pid: int, group: Path) -> None:
    try:
        (group / "cgroup.procs").write_text(str(pid))
    except ProcessLookupError:
        pass  # it has ended


def _make(name: str) -> tuple[Path, Path, tuple[str, str]]:
    tried = []
    for root, state, words in (
        (_ROOT, "cgroup.freeze", ("0", "1")),
        (_ROOT / "unified", "cgroup.freeze", ("0", "1")),
        (_ROOT / "freezer", "freezer.state", ("THAWED", "FROZEN")),
    ):
        group = root / name
        try:
            group.mkdir()
        except OSError as error:
            tried.append(str(error))
            continue
        if (group / state).exists():
            return group, group / state, words
        group.rmdir()
        tried.append(f"{root} has no {state}")
    raise AssertionError(
        f"no group of the cgroup freezer can be made: {'; '.join(tried)}. "
        "Mount cgroup 2 (or the v1 freezer) writable to run this test."
    )
