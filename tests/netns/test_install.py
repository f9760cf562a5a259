"""make install, make uninstall, and the systemd unit, as far as it can be tried without systemd."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from .agent import REPO, binary
from .test_capabilities import NEEDED

EXAMPLE = REPO / "config.example.yaml"
PAGES = ("man1/vipherald.1", "man5/vipherald.yaml.5", "man8/vipherald.8")
INSTALLED = {
    "usr/bin/vipherald": 0o755,
    "usr/lib/systemd/system/vipherald.service": 0o644,
    "usr/lib/sysusers.d/vipherald.conf": 0o644,
    **{f"usr/share/man/{page}": 0o644 for page in PAGES},
    "usr/share/doc/vipherald/README.md": 0o644,
    "usr/share/doc/vipherald/LICENSE": 0o644,
    "usr/share/doc/vipherald/CHANGELOG.md": 0o644,
    "usr/share/doc/vipherald/SECURITY.md": 0o644,
    "usr/share/doc/vipherald/config.example.yaml": 0o644,
    "etc/vipherald/config.yaml": 0o640,
    **{
        f"usr/share/doc/vipherald/{page.relative_to(REPO)}": 0o644
        for page in (*REPO.glob("docs/**/*.md"), *REPO.glob("docs/pictures/*"))
    },
}


def make(target: str, **variables: object) -> None:
    """The binary is there already, so that `all` need not be made. It is linked into a folder without
    objects, whose dependencies cost make ten times as much as all the rest."""
    words = [f"{name}={value}" for name, value in variables.items()]
    # Not the variables of the make that runs the tests.
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    with tempfile.TemporaryDirectory() as build:
        Path(build, "vipherald").symlink_to(binary())
        command = ["make", "-s", "-C", str(REPO), "-o", "all", target, f"BUILD={build}", *words]
        subprocess.run(command, check=True, capture_output=True, env=env)


def files(root: Path) -> dict[str, int]:
    return {
        str(path.relative_to(root)): path.stat().st_mode & 0o777
        for path in root.rglob("*")
        if not path.is_dir()
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make("install", DESTDIR=tmp_path, PREFIX="/usr")
    return tmp_path


def test_installs_exactly_this(root: Path) -> None:
    assert files(root) == INSTALLED
    assert (root / "usr/bin/vipherald").read_bytes() == binary().read_bytes()
    assert (root / "etc/vipherald/config.yaml").read_text() == EXAMPLE.read_text()


def test_nothing_is_left_to_fill_in(root: Path) -> None:
    pages = [f"usr/share/man/{page}" for page in PAGES]
    for path in ("usr/lib/systemd/system/vipherald.service", *pages):
        text = (root / path).read_text()
        assert not re.search(r"@[A-Z]+@", text), path
        assert str(root) not in text


def test_uninstall_removes_all_of_it(root: Path) -> None:
    make("uninstall", DESTDIR=root, PREFIX="/usr")
    assert files(root) == {}
    assert not (root / "etc/vipherald").exists()
    assert not (root / "usr/share/doc/vipherald").exists()


def test_users_configuration_and_state_survive_everything(root: Path) -> None:
    config = root / "etc/vipherald/config.yaml"
    state = root / "var/lib/vipherald/state.json"
    other = root / "etc/vipherald/other.yaml"
    state.parent.mkdir(parents=True)
    for path in (config, state, other):
        path.write_text("mine\n")
    config.chmod(0o640)
    make("install", DESTDIR=root, PREFIX="/usr")
    assert (config.read_text(), config.stat().st_mode & 0o777) == ("mine\n", 0o640)
    for _ in range(2):
        make("uninstall", DESTDIR=root, PREFIX="/usr")
        assert set(files(root)) == {
            "etc/vipherald/config.yaml",
            "etc/vipherald/other.yaml",
            "var/lib/vipherald/state.json",
        }


def test_what_others_installed_stays(root: Path) -> None:
    others = [root / "usr/bin/other", root / "usr/share/doc/vipherald/mine.txt"]
    for path in others:
        path.write_text("")
    make("uninstall", DESTDIR=root, PREFIX="/usr")
    assert {root / path for path in files(root)} == set(others)


WORDS = {
    "man1/vipherald.1": ("drain", "--wait", "VIPHERALD_API"),
    "man5/vipherald.yaml.5": ("listen_addr", "peer_as", "monitors"),
    "man8/vipherald.8": ("--capabilities", "SIGUSR2", "config.yaml"),
}


@pytest.mark.parametrize("page", PAGES)
def test_man_page_is_readable(root: Path, page: str) -> None:
    text = (root / "usr/share/man" / page).read_text()
    for word in WORDS[page]:
        assert word.replace("-", r"\-") in text or word in text
    # Each line that begins with a dot is a request that man(7) knows.
    requests = set(re.findall(r"^\.(\S+)", text, re.M))
    known = {'\\"', "TH", "SH", "TP", "PP", "B", "I", "BI", "BR", "RB", "RI", "IR", "br", "RS", "RE"}
    assert requests <= known
    for line in text.splitlines():
        assert not line.startswith("'"), line


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Installed where its ExecStart exists, so that systemd-analyze has nothing to complain about."""
    tmp_path.chmod(0o755)
    make("install", PREFIX=tmp_path / "usr", SYSCONFDIR=tmp_path / "etc")
    return tmp_path / "usr/lib/systemd/system/vipherald.service"


