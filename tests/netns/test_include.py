"""`include`: apps in files of their own, each of which fails alone."""

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .agent import Agent, binary, to_yaml
from .configs import VIP4, app, config
from .in_effect import file_is_in_effect
from .test_reload import KEPT, OTHER, THIRD, Watch, run, start
from .testbed import Testbed
from .wait import wait_until

FIRST = app("first", OTHER, "port:tcp:5302")
SECOND = app("second", THIRD, "port:tcp:5302")
BROKEN = "apps: [ { name: first, vip: none } ]\n"


@pytest.fixture
def watch(bed: Testbed) -> Watch:
    return Watch(bed)


class Files:
    """The directory of the included files."""

    def __init__(self, bed: Testbed):
        self.directory = bed.workdir / "conf.d"
        self.directory.mkdir()
        self.pattern = {"include": "conf.d/*.yaml"}

    def path(self, name: str) -> Path:
        return self.directory / f"{name}.yaml"

    def write(self, name: str, *apps: dict[str, Any], text: str | None = None) -> None:
        new = self.directory / "new"
        new.write_text(text if text is not None else to_yaml({"apps": list(apps)}))
        new.rename(self.path(name))


@pytest.fixture
def files(bed: Testbed) -> Files:
    files = Files(bed)
    files.write("a", FIRST)
    files.write("b", SECOND)
    return files


def whole(watch: Watch, files: Files) -> dict[str, Any]:
    return {**config(watch.entry, apps=(KEPT,)), **files.pattern}


def started(bed: Testbed, watch: Watch, files: Files) -> Agent:
    agent = start(bed, watch, apps=(KEPT,))
    agent.reload(whole(watch, files))
    wait_until(lambda: announced(agent) == {"kept", "first", "second"}, "all are announced")
    watch.updates(agent)
    return agent


def announced(agent: Agent) -> set[str]:
    return {a["name"] for a in agent.status("apps")["apps"] if a["announced"]}


def names(agent: Agent) -> set[str]:
    return {a["name"] for a in agent.status("apps")["apps"]}


def states(agent: Agent) -> dict[str, str]:
    return {Path(f["file"]).stem: f["state"] for f in agent.status("status")["config"]["files"]}


def alarms(agent: Agent) -> list[str]:
    return [a["path"] for a in agent.status("status")["alarms"] if a["alarm"] == "included-file"]


def test_files_come_change_and_go(bed: Testbed, watch: Watch, files: Files) -> None:
    agent = started(bed, watch, files)
    files.write("b", {**SECOND, "states": {"up": {"med": 5}}})
    answer = agent.reload()
    assert [(c["name"], c["change"]) for c in answer["changes"]] == [("second", "changed")]
    assert [list(u.announced) for u in watch.updates(agent)] == [[THIRD]]
    files.path("b").unlink()
    agent.reload()
    watch.session.expect_withdrawal(THIRD)
    assert names(agent) == {"kept", "first"} and states(agent) == {"a": "loaded"}
    # An app that moves from a file to another is not touched.
    files.path("a").unlink()
    files.write("c", FIRST)
    assert agent.reload()["result"] == "unchanged"
    assert watch.updates(agent) == []


def test_errors_stay_with_their_file(bed: Testbed, watch: Watch, files: Files) -> None:
    """The apps of the broken file stay as they were; what the others say is applied."""
    agent = started(bed, watch, files)
    files.write("a", text=BROKEN)
    files.write("b")
    answer = agent.reload()
    assert answer["errors"][0]["file"] == str(files.path("a"))
    assert (answer["errors"][0]["line"], answer["errors"][0]["key"]) == (1, "apps[0].vip")
    watch.session.expect_withdrawal(THIRD)
    assert agent.app("first")["announced"] and names(agent) == {"kept", "first"}
    assert states(agent) == {"a": "kept", "b": "loaded"} and alarms(agent) == [str(files.path("a"))]
    assert "\nvipherald_config_included_files_broken 1\n" in agent.get("/metrics").text
    assert not file_is_in_effect(agent)
    stay = f"{files.path('a')} has errors: its apps stay as they were"
    agent.wait_event("reload.include", level="error", text=stay)
    assert agent.get("/readyz").status == 200
    status, _, errors = run(bed, agent, "reload")
    assert status == 1 and f"{files.path('a')}:1:" in errors
    # Again, and by another reload that has nothing to do with it.
    agent.reload({**whole(watch, files), "apps": [KEPT, app("more", "192.0.2.56/32")]})
    assert names(agent) == {"kept", "first", "more"}
    # SIGUSR2 would leave the apps out.
    agent.process.signal(signal.SIGUSR2)
    agent.wait_log("SIGUSR2: no restart")
    files.write("a", FIRST)
    agent.reload(whole(watch, files))
    assert alarms(agent) == [] and states(agent)["a"] == "loaded" and file_is_in_effect(agent)
    assert all(OTHER not in {*u.announced, *u.withdrawn} for u in watch.updates(agent))


