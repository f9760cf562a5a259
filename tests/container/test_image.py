"""The contents of the image."""

import platform
import re
import subprocess
from pathlib import Path

import pytest

from .engine import IMAGE, Engine

# Bytes, without the base.
LIMIT = 40e6


def inside(engine: Engine, script: str) -> str:
    return engine.podman("run", "--rm", "--net=none", "--entrypoint", "bash", IMAGE, "-c", script)


def test_no_compiler_and_nothing_to_build_with(engine: Engine) -> None:
    tools = "gcc cc c99 c++ g++ clang cpp as ld make pkg-config"
    found = inside(engine, f"for t in {tools}; do command -v $t; done; true")
    assert found == ""
    assert inside(engine, "dpkg -l '*-dev' 'cpp*' 'binutils*' 2>/dev/null | grep ^ii; true") == ""
    assert inside(engine, "find /src /var/lib/apt/lists /var/cache -type f 2>/dev/null; true") == ""


@pytest.mark.parametrize(
    "tool", ["bash", "sh", "nc", "curl", "ip", "ss", "ping", "pgrep", "grep", "awk", "timeout"]
)
def test_tools_of_exec_monitors(engine: Engine, tool: str) -> None:
    assert inside(engine, f"command -v {tool}").startswith("/")


def test_small(engine: Engine) -> None:
    assert engine.own_size() < LIMIT


def test_settings(engine: Engine) -> None:
    settings = engine.inspect(IMAGE)
    config = settings["Config"]
    assert config["Entrypoint"] == ["vipherald"]
    assert config["WorkingDir"] == "/root"
    assert list(config["ExposedPorts"]) == ["8080/tcp"]
    health = settings.get("Healthcheck") or settings["HealthCheck"]
    assert health["Test"] == ["CMD", "vipherald", "healthcheck"]


def test_every_library_is_there(engine: Engine) -> None:
    assert "not found" not in inside(engine, "ldd $(command -v vipherald)")
    # Loaded only when Consul is configured, and by `vipherald top`.
    libraries = inside(engine, "/sbin/ldconfig -p")
    assert "libcurl.so.4" in libraries and "libncursesw.so.6" in libraries


def test_starts_as_gocast_does(engine: Engine) -> None:
    words = ["run", "--rm", "--net=none", "--entrypoint", "./gocast", IMAGE, "--version"]
    assert engine.podman(*words).startswith("vipherald ")


def test_says_what_is_missing(engine: Engine) -> None:
    words = ["run", "--rm", "--net=none", "--entrypoint", "sh", IMAGE, "-c"]
    said = engine.podman(*words, "vipherald -config=/nowhere.yaml 2>&1; echo $?")
    assert "/nowhere.yaml" in said and said.endswith("1\n")


def test_the_program_is_hardened(engine: Engine, tmp_path: Path) -> None:
    """As tests/build/test_hardening.py looks at build/vipherald; this one is stripped."""
    program = tmp_path / "vipherald"
    words = ["--rm", "--net=none", "--volume", f"{tmp_path}:/out", "--entrypoint", "cp", IMAGE]
    engine.podman("run", *words, "/usr/local/bin/vipherald", "/out/")
    elf = subprocess.check_output(["readelf", "-Wdl", "--dyn-syms", program], text=True)
    assert re.search(r"\(FLAGS_1\).*NOW PIE", elf)
    assert "GNU_RELRO" in elf and not re.search(r"0x\S+ RWE ", elf)
    assert "__stack_chk_fail" in elf and "__memcpy_chk" in elf
    # Branches land where a function begins: of thousands, as there are no names to look one up by.
    pad = {"x86_64": "endbr64", "aarch64": r"paciasp|bti|hint\s+#0x(19|22)"}[platform.machine()]
    code = subprocess.check_output(["objdump", "-d", "--no-show-raw-insn", program], text=True)
    assert len(re.findall(rf"\s(?:{pad})", code)) > 1000
