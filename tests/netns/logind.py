"""A system bus of the test's own, with a logind on it that does what it is told."""

import os
import socket
import subprocess
from pathlib import Path
from typing import Self

from .agent import REPO
from .wait import wait_until

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Bus:
    def __init__(self, workdir: Path):
        self.path = workdir / "bus"
        self.config = workdir / "bus.conf"
        self.config.write_text(_CONFIG.format(path=self.path))
        self.environment = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.path}"}
        self.start()

    def start(self) -> None:
        self.path.unlink(missing_ok=True)
        self._daemon = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self.config}", "--nofork", "--nopidfile"],
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._listens, "the bus is there", ignore=(OSError,))

    def _listens(self) -> bool:
        """Its socket is there a moment before it can be connected to."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.path))
        return True

    def stop(self) -> None:
        self._daemon.kill()
        self._daemon.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Logind:
    def __init__(self, bus: Bus, workdir: Path):
        program = workdir / "fake_logind"
        flags = subprocess.check_output(
            ["pkg-config", "--cflags", "--libs", "libsystemd"], text=True
        ).split()
        source = REPO / "tests/netns/fake_logind.c"
        subprocess.run(["gcc", "-D_GNU_SOURCE", source, "-o", program, *flags], check=True)
        self._process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **bus.environment},
        )
        assert self.said() == "ready"

    def said(self) -> str:
        """The next line; waits for it."""
        assert self._process.stdout
        return self._process.stdout.readline().rstrip("\n")

    def tell(self, order: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        assert self.said() == "done"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
