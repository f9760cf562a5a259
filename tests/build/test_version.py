# SPDX-License-Identifier: MIT
"""VERSION and what embeds it. Needs build/vipherald, of which a copy is made."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path):
    """The sources and what was built of them, with their times, so that little is built again."""
    files = subprocess.check_output(["git", "ls-files", "*.c", "*.h", "Makefile", "VERSION"],
                                    cwd=ROOT, text=True).split()
    files += ["build/libvipherald.a", "build/vipherald"]
    built = [p.relative_to(ROOT) for p in (ROOT / "build/obj").rglob("*.[od]")]
    files += [path for path in built if not {"tests", "bench"} & set(path.parts)]
    for name in files:
        if (ROOT / name).exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    make(tmp_path)
    return tmp_path


def make(tree, *args):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *args], cwd=tree, env=env, capture_output=True, text=True)


def version_of(tree):
    return subprocess.check_output([tree / "build/vipherald", "--version"], text=True)


def test_a_new_version_is_built_in(tree):
    assert version_of(tree) == f"vipherald {(ROOT / 'VERSION').read_text()}"
    (tree / "VERSION").write_text("9.8.7\n")
    r = make(tree)
    assert r.returncode == 0, r.stderr
    assert version_of(tree) == "vipherald 9.8.7\n"
    strings = (tree / "build/vipherald").read_bytes()
    assert b"\0" + (ROOT / "VERSION").read_bytes().strip() + b"\0" not in strings
    assert make(tree, "-q", "all").returncode == 0


def test_only_what_embeds_the_version_is_built_again(tree):
    (tree / "VERSION").write_text("9.8.7\n")
    built = [line.split()[1] for line in make(tree).stdout.splitlines() if " CC " in line]
    for name in built:
        source = tree / Path(name).relative_to("build/obj").with_suffix(".c")
        assert "VIPHERALD_VERSION" in source.read_text()
    assert built
