# SPDX-License-Identifier: MIT
"""The packages scripts/deps.sh unpacks do not depend on those installed on this machine."""
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Of each kind: what the tests start, and how the names of libraries begin that it needs.
NEEDED = {
    "peers": ({"frr", "bird2", "gobgpd", "openbgpd", "exabgp", "python3-exabgp"}, {"libyang"}),
    "browser": ({"chromium", "fonts-dejavu-core"}, {"libnss3", "libgbm"}),
    "ifupdown": ({"ifupdown2"}, set()),
    "engine": ({"podman", "buildah", "crun", "conmon"}, {"libgpgme", "libyajl"}),
    "qemu": ({"busybox-static", "kmod"}, {"libpixman"}),
}
# The C library has to be the one of the machine's loader; every Debian has these, or deps.sh
# installs them.
NEVER = {"libc6", "libc-bin", "libgcc-s1", "dpkg", "bash", "perl-base", "python3", "zlib1g"}


def packages(env: dict[str, str]) -> dict[str, set[str]]:
    run = subprocess.run(["scripts/deps.sh", "list", *NEEDED], cwd=ROOT, text=True,
                         env=os.environ | env, capture_output=True, timeout=600)
    assert run.returncode == 0, run.stderr
    found: dict[str, set[str]] = {}
    for line in run.stdout.splitlines():
        kind, name = line.split()
        found.setdefault(kind, set()).add(name)
    return found


def a_machine_that_has(names: set[str], place: Path) -> dict[str, str]:
    """The environment in which apt and dpkg find these installed, at the versions on offer."""
    shown = subprocess.run(["apt-cache", "show", "--no-all-versions", *sorted(names)],
                           text=True, capture_output=True, check=True).stdout
    # Where an archive keeps a package is nothing that dpkg knows of an installed one.
    shown = re.sub(r"^(Filename|Size|MD5sum|SHA\d+):.*\n", "", shown, flags=re.MULTILINE)
    status = [entry.replace("\n", "\nStatus: install ok installed\n", 1)
              for entry in shown.strip().split("\n\n")]
    (place / "updates").mkdir()
    (place / "info").mkdir()
    (place / "info/format").write_text("1\n")
    (place / "status").write_text("\n\n".join(status) + "\n\n")
    (place / "apt.conf").write_text(f'Dir::State::status "{place}/status";\n')
    return {"APT_CONFIG": str(place / "apt.conf"), "DPKG_ADMINDIR": str(place)}


def installed(env: dict[str, str]) -> set[str]:
    run = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"],
                         text=True, env=os.environ | env, capture_output=True)
    assert run.returncode == 0, run.stderr
    return {line.split()[0] for line in run.stdout.splitlines() if line.endswith(" installed")}


def test_the_same_where_all_of_it_is_installed(tmp_path: Path) -> None:
    here = packages({})
    for kind, (programs, libraries) in NEEDED.items():
        assert programs <= here[kind]
        assert all(any(name.startswith(library) for name in here[kind]) for library in libraries)
        assert not NEVER & here[kind]
    everything = set.union(*here.values())
    env = a_machine_that_has(everything | NEVER, tmp_path)
    assert everything <= installed(env)
    assert packages(env) == here
