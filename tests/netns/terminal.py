"""A terminal that a test looks at: a pty, and the screen that the program behind it has drawn.

It has its own entry of terminfo, with so few abilities that few sequences are to be understood, and it fails on
every other control character.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path

ENTRY = r"""vipherald-test|terminal of the tests,
	am, colors#8, pairs#64, cols#80, lines#24,
	clear=\E[H\E[2J, cup=\E[%i%p1%d;%p2%dH, el=\E[K, ed=\E[J, cr=\r, cud1=\n, cub1=\b, ind=\n,
	bold=\E[1m, dim=\E[2m, sgr0=\E[m, setaf=\E[3%p1%dm, setab=\E[4%p1%dm, op=\E[39;49m,
"""
SEQUENCE = re.compile(r"\x1b\[([0-9;]*)([HJKm])")


def columns_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Screen:
    """The picture that the octets so far have drawn. `said` keeps them."""

    def __init__(self, columns: int, lines: int):
        self.said = ""
        self._rest = b""
        self.resize(columns, lines)

    def resize(self, columns: int, lines: int) -> None:
        """Nothing is left of what was drawn: the program has to draw all of it again."""
        self.columns, self.lines = columns, lines
        self._grid = [[" "] * columns for _ in range(lines)]
        self._line = self._column = 0

    def __str__(self) -> str:
        return "\n".join("".join(row).rstrip() for row in self._grid)

    def feed(self, block: bytes) -> None:
        block = self._rest + block
        text = block.decode(errors="ignore")
        self._rest = block[len(text.encode()) :]
        # A sequence that is not complete yet waits for the rest of it.
        if (cut := text.rfind("\x1b")) >= 0 and not SEQUENCE.match(text, cut):
            self._rest = text[cut:].encode() + self._rest
            text = text[:cut]
        self.said += text
        at = 0
        while at < len(text):
            if found := SEQUENCE.match(text, at):
                self._sequence(found[1], found[2])
                at = found.end()
            else:
                self._char(text[at])
                at += 1

    def _sequence(self, parameters: str, final: str) -> None:
        if final == "H":
            line, column = (parameters or "1;1").split(";")
            # As terminals do with what was drawn for another size.
            self._line = min(int(line), self.lines) - 1
            self._column = min(int(column), self.columns) - 1
        elif final == "K" or (final == "J" and parameters == ""):
            self._grid[self._line][self._column :] = [" "] * (self.columns - self._column)
        if final == "J":
            first = 0 if parameters == "2" else self._line + 1
            for line in self._grid[first:]:
                line[:] = [" "] * self.columns

    def _char(self, char: str) -> None:
        if char == "\r":
            self._column = 0
        elif char == "\n":
            self._line = min(self._line + 1, self.lines - 1)
        elif char == "\b":
            self._column = max(self._column - 1, 0)
        else:
            assert char.isprintable(), f"{char!r} reached the terminal: {self.said!r}"
            self._put(char)

    def _put(self, char: str) -> None:
        wide = columns_of(char)
        if wide == 0:
            return
        if self._column + wide > self.columns:
            self._line, self._column = min(self._line + 1, self.lines - 1), 0
        if wide > self.columns:
            return
        self._grid[self._line][self._column : self._column + wide] = [char, ""][:wide]
        self._column += wide


class Terminal:
    def __init__(self, place: Path, *, columns: int = 80, lines: int = 24):
        self._master, self._slave = pty.openpty()
        self._process: subprocess.Popen[bytes] | None = None
        self.screen = Screen(columns, lines)
        (place / "entry").write_text(ENTRY)
        subprocess.run(["tic", "-x", "-o", place, place / "entry"], check=True)
        self._env = {"TERM": "vipherald-test", "TERMINFO": str(place), "LC_ALL": "C.UTF-8"}
        self._set_size()

    def _set_size(self) -> None:
        size = struct.pack("HHHH", self.screen.lines, self.screen.columns, 0, 0)
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, size)

    def start(self, command: list[str | Path], env: Mapping[str, str]) -> None:
        """As its session's leader, so that the kernel tells it of a new size."""
        self._process = subprocess.Popen(
            command,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**self._env, **env},
        )

    def resize(self, columns: int, lines: int) -> None:
        """Of the same size the program is not told."""
        if (columns, lines) != (self.screen.columns, self.screen.lines):
            self.screen.resize(columns, lines)
            self._set_size()

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def _read(self, timeout: float) -> None:
        if select.select([self._master], [], [], timeout)[0]:
            self.screen.feed(os.read(self._master, 65536))

    def await_screen(self, condition: Callable[[str], bool], what: str, timeout: float = 20) -> str:
        end = time.monotonic() + timeout
        while not condition(str(self.screen)):
            assert time.monotonic() < end, f"{what}:\n{self.screen}"
            self._read(0.2)
        return str(self.screen)

    def await_text(self, *texts: str) -> str:
        return self.await_screen(lambda shown: all(t in shown for t in texts), f"expected {texts}")

    def await_end(self) -> int:
        assert self._process
        while self._process.poll() is None:
            self._read(0.2)
        while select.select([self._master], [], [], 0)[0]:
            self._read(0)
        return self._process.returncode

    @property
    def is_restored(self) -> bool:
        """The line is as a shell has it: it echoes and gathers lines."""
        flags = termios.tcgetattr(self._slave)[3]
        return bool(flags & termios.ECHO) and bool(flags & termios.ICANON)

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def close(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        os.close(self._slave)
        os.close(self._master)
