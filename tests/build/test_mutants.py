# SPDX-License-Identifier: MIT
"""Which changes scripts/mutants makes to a file, and that a test of the change kills it."""
import importlib.machinery
import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def mutants():
    loader = importlib.machinery.SourceFileLoader("mutants", str(SCRIPTS / "mutants"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutants", loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("line, changes", [
    ("return a < b;", ["< -> <="]),
    ("return a && !b;", ["&& -> ||", "! -> "]),
    ("return a + 1;", ["+ -> -", "1 -> 2", "1 -> 0"]),
    ("return a[2] == 0x0f;", ["2 -> 3", "== -> !=", "0x0f -> 16"]),
    ("x = 010;", ["x = 010; -> ;", "010 -> 11"]),
    ("p->n[i] += 2;", ["p->n[i] += 2; -> ;", "+= -> -=", "2 -> 3"]),
    ("call(a, b);", ["call(a, b); -> ;"]),
    ("if (a == b) /* 3 < 4 */", ["if (a == b) -> if (!(a == b))", "== -> !="]),
    ('say("1 + 1", \'2\');', ['say("1 + 1", \'2\'); -> ;']),
    ("return true;", ["true -> false"]),
    ("return a & -b;", ["& -> |"]),
    ("char *p = &a, buf[SIZE + 16];", []),
    # The last line of an order: what is equal never comes as far.
    ("return a < b ? -1 : a > b;", []),
    ("return a < b ? -1 : 1;", []),
    ("return a < b ? 2 : 1;", ["< -> <=", "2 -> 3", "1 -> 2", "1 -> 0"]),
    ("int r = f();", []),
    ("struct a a = { 0 };", []),
    ("assert(a < 3);", []),
    ("#define N (1 + 2)", []),
])
def test_changes(mutants, tmp_path, line, changes):
    path = tmp_path / "a.c"
    path.write_text(line + "\n" if line.startswith("#") else f"\t{line}\n")
    assert sorted(f"{s.old} -> {s.new}" for s in mutants.sites(path)) == sorted(changes)


def test_a_statement_of_two_lines_is_reached_where_it_begins(mutants):
    lines = ["\tx = a +", "\t    b;", "", "static const int table[] = {", "\t1,"]
    assert mutants.statement_line(2, {1}, lines) == 1
    assert mutants.statement_line(5, {1}, lines) is None


@pytest.mark.parametrize("bed", ["loop_until.h", "runner_bed.h", "other_bed.h"])
def test_programs_that_run_a_loop_are_known_by_their_beds(mutants, tmp_path, monkeypatch, bed):
    place = tmp_path / "tests/unit"
    place.mkdir(parents=True)
    (place / "loop_until.h").write_text("")
    (place / "runner_bed.h").write_text('#include "tests/unit/loop_until.h"\n')
    (place / "other_bed.h").write_text('#include "lib/str.h"\n')
    (place / "test_it.c").write_text(f'#include <cmocka.h>\n#include "tests/unit/{bed}"\n')
    monkeypatch.chdir(tmp_path)
    assert mutants.Program("build", ["build/unit/test_it"]).runs_a_loop() == (bed != "other_bed.h")


PURE = """int least(int a, int b);
int least(int a, int b)
{
	if (a < b)
		return a;
	return b;
}
"""
PROGRAM = """int least(int a, int b);
int main(void)
{
	return least(1, 2) != %s;
}
"""


@pytest.mark.parametrize("expected, killed", [("1", True), ("least(1, 2)", False)])
def test_killed_or_survived(tmp_path, expected, killed):
    """A test that compares the result with itself notices nothing. `<=` is no change."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/least.c").write_text(PURE)
    for build, flags in ("mutants", "-O0"), ("coverage", "-O0 --coverage"):
        (tmp_path / "build" / build / "unit").mkdir(parents=True)
        (tmp_path / "tests/unit").mkdir(parents=True, exist_ok=True)
        (tmp_path / "tests/unit/test_least.c").write_text(PROGRAM % expected)
        script = f"""set -e; o=build/{build}/obj; mkdir -p $o/lib $o/tests/unit
            gcc {flags} -c lib/least.c -o $o/lib/least.o
            gcc {flags} -c tests/unit/test_least.c -o $o/tests/unit/test_least.o
            ar rcs build/{build}/libvipherald.a $o/lib/least.o
            gcc {flags} $o/tests/unit/test_least.o build/{build}/libvipherald.a \\
                -o build/{build}/unit/test_least"""
        subprocess.run(["sh", "-c", script], cwd=tmp_path, check=True)
    (tmp_path / "build/mutants/programs").write_text("build/mutants/unit/test_least\n")
    r = subprocess.run([SCRIPTS / "mutants", "build/mutants", "build/coverage", "lib/least.c"],
                       cwd=tmp_path, text=True, capture_output=True, timeout=300,
                       env={"PATH": os.environ["PATH"], "CFLAGS": "-I.", "N": "0"})
    assert r.returncode == (0 if killed else 1), r.stderr
    assert r.stderr == ("" if killed else "mutants: 0.0 % killed, below 95 %\n")
    assert ("lib/least.c:4: survived: if (a < b) -> if (!(a < b))" in r.stdout) != killed
    assert f"all{int(killed):43} killed{int(not killed):6} survived" in r.stdout
    assert "no change: 1, did not compile: 0" in r.stdout
