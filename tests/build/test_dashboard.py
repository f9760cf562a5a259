# SPDX-License-Identifier: MIT
"""scripts/check-dashboard: it accepts dist/grafana/vipherald.json, and finds what may be wrong with one."""
import copy
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts/check-dashboard"
DASHBOARD = json.loads((ROOT / "dist/grafana/vipherald.json").read_text())


def check(dashboard, directory):
    file = directory / "dashboard.json"
    file.write_text(json.dumps(dashboard))
    r = subprocess.run([SCRIPT, file], capture_output=True, text=True)
    assert (r.returncode == 0) == (not r.stderr), r.stderr
    return r.stderr


def test_ours_is_accepted(tmp_path):
    assert check(DASHBOARD, tmp_path) == ""


def test_its_form_is_that_of_json_dumps():
    text = (ROOT / "dist/grafana/vipherald.json").read_text()
    assert text == json.dumps(DASHBOARD, indent=1, ensure_ascii=False) + "\n"


def panels(of):
    for panel in of:
        yield panel
        yield from panels(panel.get("panels", []))


def test_series_of_two_hosts_are_told_apart():
    """$instance selects several hosts: what is of one host has its name in the legend, or is a table."""
    variable = next(v for v in DASHBOARD["templating"]["list"] if v["name"] == "instance")
    assert variable["multi"] and variable["includeAll"]
    seen = 0
    for panel in panels(DASHBOARD["panels"]):
        for target in panel.get("targets", []):
            if "$instance" in target["expr"] and panel["type"] != "table":
                assert "{{instance}}" in target["legendFormat"], (panel["title"], target)
                seen += 1
    assert seen > 30


def test_names_of_others_are_mapped_to_ours():
    page = (ROOT / "docs/metrics.md").read_text()
    section = page.split("## Names of others")[1].split("\n## ")[0]
    names = set(re.findall(r"\bvipherald_\w+", section))
    assert len(names) > 15
    for name in names:
        assert f"| `{name}` |" in page.split("## All metrics")[1], name


def first(d):
    return next(panel for panel in d["panels"] if panel.get("targets"))


FAULTS = {
    "the id 1 is there twice": lambda d: first(d).update(id=1),
    "lies on another panel": lambda d: first(d)["gridPos"].update(x=4),
    "beyond the edge": lambda d: first(d)["gridPos"].update(x=22),
    "has no query": lambda d: first(d).update(targets=[]),
    "a refId is there twice": lambda d: first(d)["targets"].append(first(d)["targets"][0]),
    "the datasource is not ${datasource}": lambda d: first(d).update(datasource={"uid": "mine"}),
    "the first variable is not the datasource": lambda d: d["templating"]["list"].pop(0),
    "the variable $app is not defined": lambda d: d["templating"]["list"].pop(3),
    "docs/metrics.md has no vipherald_nothing": lambda d: first(d)["targets"][0].update(
        expr="vipherald_nothing"
    ),
    "vipherald_app_up has no label peer": lambda d: first(d)["targets"][0].update(
        expr='vipherald_app_up{peer="x"}'
    ),
    "unexpected": lambda d: first(d)["targets"][0].update(expr="sum(vipherald_app_up))"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_found(fault, tmp_path):
    broken = copy.deepcopy(DASHBOARD)
    FAULTS[fault](broken)
    assert fault in check(broken, tmp_path)
