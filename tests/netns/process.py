"""A child process of a test: logged to a file, in a session of its own, gone with the test."""

import os
import re
import select
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .wait import TIMEOUT, wait_until


def children(pid: int) -> list[int]:
    """Children of a process, zombies included, as its first thread has them. Without the launcher of
    an agent, which is one for its whole life."""
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(pid) for pid in pids if not is_launcher(int(pid))]


def is_launcher(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text() == "vipherald-exec\n"
    except (FileNotFoundError, ProcessLookupError):
        return False


def is_zombie(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _is_stopped(pid: int) -> bool:
    """With all its threads, or ended."""
    states = []
    for path in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            states.append(path.read_text().rpartition(")")[2].split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return all(state in "TtZX" for state in states)


class Process:
    """Starts argv at once; stdout and stderr go to `log`, appended.

    setpriv makes the kernel kill the child when the test process itself is killed. It then executes
    the program, so the pid is the program's own.
    """

    def __init__(self, argv: Sequence[str | Path], log: Path, env: dict[str, str] | None = None):
        self.argv = [str(word) for word in argv]
        self.log_path = log
        self._killed = False
        with open(log, "ab") as output:
            self._popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    @property
    def returncode(self) -> int | None:
        return self._popen.poll()

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def wait_line(self, pattern: str, start: int = 0, timeout: float = TIMEOUT) -> str:
        """Wait for a line of the log, from position `start` on, that the expression finds."""
        expression = re.compile(f"^.*(?:{pattern}).*$", re.MULTILINE)
        what = f"a line with /{pattern}/ from {self.argv[0]}"
        return wait_until(lambda: expression.search(self.log, start), what, timeout)[0]

    def signal(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def pause(self) -> None:
        """Returns when it has stopped: after the signal alone it may go on for a moment."""
        self.signal(signal.SIGSTOP)
        wait_until(lambda: _is_stopped(self.pid), f"{self.argv[0]} has stopped")

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def wait(self, timeout: float = TIMEOUT) -> int:
        """Wait for the end and return the exit status (-N: killed by signal N)."""
        # Popen.wait() with a timeout polls; a pidfd is readable when the process has ended.
        if self._popen.poll() is None:
            descriptor = os.pidfd_open(self.pid)
            try:
                ended, _, _ = select.select([descriptor], [], [], timeout)
            finally:
                os.close(descriptor)
            assert ended, f"{self.argv[0]} did not end within {timeout:g} s"
        return self._popen.wait()

    def terminate(self, timeout: float = TIMEOUT) -> int:
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self) -> None:
        """SIGKILL to the process and what it started in its session; no error if it is gone.

        Returns when all have ended: until then they keep ports and files open. The second time does
        nothing: the number may belong to another process by then.
        """
        if self._killed:
            return
        self._killed = True
        _kill_group(self.pid, signal.SIGKILL)
        self._popen.wait()
        if _kill_group(self.pid, 0):
            wait_until(lambda: not _living(self.pid), f"the end of all of {self.argv[0]}")


def _kill_group(group: int, number: int) -> bool:
    """False when it is empty."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _living(group: int) -> list[int]:
    """Its processes but for those that only wait to be reaped, perhaps for ever."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_group) == group and state not in "ZX":
            found.append(int(path.parent.name))
    return found
