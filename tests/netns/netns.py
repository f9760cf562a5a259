"""Network namespaces: uniquely named, linked by veth pairs, removed with everything inside."""

import ctypes
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import run_dir, tcp
from .process import Process
from .wait import wait_until

_NETNS_DIR = Path("/run/netns")
_NAME = re.compile(r"vht(\d+)-")
_CLONE_NEWNET = 0x40000000
_MNT_DETACH = 2
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1
_libc = ctypes.CDLL(None, use_errno=True)


def own_prefix() -> str:
    """Names begin with pid and xdist worker, so that workers and whole runs go side by side."""
    return f"vht{os.getpid()}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-"


def ip(*args: str) -> None:
    subprocess.run(["ip", *args], check=True, capture_output=True, text=True)


def ip_batch(namespace: str, commands: Sequence[str]) -> None:
    result = subprocess.run(
        ["ip", "-n", namespace, "-batch", "-"],
        input="\n".join(commands),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, f"ip -n {namespace}: {commands}: {result.stderr}"


def _setns(fd: int) -> None:
    if _libc.setns(fd, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _set_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def _is_in(pid: str, namespace: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(f"/proc/{pid}/ns/net"), namespace)
    except (FileNotFoundError, ProcessLookupError):
        return False  # it ended
    except PermissionError:
        return False  # of a container's host: no process of ours


def _unmount(path: Path) -> None:
    """As `ip netns del` does it: the namespace ends with the last that is in it or holds it open."""
    if _libc.umount2(os.fsencode(path), _MNT_DETACH) != 0:
        raise OSError(ctypes.get_errno(), f"umount {path}")
    path.unlink()


class Namespace:
    _count = 0

    def __init__(self, role: str, workdir: Path):
        Namespace._count += 1
        self.role = role
        self.workdir = workdir
        self.name = f"{own_prefix()}{Namespace._count}-{role}"
        self.processes: list[Process] = []
        ip("netns", "add", self.name)
        # Without duplicate address detection an address works at once.
        with self.inside():
            Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0")
            Path("/proc/sys/net/ipv6/conf/lo/accept_dad").write_text("0")
            _set_loopback_up()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets and processes made in this block belong to the namespace, for all their life."""
        with open("/proc/thread-self/ns/net") as home, open(_NETNS_DIR / self.name) as there:
            _setns(there.fileno())
            try:
                yield
            finally:
                _setns(home.fileno())

    def ip(self, *commands: str) -> None:
        ip_batch(self.name, commands)

    def ip_json(self, *args: str) -> list[dict[str, Any]]:
        output = subprocess.run(
            ["ip", "-n", self.name, "-j", *args], check=True, capture_output=True, text=True
        ).stdout
        return json.loads(output or "[]")

    def loopback_addresses(self) -> dict[str, str]:
        """Address/length -> label of all addresses on lo except 127.0.0.1/8 and ::1/128."""
        found = {}
        for info in self.ip_json("addr", "show", "dev", "lo")[0]["addr_info"]:
            address = f"{info['local']}/{info['prefixlen']}"
            if address not in ("127.0.0.1/8", "::1/128"):
                assert address not in found, f"{address} is twice on lo"
                found[address] = info.get("label", "")
        return found

    def forward(self) -> None:
        """Route packets between this namespace's links."""
        with self.inside():
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1")

    def start(
        self, argv: Sequence[str | Path], log: str, env: dict[str, str] | None = None
    ) -> Process:
        with self.inside():
            process = Process(argv, self.workdir / f"{log}.log", env)
        self.processes.append(process)
        return process

    def run(self, argv: Sequence[str | Path], check: bool = True, timeout: float = 20.0) -> str:
        """Run to the end; stdout is returned, a failure carries stderr."""
        with self.inside():
            result = subprocess.run(
                [str(word) for word in argv], capture_output=True, text=True, timeout=timeout
            )
        if check and result.returncode != 0:
            raise subprocess.CalledProcessError(
                result.returncode, argv, result.stdout, result.stderr
            )
        return result.stdout

    def is_listening(self, port: int) -> bool:
        """Whether some TCP socket of this namespace listens on the port."""
        return any(found.port == port for found in self._tcp_sockets(tcp.LISTEN))

    def has_accepted(self, port: int) -> bool:
        """Whether a client is connected to the port, and the accept queue is empty."""
        if not any(found.port == port for found in self._tcp_sockets(tcp.ESTABLISHED)):
            return False
        return not any(found.queued for found in self._tcp_sockets(tcp.LISTEN) if found.port == port)

    def _tcp_sockets(self, state: int) -> list[tcp.Socket]:
        with self.inside():
            return list(tcp.sockets(state))

    def pids(self) -> list[int]:
        """As `ip netns pids` has them, without a process of its own for each question."""
        wanted = os.stat(_NETNS_DIR / self.name)
        return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _is_in(pid, wanted)]

    def destroy(self) -> None:
        """End all processes inside (all are ours, the namespace is), then remove the namespace."""
        for process in self.processes:
            process.kill()
        left = self.pids()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if left:
            wait_until(lambda: not self.pids(), f"no process left in namespace {self.name}")
        run_dir.remove_of(os.stat(_NETNS_DIR / self.name).st_ino)
        _unmount(_NETNS_DIR / self.name)


def leftovers() -> list[str]:
    """Namespaces of this very test process that still exist."""
    return sorted(path.name for path in _NETNS_DIR.glob(f"{own_prefix()}*"))


def remove_stale() -> None:
    """Remove what a killed earlier run left: namespaces and files named after a pid that is gone."""
    for path in [*_NETNS_DIR.glob("vht*"), *Path(tempfile.gettempdir()).glob("vht*")]:
        match = _NAME.match(path.name)
        if not match or Path(f"/proc/{match[1]}").exists():
            continue
        if path.parent == _NETNS_DIR:
            subprocess.run(["ip", "netns", "del", path.name], capture_output=True)
        else:
            shutil.rmtree(path, ignore_errors=True)
