"""A reload that narrows what is accepted, or that cannot be carried out whole: nothing is half done,
and what is left out is named."""

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from .agent import Agent
from .configs import VIP4, app, config
from .test_verbs import Client, as_root
from .testbed import Testbed
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
OTHER = "192.0.2.54/32"
TOKEN = "0123456789abcdef0123"


def alarms(agent: Agent) -> dict[str, dict[str, Any]]:
    return {alarm["alarm"]: alarm for alarm in agent.status("status")["alarms"]}


def register_command(agent: Agent, name: str, vip: str) -> None:
    """By an administrator, over the admin socket."""
    answer = agent.admin(f"/register?name={name}&vip={vip}&monitor=exec:true")
    assert answer.status == 200, answer


def test_commands_that_would_not_be_accepted_any_more(bed: Testbed) -> None:
    """As the next start would refuse them: the reload does, and names app and key."""
    bed.link()
    agent = bed.start_agent(config(PEER, apps=(app("web", VIP4),)))
    register_command(agent, "command", OTHER)
    wait_until(lambda: agent.app("command")["health"] == "up", "its command has run")
    narrow = {"exec": {"allow_from": ["config"]}}
    answer = agent.reload(config(PEER, apps=(app("web", VIP4),), agent=narrow), status=422)
    [error] = answer["errors"]
    assert "app command, registered over HTTP: monitor 'exec:true'" in error["text"]
    assert "agent.exec.allow_from" in error["text"]
    assert agent.app("command")["health"] == "up" and "reload-failed" in alarms(agent)
    # One of the file that takes its place is no obstacle.
    agent.reload(config(PEER, apps=(app("new", [VIP4, OTHER]),), agent=narrow))
    assert agent.get("/v1/apps/command").status == 404
    assert "reload-failed" not in alarms(agent)


def test_commands_of_an_administrator_who_is_none_any_more(bed: Testbed) -> None:
    bed.link()
    file = Path(bed.workdir) / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    token = {"name": "ops", "file": str(file), "role": "admin"}
    agent = bed.start_agent(config(PEER, agent={"api": {"tokens": [token]}}))
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    target = f"/register?name=command&vip={OTHER}&monitor=exec:true"
    assert agent.request("GET", target, headers=bearer).status == 200
    fewer = {"api": {"tokens": [{**token, "role": "register"}]}}
    [error] = agent.reload(config(PEER, agent=fewer), status=422)["errors"]
    assert "app command" in error["text"]
    agent.unregister("command")
    agent.reload(config(PEER, agent=fewer))
    assert agent.request("GET", target, headers=bearer).status == 403


def test_a_command_that_was_not_accepted_before_either(bed: Testbed) -> None:
    """A reload for another reason is not held up by what it does not change."""
    bed.link()
    wide = {"exec": {"allow_from": ["config", "http"]}}
    agent = bed.start_agent(config(PEER, agent=wide))
    assert agent.register("command", OTHER, monitors=["exec:true"]).status == 200
    agent.reload(config(PEER, agent=wide, apps=(app("web", VIP4),)))
    wait_until(lambda: agent.app("command")["health"] == "up", "its command runs")


def test_a_token_that_cannot_be_read(bed: Testbed) -> None:
    """All or nothing: the former tokens stay, key and file are named."""
    bed.link()
    file = Path(bed.workdir) / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    token = {"name": "ops", "file": str(file), "role": "admin"}
    agent = bed.start_agent(config(PEER, agent={"api": {"tokens": [token]}}))
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    missing = {"name": "gone", "file": f"{bed.workdir}/gone", "role": "read"}
    changed = config(PEER, agent={"api": {"tokens": [token, missing]}}, apps=(app("web", VIP4),))
    [error] = agent.reload(changed, status=422)["errors"]
    assert error["key"] == "agent.api.tokens[1].file"
    assert f"{bed.workdir}/gone: No such file or directory" in error["text"]
    assert agent.get("/v1/apps/web").status == 404
    assert "reload-failed" in alarms(agent)
    file.write_text("short")
    [error] = agent.reload(config(PEER, agent={"api": {"tokens": [token]}}), status=422)["errors"]
    assert error["key"] == "agent.api.tokens[0].file" and "expected 16 to 512" in error["text"]
    assert agent.request("GET", "/v1/apps", headers=bearer).status == 200
    file.write_text(TOKEN[::-1])
    agent.reload()
    assert agent.request("GET", "/v1/apps", headers=bearer).status == 401
    assert "reload-failed" not in alarms(agent)


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_app_that_the_registry_refuses(bed: Testbed, form: str) -> None:
    """While thousands of apps are registered, the host gets the address of the last one: the rest of
    the file is in effect, and the app that is not is in the answer, what the verb prints and the alarm."""
    link = bed.link()
    vips = {"strict": True, "allow": ["198.18.0.0/15"]}
    many = tuple(
        app(f"a{n}", f"198.18.{n // 250}.{n % 250}/32", "port:tcp:1") for n in range(6000)
    )
    last = "198.18.23.249/32"
    none = config(PEER, agent={"vips": vips})
    agent = bed.start_agent(none)
    words = ("reload", "--json") if form == "json" else ("reload",)
    client = as_root(agent, Client(bed, agent))

    def reload_meanwhile() -> subprocess.CompletedProcess[str]:
        agent.write_config(config(PEER, agent={"vips": vips}, apps=many))
        so_far, ended = len(agent.log), []
        reload = threading.Thread(target=lambda: ended.append(client.run(*words)))
        reload.start()
        agent.process.wait_line("app a0 added", so_far)
        agent.process.pause()
        bed.host.ip(f"addr add {last} dev {link.device}")
        agent.process.resume()
        reload.join()
        return ended[0]

    for _ in range(5):
        if (result := reload_meanwhile()).returncode != 0:
            break
        # This process stood still, and all were registered before the address came.
        bed.host.ip(f"addr del {last} dev {link.device}")
        agent.reload(none)
    assert result.returncode == 1
    [error] = agent.status("status")["config"]["last_reload"]["errors"]
    assert error["key"] == "a5999" and f"vip {last} covers 198.18.23.249, an address of" in error["text"]
    if form == "json":
        answer = json.loads(result.stdout)
        assert (answer["result"], answer["errors"], result.stderr) == ("incomplete", [error], "")
        assert len(answer["changes"]) == 6000
    else:
        assert "app a5998 added: announced when healthy\n" in result.stdout
        assert result.stdout.endswith("\nincomplete\n")
        assert result.stderr.splitlines() == [
            f"{agent.config_path}: error: a5999: {error['text']}",
            "reloaded, but apps of the file were refused",
        ]
    assert agent.get("/v1/apps/a5999").status == 404
    assert "1 app of the file was refused" in alarms(agent)["reload-failed"]["text"]
    assert "vipherald_config_last_reload_successful 0" in agent.get("/metrics").text
    incomplete = agent.wait_event("reload.incomplete", level="error", by="uid 0")
    assert incomplete["text"].endswith(f"reloaded {agent.config_path}, but 1 app of it was refused")
    bed.host.ip(f"addr del {last} dev {link.device}")
    again = agent.reload()
    assert again["result"] == "reloaded"
    assert [change["text"] for change in again["changes"]] == ["app a5999 added: announced when healthy"]
    assert "reload-failed" not in alarms(agent)
    assert agent.get("/v1/apps/a5999").status == 200
