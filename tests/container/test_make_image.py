"""`make image` takes the engine that is there."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from netns.agent import REPO

WORKS = "#!/bin/sh\necho $(basename $0) \"$@\"\n"
NO_DAEMON = "#!/bin/sh\nexit 1\n"


def image(tmp_path: Path, **engines: str) -> subprocess.CompletedProcess[str]:
    for name, script in engines.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    for tool in ("bash", "sh", "dirname", "basename"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or tool)
    command = [REPO / "scripts/image.sh", "vipherald:1", "--build-arg", "BASE=mine"]
    env = {**os.environ, "PATH": str(tmp_path)}
    return subprocess.run(command, env=env, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("engines", "command"),
    [
        ({"docker": WORKS, "podman": WORKS}, "docker build"),
        ({"docker": NO_DAEMON, "podman": WORKS}, "podman build --format docker"),
        ({"buildah": WORKS}, "buildah build --format docker"),
    ],
)
def test_the_engine_that_works(tmp_path: Path, engines: dict[str, str], command: str) -> None:
    result = image(tmp_path, **engines)
    assert result.returncode == 0, result.stderr
    line = f"{command} --tag vipherald:1 --build-arg BASE=mine ."
    assert result.stdout.splitlines()[-1] == line


def test_none(tmp_path: Path) -> None:
    result = image(tmp_path, docker=NO_DAEMON)
    assert result.returncode == 1
    assert "no docker (with a running daemon), podman or buildah" in result.stderr
