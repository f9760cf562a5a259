# SPDX-License-Identifier: MIT
"""Hardening that compiler and linker were asked to add to build/vipherald, read back from the ELF file
with readelf and objdump. Needs build/vipherald."""
import platform
import re
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "build/vipherald"
# The first instruction of a function that an indirect call may enter.
LANDING_PAD = {"x86_64": "endbr64", "aarch64": r"paciasp|bti|hint\s+#0x(19|22)"}


def readelf(*options):
    return subprocess.check_output(["readelf", "-W", *options, PROGRAM], text=True)


@pytest.fixture(scope="module")
def undefined():
    """The functions that are taken from libraries, without their versions."""
    table = readelf("--dyn-syms")
    return {m[1] for m in re.finditer(r"FUNC\s+GLOBAL\s+DEFAULT\s+UND\s+(\w+)", table)}


def test_loaded_anywhere():
    assert re.search(r"Type:\s+DYN", readelf("-h"))
    assert re.search(r"\(FLAGS_1\).*\bPIE\b", readelf("-d"))


def test_addresses_of_functions_are_read_only_once_bound():
    assert re.search(r"\(FLAGS_1\).*\bNOW\b", readelf("-d"))
    assert "GNU_RELRO" in readelf("-l")


def test_no_segment_is_writable_and_executable():
    segments = re.findall(r"^  (\S+)\s+(?:0x\S+\s+){5}([RWE ]{3})", readelf("-l"), re.M)
    assert "GNU_STACK" in dict(segments)
    assert not [s for s in segments if "W" in s[1] and "E" in s[1]]


def test_libraries_are_not_searched_for_beside_the_program():
    assert not re.search(r"\((RPATH|RUNPATH)\)", readelf("-d"))


def test_stack_protector(undefined):
    assert "__stack_chk_fail" in undefined


def test_fortified(undefined):
    assert {"__memcpy_chk", "__vsnprintf_chk"} <= undefined, undefined


@pytest.mark.parametrize("function", ["main", "bgp_speaker_new", "registry_register"])
def test_branches_land_where_a_function_begins(function):
    pad = LANDING_PAD.get(platform.machine())
    assert pad, f"no landing pad is known for {platform.machine()}"
    code = subprocess.check_output(
        ["objdump", "--no-show-raw-insn", f"--disassemble={function}", PROGRAM], text=True)
    first = re.search(rf"<{function}>:\n\s*\S+\s+(.+)", code)
    assert first and re.match(pad, first[1]), code[:400]
