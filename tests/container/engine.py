"""The container engine: podman and buildah as unpacked by scripts/deps.sh, on storage of their own.

Everything happens inside tests/container/sandbox, which is what ends mounts and containers. Images
stay below .deps, as the build cache of the next run; what was running is in /run, and is not.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from netns.agent import REPO

_DEPS = REPO / ".deps" / "container"
_RUN = Path("/run/engine")
BASE = "docker.io/library/debian:bookworm-slim"
IMAGE = "localhost/vipherald:test"
_BUILD = "localhost/vipherald-build:test"

# An engine raises limits to what the kernel allows, which not every machine's root may do.
_LIMITS = ["nofile=1024:4096", "nproc=1000:1000"]


class EngineError(Exception):
    pass


# Where images are kept, the best first: an overlay on disk stays as the cache of the next build. One
# that itself is on an overlay, as in a container, does not work: then in memory. At last copies.
_STORAGE = (
    ("overlay", _DEPS / "storage-overlay"),
    ("overlay", _RUN / "storage"),
    ("vfs", _DEPS / "storage-vfs"),
)


def _write_settings(driver: str, storage: Path) -> dict[str, str]:
    """The settings that the engine would look for below /etc; returns the environment for them."""
    tools = _DEPS / "engine"
    policy = _RUN / "home/.config/containers/policy.json"
    policy.parent.mkdir(parents=True, exist_ok=True)
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    env = {
        "HOME": str(_RUN / "home"),
        "CONTAINERS_CONF": str(_RUN / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(_RUN / "storage.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(_RUN / "registries.conf"),
        # Health checks are run by the test that asks for one, not by timers of systemd.
        "DISABLE_HC_SYSTEMD": "true",
    }
    Path(env["CONTAINERS_REGISTRIES_CONF"]).write_text("")
    Path(env["CONTAINERS_STORAGE_CONF"]).write_text(
        f'[storage]\ndriver = "{driver}"\n'
        f'graphroot = "{storage}"\nrunroot = "{_RUN}/root"\n'
    )
    passed_on = json.dumps([f"{name}={value}" for name, value in env.items()])
    Path(env["CONTAINERS_CONF"]).write_text(
        f"""
[containers]
default_ulimits = {json.dumps(_LIMITS)}
seccomp_profile = "{tools}/usr/share/containers/seccomp.json"
cgroups = "disabled"
[engine]
cgroup_manager = "cgroupfs"
conmon_path = ["{tools}/usr/bin/conmon"]
conmon_env_vars = {passed_on}
events_logger = "none"
runtime = "crun"
[engine.runtimes]
crun = ["{tools}/usr/bin/crun"]
[network]
network_config_dir = "{_RUN}/networks"
"""
    )
    return env


class Engine:
    def __init__(self) -> None:
        assert Path("/run/tmp").exists(), "run tests/container by 'make container-test'"
        for self.driver, self.storage in _STORAGE:
            # There it remembers what the storage before could not do.
            shutil.rmtree(_RUN / "root", ignore_errors=True)
            self._env = {**os.environ, **_write_settings(self.driver, self.storage)}
            works = self._call("podman", ["info"])
            if works.returncode == 0:
                break
        else:
            raise EngineError(f"podman does not work on this machine: {works.stderr}")
        # Containers of an earlier run that was killed.
        self.podman("rm", "--all", "--force")

    def argv(self, tool: str, *words: str | Path) -> list[str]:
        where = ["--root", self.storage, "--runroot", f"{_RUN}/root"]
        if tool == "podman":
            where += ["--tmpdir", f"{_RUN}/tmp"]
        return [str(word) for word in (tool, *where, *words)]

    @property
    def env(self) -> dict[str, str]:
        return self._env

    def _call(
        self, tool: str, words: Sequence[str | Path], timeout: float = 120.0
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.argv(tool, *words), env=self._env, capture_output=True, text=True, timeout=timeout
        )

    def podman(self, *words: str | Path) -> str:
        result = self._call("podman", words)
        if result.returncode != 0:
            raise EngineError(f"podman {' '.join(map(str, words))}: {result.stderr}")
        return result.stdout

    def inspect(self, name: str) -> dict[str, Any]:
        [found] = json.loads(self.podman("inspect", name))
        return found

    def build(self) -> None:
        """The image, from the Dockerfile, on the base of scripts/deps.sh. The stage
        that compiles has a name too, which keeps it as the cache of the next build; all else is
        forgotten."""
        if self._call("podman", ["image", "exists", BASE]).returncode != 0:
            self.podman("import", _DEPS / "base.tar", BASE)
        self._build(_BUILD, "--target", "build")
        self._build(IMAGE)
        self.podman("image", "prune", "--force")

    def _build(self, tag: str, *options: str) -> None:
        limits = [word for limit in _LIMITS for word in ("--ulimit", limit)]
        # Without layers where each is a whole copy of those below.
        layers = f"--layers={json.dumps(self.driver == 'overlay')}"
        result = self._call(
            "buildah",
            ["build", "--format", "docker", "--isolation", "chroot", "--network", "host"]
            + ["--pull-never", layers, *limits, *options, "--tag", tag, str(REPO)],
            timeout=900,
        )
        if result.returncode != 0:
            raise EngineError(f"cannot build {tag}:\n{(result.stdout + result.stderr)[-8000:]}")

    def size(self, image: str = IMAGE) -> int:
        """Octets, unpacked."""
        return int(self.inspect(image)["Size"])

    def own_size(self) -> int:
        """The size of the image without its base."""
        return self.size() - self.size(BASE)

    def mounts(self) -> list[str]:
        """Mount points of containers, running or forgotten."""
        points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        # The driver mounts its whole storage onto itself, once.
        storage = f"{self.storage}/"
        return [
            point
            for point in points
            if point.startswith((storage, f"{_RUN}/")) and point != f"{storage}{self.driver}"
        ]
