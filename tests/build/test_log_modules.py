"""Every module that the sources log as has a level of its own in agent.log.modules."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CALL = re.compile(
    r'\blog_(?:error|warn|info|debug|trace|event|write|enabled)\(\s*(?:LOG_[A-Z]+,\s*)?"([a-z]+)"'
)


def test_modules_are_those_of_the_table() -> None:
    table = (ROOT / "lib/log_level.c").read_text().partition("log_modules[] = {")[2]
    known = set(re.findall(r'"([a-z]+)"', table.partition("NULL")[0]))
    found = {
        (name, path.relative_to(ROOT).as_posix())
        for path in ROOT.glob("**/*.c")
        if path.relative_to(ROOT).parts[0] not in ("tests", "build", "bench", ".deps")
        for name in CALL.findall(path.read_text())
    }
    assert len(found) > 50
    assert {(name, path) for name, path in found if name not in known} == set()