def test_a_start_leaves_the_apps_out(bed: Testbed, watch: Watch, files: Files) -> None:
    agent = started(bed, watch, files)
    agent.stop()
    files.write("a", text=BROKEN)
    agent.start()
    watch.establish()
    wait_until(lambda: announced(agent) == {"kept", "second"}, "the others are announced")
    assert states(agent) == {"a": "left-out", "b": "loaded"}
    assert not file_is_in_effect(agent)
    assert alarms(agent) == [str(files.path("a"))]
    answer = agent.get("/readyz")
    assert answer.status == 503 and "1 included file with errors" in answer.text
    with bed.host.inside():
        check = subprocess.run(
            [binary(), "check", str(agent.config_path)], capture_output=True, text=True, timeout=20
        )
    assert check.returncode == 1 and f"{files.path('a')}:1:" in check.stdout
    files.write("a", FIRST)
    agent.reload()
    wait_until(lambda: agent.get("/readyz").status == 200, "it is ready")
    assert names(agent) == {"kept", "first", "second"}


def test_an_app_in_two_files(bed: Testbed, watch: Watch, files: Files) -> None:
    agent = started(bed, watch, files)
    files.write("b", SECOND, {**FIRST, "vip": "192.0.2.57/32"})
    [error] = agent.reload()["errors"]
    assert error["file"] == str(files.path("b"))
    assert f"first defined in line 2 of {files.path('a')}" in error["text"]
    assert names(agent) == {"kept", "first", "second"}


def test_diff_knows_the_files(bed: Testbed, watch: Watch, files: Files) -> None:
    agent = started(bed, watch, files)
    files.write("a", {**FIRST, "states": {"up": {"med": 7}}})
    wanted = "app first changed: UPDATE\n    states.up.med: not set -> 7\n"
    assert run(bed, agent, "diff", str(agent.config_path)) == (1, wanted, "")
    files.write("a", text=BROKEN)
    status, out, errors = run(bed, agent, "diff", str(agent.config_path))
    assert (status, out) == (2, "") and f"{files.path('a')}:1:" in errors


def test_the_copy_has_all_files(bed: Testbed, watch: Watch, files: Files) -> None:
    """A broken file, or a trial that was not confirmed: the included files are as they were, too."""
    agent = started(bed, watch, files)
    copy = agent.state_dir / "last-good.yaml"
    wait_until(lambda: "second" in copy.read_text(), "it is kept", ignore=(OSError,))
    agent.stop()
    agent.config_path.write_text("bgp: none\n")
    files.path("a").unlink()
    agent.start()
    assert names(agent) == {"kept", "first", "second"}
    agent.write_config(whole(watch, files))
    files.write("a", FIRST)
    assert agent.reload()["result"] == "unchanged"
    # Only an included file differs.
    files.write("b", app("other", THIRD, "port:tcp:5302"))
    assert agent.admin("/v1/reload?confirm=60s", "POST").status == 200
    assert names(agent) == {"kept", "first", "other"}
    agent.kill()
    agent.start()
    assert names(agent) == {"kept", "first", "second"}
    assert "on trial and not confirmed" in agent.log
    files.write("b", SECOND)
    assert agent.reload()["result"] == "unchanged"


def test_without_privileges(bed: Testbed, watch: Watch, files: Files) -> None:
    """A file that the agent's user can read again is reloaded; one that it cannot is named at the start."""
    for path in (bed.workdir, files.directory):
        path.chmod(0o755)
    files.path("a").chmod(0o644)
    files.path("b").chmod(0o600)
    agent = bed.make_agent(
        {**whole(watch, files), "agent": {"user": "nobody", "state_file": "off"}}
    )
    agent.config_path.chmod(0o644)
    agent.start()
    line = agent.wait_log("cannot read it again")
    assert str(files.path("b")) in line
    answer = agent.reload()
    assert [e["file"] for e in answer["errors"]] == [str(files.path("b"))]
    assert "Permission denied" in answer["errors"][0]["text"]
    assert names(agent) == {"kept", "first", "second"} and states(agent)["b"] == "kept"


def test_vips_of_included_files_come_last(bed: Testbed, watch: Watch, files: Files) -> None:
    """lo has exactly what all files together say."""
    agent = started(bed, watch, files)
    # The marker of the watch goes a moment after its withdrawal.
    all_vips = {VIP4, OTHER, THIRD}
    wait_until(lambda: set(bed.host.loopback_addresses()) == all_vips, "those of all files")
    files.path("a").unlink()
    files.path("b").unlink()
    agent.reload()
    wait_until(lambda: set(bed.host.loopback_addresses()) == {VIP4}, "only that of the file")
