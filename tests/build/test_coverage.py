# SPDX-License-Identifier: MIT
"""scripts/coverage fails when too few lines of the pure files are reached."""
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/coverage"

# lib is pure, process is not: the function in process/ is never called.
PURE = """int sign(int a)
{
	if (a < 0)
		return -1;
	return a > 0;
}
"""
UNREACHED = """int unreached(int a)
{
	return a;
}
"""


@pytest.mark.parametrize("calls, percent, status", [
    ("sign(1) + sign(-1)", 100.0, 0),
    ("sign(1) - 1", 75.0, 1),
])
def test_pure_files(tmp_path, calls, percent, status):
    files = {"lib/sign.c": PURE, "process/unreached.c": UNREACHED,
             "tests/unit/test_sign.c": f"int sign(int a);\nint main(void) {{ return {calls}; }}\n"}
    objects = []
    for name, text in files.items():
        obj = tmp_path / "build/obj" / Path(name).with_suffix(".o")
        for path in tmp_path / name, obj:
            path.parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        subprocess.run(["gcc", "-O0", "--coverage", "-c", name, "-o", obj], cwd=tmp_path, check=True)
        objects.append(obj)
    program = tmp_path / "build/test_sign"
    subprocess.run(["gcc", "--coverage", *objects, "-o", program], check=True)
    subprocess.run([program], check=True)
    r = subprocess.run([SCRIPT, "build", "lib/sign.c"], cwd=tmp_path, text=True, capture_output=True)
    assert r.returncode == status, r.stderr
    assert r.stderr == ("" if status == 0 else
                        "coverage: 75.0 % of the lines in pure files, below 90 %\n")
    assert f"{percent:6.1f} %" in next(n for n in r.stdout.splitlines() if n.startswith("pure files"))
    assert ("lib/sign.c:4: return -1;" in r.stdout) == (status != 0)
