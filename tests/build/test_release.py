# SPDX-License-Identifier: MIT
"""scripts/release.sh, in a repository of its own."""
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/release.sh"
CHANGELOG = "# Changelog\n\n## Unreleased\n\n## 1.2.3\n\n- One thing.\n"


def git(repo, *words):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.net", *words],
                   cwd=repo, check=True, capture_output=True)


@pytest.fixture
def repo(tmp_path):
    repo = tmp_path / "repo"
    (repo / "scripts").mkdir(parents=True)
    shutil.copy(SCRIPT, repo / "scripts")
    (repo / "CHANGELOG.md").write_text(CHANGELOG)
    git(repo, "init", "-q")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "all")
    return repo


def release(repo, version="1.2.3"):
    return subprocess.run([repo / "scripts/release.sh", version, repo.parent / "out"],
                          capture_output=True, text=True)


def test_the_tarball_holds_what_is_committed(repo):
    result = release(repo)
    assert result.returncode == 0, result.stderr
    with tarfile.open(repo.parent / "out/vipherald-1.2.3.tar.gz") as tar:
        assert "vipherald-1.2.3/CHANGELOG.md" in tar.getnames()
    assert (repo.parent / "out/vipherald-1.2.3.tar.gz.sha256").exists()


def change_a_file(repo):
    (repo / "CHANGELOG.md").write_text(CHANGELOG + "\n")


def leave_unreleased(repo):
    text = CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n- Another thing.\n")
    (repo / "CHANGELOG.md").write_text(text)
    git(repo, "commit", "-qam", "more")


def tag(repo):
    git(repo, "tag", "v1.2.3")


@pytest.mark.parametrize(
    "spoil, version, message",
    [
        (change_a_file, "1.2.3", "the work tree has changes"),
        (leave_unreleased, "1.2.3", "still lists changes under 'Unreleased'"),
        (tag, "1.2.3", "the tag v1.2.3 exists already"),
        (lambda repo: None, "1.2.4", "has no section '## 1.2.4'"),
        (lambda repo: None, "1.2", "expected MAJOR.MINOR.PATCH"),
    ],
)
def test_refuses(repo, spoil, version, message):
    spoil(repo)
    result = release(repo, version)
    assert result.returncode == 1
    assert message in result.stderr
    assert not (repo.parent / "out").exists()
