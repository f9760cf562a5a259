"""A small service for the agent to watch: a listener that can be killed like the real thing."""

import subprocess
import sys

from .netns import Namespace

_LISTENER = """
import signal, socket, sys
address, port, protocol = sys.argv[1], int(sys.argv[2]), sys.argv[3]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
s = socket.socket(family, kind)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
s.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND: a VIP is not there before its service
s.bind((address, port))
if protocol == "tcp":
    s.listen()
print("ready", flush=True)
signal.pause()
"""


class Service:
    def __init__(self, namespace: Namespace, port: int, protocol: str, address: str):
        self._namespace = namespace
        self._argv = [sys.executable, "-ISc", _LISTENER, address, str(port), protocol]
        self.start()

    def start(self) -> None:
        """Returns when the port is open. Also starts it again after a kill."""
        with self._namespace.inside():
            self._popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self._argv], stdout=subprocess.PIPE, text=True
            )
        assert self._popen.stdout is not None
        line = self._popen.stdout.readline()
        self._popen.stdout.close()
        assert line == "ready\n", f"the service did not start: {self._argv[-3:]}"

    def kill(self) -> None:
        """SIGKILL: the kernel closes the port, without a goodbye."""
        self._popen.kill()
        self._popen.wait()


_LISTENERS = """
import signal, socket, sys
open_ones = []
for port in range(int(sys.argv[1]), int(sys.argv[2])):
    s = socket.socket(socket.AF_INET6)
    s.bind(("::", port))
    s.listen()
    open_ones.append(s)
print("ready", flush=True)
signal.pause()
"""


class Services(Service):
    """One process that listens on each of these ports, over TCP: as many services that die at once."""

    def __init__(self, namespace: Namespace, ports: range):
        self._namespace = namespace
        self._argv = [sys.executable, "-ISc", _LISTENERS, str(ports.start), str(ports.stop)]
        self.start()
