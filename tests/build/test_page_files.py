# SPDX-License-Identifier: MIT
"""agent/page/embed, which puts the files of the page into the program."""
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = [f"agent/page/{name}" for name in ("index.html", "style.css", "script.js", "icon.svg")]


def embed(*files, cwd=ROOT):
    return subprocess.run([ROOT / "agent/page/embed", *files], cwd=cwd, text=True, capture_output=True)


def test_the_same_files_give_the_same_text(tmp_path):
    """Whenever they were written, so that a build can be repeated."""
    first = embed(*FILES)
    assert first.returncode == 0 and first.stdout.count('{ "') >= 4
    for file in FILES:
        copy = tmp_path / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / file).read_bytes())
    assert embed(*FILES, cwd=tmp_path).stdout == first.stdout


def test_an_unknown_type_is_refused(tmp_path):
    (tmp_path / "page.txt").write_text("text")
    run = embed("page.txt", cwd=tmp_path)
    assert run.returncode != 0 and "the type of page.txt is not known" in run.stderr


def test_small():
    assert sum((ROOT / file).stat().st_size for file in FILES) < 100 * 1024