def analyze(*arguments: str) -> str:
    result = subprocess.run(
        ["systemd-analyze", *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_systemd_understands_the_unit(unit: Path) -> None:
    assert analyze("verify", "--man=no", str(unit)) == ""
    # Tenths: 1.7 of 10, of which most is what a BGP speaker needs.
    analyze("security", "--offline=yes", "--threshold=17", str(unit))


def test_what_a_restart_does_not_help_is_not_restarted(unit: Path) -> None:
    """Invalid arguments, and a broken configuration without a last good one (test_last_good)."""
    assert "\nRestartPreventExitStatus=2 78\n" in unit.read_text()


def test_systemd_understands_the_drop_in(unit: Path) -> None:
    config = unit.parent / "config.yaml"
    config.write_text(
        'agent: { listen_addr: ":80", exec: { user: nobody } }\n'
        "nat: { backend: iptables }\n"
        "bgp: { local_as: 65001, listen: true, peers: [ { peer_ip: 10.0.0.1, peer_as: 65000 } ] }\n"
    )
    drop_in = subprocess.run(
        [binary(), "check", "--capabilities", config], check=True, text=True, capture_output=True
    ).stdout
    directory = unit.with_name("vipherald.service.d")
    directory.mkdir()
    (directory / "capabilities.conf").write_text(drop_in)
    assert analyze("verify", "--man=no", str(unit)) == ""
    for name in ("NET_RAW", "NET_BIND_SERVICE", "SETUID", "SETGID", "KILL"):
        assert drop_in.count(f" CAP_{name}") + drop_in.count(f"=CAP_{name}") >= 2, name


def test_systemd_understands_the_drop_in_for_the_priority_of_bfd(unit: Path) -> None:
    [drop_in] = re.findall(r"```ini\n(.*?)```", (REPO / "docs/bfd.md").read_text(), re.S)
    directory = unit.with_name("vipherald.service.d")
    directory.mkdir()
    (directory / "nice.conf").write_text(drop_in)
    assert analyze("verify", "--man=no", str(unit)) == ""


def test_unit_has_the_privileges_of_the_tests(unit: Path) -> None:
    """The service has the privileges that test_capabilities runs with."""
    settings = dict(
        line.split("=", 1) for line in unit.read_text().splitlines() if re.match(r"[A-Z]\w+=", line)
    )
    [needed] = NEEDED["nftables"]
    assert settings["AmbientCapabilities"] == f"CAP_{needed.upper()}"
    assert settings["CapabilityBoundingSet"] == f"CAP_{needed.upper()}"
    assert settings["NoNewPrivileges"] == "yes"
    assert settings["Type"] == "notify"
    # A reload by a verb would need the admin socket; the agent answers the signal (test_service_manager).
    assert settings["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert settings["ExecStart"] == (
        f"{unit.parents[3]}/bin/vipherald -config={unit.parents[4]}/etc/vipherald/config.yaml"
    )


def test_a_configuration_with_errors_gives_no_drop_in(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("bgp: { local_as: none }\n")
    result = subprocess.run(
        [binary(), "check", "--capabilities", config], text=True, capture_output=True
    )
    assert result.returncode == 1
    assert result.stdout == ""
    assert "bgp.local_as" in result.stderr
