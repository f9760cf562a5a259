# SPDX-License-Identifier: MIT
"""scripts/side-by-side, which runs the unit programs."""
import os
import signal
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts/side-by-side"


def program(folder, name, text):
    path = folder / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


def start(commands, **env):
    p = subprocess.Popen([SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True,
                         env=os.environ | {k: str(v) for k, v in env.items()})
    p.stdin.write("\n".join(commands))
    p.stdin.close()
    p.stdin = None
    return p


def run(commands, **env):
    p = start(commands, **env)
    output, _ = p.communicate(timeout=60)
    return p.returncode, output


def test_all_pass(tmp_path):
    one = program(tmp_path, "one", 'echo "[  PASSED  ] 3 test(s)."')
    two = program(tmp_path, "two", 'echo "[  PASSED  ] 1 test(s)."; printf "%s" "$1"')
    status, output = run([one, f"{two} no-newline"])
    assert status == 0
    assert output.endswith("== 2 programs, 4 unit tests passed, 0 programs failed\n")
    assert "no-newline\n" in output


def test_run_at_once_and_shown_whole(tmp_path):
    """Each waits for the other half way through its output."""
    for name in ("a", "b"):
        os.mkfifo(tmp_path / name)
    text = 'echo "$1 first"; {}; echo "$1 second"'
    a = program(tmp_path, "pa", text.format(f'echo x >{tmp_path}/a; read x <{tmp_path}/b'))
    b = program(tmp_path, "pb", text.format(f'read x <{tmp_path}/a; echo x >{tmp_path}/b'))
    status, output = run([f"{a} A", f"{b} B"], JOBS=2)
    assert status == 0
    assert "A first\nA second\n" in output
    assert "B first\nB second\n" in output


def test_failures_are_named_at_the_end(tmp_path):
    bad = program(tmp_path, "bad", 'echo "[  FAILED  ] that_one" >&2\n'
                                   'echo "[  FAILED  ] 1 test(s), listed below:" >&2\n'
                                   'echo "[  FAILED  ] that_one" >&2\nexit 1')
    dies = program(tmp_path, "dies", "kill -SEGV $$")
    good = program(tmp_path, "good", "exit 0")
    status, output = run([bad, dies, good, str(tmp_path / "absent")])
    assert status == 1
    assert output.splitlines()[-4:] == [
        "== 4 programs, 0 unit tests passed, 3 programs failed",
        f"FAILED {tmp_path}/absent: exit status 127",
        f"FAILED {bad}: exit status 1: that_one",
        f"FAILED {dies}: killed by signal {int(signal.SIGSEGV)}",
    ]


def test_one_that_hangs_is_ended(tmp_path):
    hangs = program(tmp_path, "hangs", "echo begun; exec sleep 1000")
    status, output = run([hangs], LIMIT=0.2)
    assert status == 1
    assert "begun\n" in output
    assert output.endswith(f"FAILED {hangs}: did not end within 0.2 s\n")


def test_a_child_left_behind_holds_nothing_up(tmp_path):
    leaves = program(tmp_path, "leaves", f"sleep 1000 & echo $! >{tmp_path}/pid")
    try:
        assert run([leaves])[0] == 0
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_no_program_is_an_error():
    status, output = run([])
    assert status == 1
    assert "nothing would be tested" in output


def test_interrupted_it_ends_what_runs(tmp_path):
    os.mkfifo(tmp_path / "pid")
    runs = program(tmp_path, "runs", f"echo $$ >{tmp_path}/pid; exec sleep 1000")
    p = start([runs])
    pid = int((tmp_path / "pid").read_text())
    p.send_signal(signal.SIGINT)
    assert p.wait(60) == 130
    assert not Path(f"/proc/{pid}").exists()
