# SPDX-License-Identifier: MIT
"""scripts/check-includes, on trees of a few files."""
import importlib.machinery
import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/check-includes"


@pytest.fixture(scope="module")
def checker():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("check_includes", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_includes", loader))
    loader.exec_module(module)
    return module


def problems(checker, root, files):
    for name, included in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f'#include "{i}"\n' if "." in i else i for i in included))
    graph = checker.read_graph(root)
    return [*checker.check_places(root), *checker.check_directories(graph),
            *checker.check_purity(graph), *checker.check_cycles(graph)]


CASES = {
    "downwards is fine": ({"lib/err.h": [], "net/x.c": ["lib/err.h"]}, []),
    "upwards": ({"net/x.h": [], "lib/log.c": ["net/x.h"]}, ["lib/ may not depend on net/"]),
    "siblings": ({"nat/x.h": [], "bgp/x.c": ["nat/x.h"]}, ["bgp/ may not depend on nat/"]),
    "no place": ({"net/x.c": ["bench/x.h"]}, ["bench/ has no place in the order"]),
    "a directory that has no place": (
        {"agent/new/x.c": [], "queue/x.c": [], "agent/new/x.h": []},
        ["agent/new/ holds a .c file and has no place", "queue/ holds a .c file and has no place"],
    ),
    "a file beside the directories": (
        {"agent/x.c": [], "x.c": [], "agent/vip/deep/x.c": []},
        ["agent/ holds a .c file", "./ holds a .c file", "agent/vip/deep/ holds a .c file"],
    ),
    "programs of their own": (
        {"bench/x.c": [], "tests/unit/test_x.c": [], "build/x.c": [], ".deps/a/x.c": [],
         "dist/hook.sh": []},
        [],
    ),
    "a pure file with an impure header": (
        {"lib/log.h": [], "bgp/fsm.c": ["lib/log.h"]},
        ["a pure file includes pure headers only"],
    ),
    "a pure file that reads a clock": (
        {"bgp/fsm.c": ["clock_gettime()\n"]},
        ["a pure file has no fd, clock or loop"],
    ),
    "a header and its source are one module": ({"net/x.h": [], "net/x.c": ["net/x.h"]}, []),
    "two files round": (
        {"net/a.h": ["net/b.h"], "net/b.h": ["net/a.h"]},
        ["modules include each other: net/a, net/b"],
    ),
    "three files round, partly in sources": (
        {"net/a.c": ["net/b.h"], "net/a.h": [], "net/b.h": ["net/c.h"], "net/c.h": [],
         "net/c.c": ["net/a.h"]},
        ["modules include each other: net/a, net/b, net/c"],
    ),
    "directories round": (
        {"bgp/a.c": ["nat/a.h"], "bgp/b.h": [], "nat/a.h": [], "nat/b.c": ["bgp/b.h"]},
        ["bgp/ may not", "nat/ may not", "directories include each other: bgp, nat"],
    ),
}


@pytest.mark.parametrize("files, expected", CASES.values(), ids=CASES)
def test_finds(checker, tmp_path, files, expected):
    found = problems(checker, tmp_path, files)
    assert len(found) == len(expected), found
    for text in expected:
        assert any(text in problem for problem in found), found
