"""Lines that are logged, by agent.log and by -v."""

import json
from typing import Any

import pytest

from .configs import PORT, VIP4, app, config, peer
from .nat import BACKENDS, DEST, LISTEN, NatBed, nat_app
from .testbed import Testbed

pytestmark = pytest.mark.usefixtures("xtables_lock")


def one_app(bed: Testbed, **log: Any) -> dict[str, Any]:
    router = bed.start_router("bird", password="s3cret")
    bed.start_service(PORT)
    agent = {"log": log} if log else {}
    structure = config(peer(router, password="s3cret"), apps=(app("dns", VIP4, f"port:tcp:{PORT}"),), agent=agent)
    return structure


def test_nothing_but_changes_by_default(bed: Testbed) -> None:
    agent = bed.start_agent(one_app(bed))
    agent.wait_log("app: dns: up")
    agent.get("/v1/apps")
    agent.stop()
    assert " DEBUG " not in agent.log and " TRACE " not in agent.log


def test_messages_of_bgp_and_requests(bed: Testbed) -> None:
    agent = bed.make_agent(one_app(bed))
    agent.arguments.append("-v")
    agent.start()
    agent.wait_log(r"DEBUG bgp: peer 10\.0\.1\.1: sent OPEN AS 65001, hold time \d+ s, router id")
    agent.wait_log(r"DEBUG bgp: peer 10\.0\.1\.1: received OPEN AS 65000")
    agent.wait_log(rf"DEBUG bgp: peer 10\.0\.1\.1: sent UPDATE \+{VIP4} next-hop 10\.0\.1\.2")
    agent.wait_log(rf"DEBUG vip: bound {VIP4} of dns")
    agent.get("/v1/apps")
    agent.wait_log(r"DEBUG api: GET /v1/apps by local \(\S+ port \d+, uid 0\): 200")
    agent.admin("/v1/log")
    agent.wait_log(r"DEBUG api: GET /v1/log by uid 0: \d+")
    agent.wait_log(rf"DEBUG netlink: add address {VIP4} on interface 1: ok")
    agent.wait_log(r"DEBUG netlink: look up the route to 10\.0\.1\.1: ok, 1 message")
    agent.wait_log(r"DEBUG netlink: list addresses, IPv4: ok, \d+ messages?")
    agent.stop()
    assert f"DEBUG bgp: peer 10.0.1.1: sent UPDATE -{VIP4}" in agent.log
    assert "sent NOTIFICATION Cease/Administrative Shutdown" in agent.log
    assert f"DEBUG netlink: delete address {VIP4} on interface 1: ok" in agent.log
    assert "KEEPALIVE" not in agent.log and "sockets" not in agent.log


def test_every_check_and_keepalive(bed: Testbed) -> None:
    agent = bed.make_agent(one_app(bed))
    agent.arguments.append("-vv")
    agent.start()
    agent.wait_log(r"TRACE bgp: peer 10\.0\.1\.1: received KEEPALIVE")
    agent.wait_log(rf"TRACE monitor: port:tcp:{PORT}: up: ")
    agent.wait_log(rf"TRACE netlink: look up tcp sockets, IPv4, port {PORT}: ok, 1 message")


@pytest.mark.parametrize("backend", BACKENDS)
def test_rules_of_nat(bed: Testbed, backend: str) -> None:
    """Each transaction and its result; what cannot be done has the kernel's words."""
    nat = NatBed(bed)
    agent = bed.make_agent(nat.config(nat_app("dns", VIP4), backend=backend))
    agent.arguments.append("-v")
    agent.start()
    target = rf"{nat.link.host_ip}:{DEST}".replace(".", r"\.")
    for protocol in ("tcp", "udp"):
        agent.wait_log(rf"DEBUG nat: {backend}:.* \+{protocol} {VIP4} port {LISTEN} to {target}.*: ok")
    agent.wait_log(rf"DEBUG nat: {backend}: list our rules: ok, 0 there")
    agent.stop()
    assert f"-tcp {VIP4} port {LISTEN} to {nat.link.host_ip}:{DEST}" in agent.log


def test_a_request_that_fails(bed: Testbed) -> None:
    """Another process has put the VIP on lo."""
    bed.host.ip(f"addr add {VIP4} dev lo")
    agent = bed.make_agent(one_app(bed))
    agent.arguments.append("-v")
    agent.start()
    agent.wait_log(rf"DEBUG netlink: add address {VIP4} on interface 1: File exists")


def test_changed_at_run_time(bed: Testbed) -> None:
    agent = bed.start_agent(one_app(bed))
    agent.wait_log("app: dns: up")
    assert agent.request("POST", "/v1/log?level=debug").status == 403
    assert agent.admin("/v1/log?level=loud", "POST").status == 400
    assert agent.admin("/v1/log?level=debug&module=nothing", "POST").status == 400
    assert agent.admin("/v1/log?module=bgp", "POST").status == 400
    answer = agent.admin("/v1/log?level=trace&module=bgp", "POST").json()
    told = agent.wait_event("request.log", by="uid 0", level="info")["text"]
    assert "bgp" in told and "trace" in told and "by uid 0" in told, told
    assert answer["level"] == "info" and answer["modules"] == {"bgp": "trace"}
    agent.drain("dns")
    agent.wait_log(rf"DEBUG bgp: peer 10\.0\.1\.1: sent UPDATE \+{VIP4}")
    assert " DEBUG api: " not in agent.log
    answer = agent.admin("/v1/log?level=debug", "POST").json()
    assert answer["level"] == "debug" and answer["modules"] == {}
    agent.get("/ping")
    agent.wait_log(r"DEBUG api: GET /ping by local .*: 200")


def test_json_and_a_level_for_a_module(bed: Testbed) -> None:
    structure = one_app(bed, level="warning", format="json", modules={"bgp": "debug"})
    agent = bed.start_agent(structure)
    agent.wait_log("sent OPEN")
    agent.get("/v1/apps")
    agent.stop()
    lines = [json.loads(line) for line in agent.log.splitlines() if line.startswith("{")]
    # Before the configuration is read, the log is as it is without one.
    after = [line for line in lines if line["level"] != "info" or line["module"] == "bgp"]
    # The loop warns of a turn that was slow, as it is on a busy machine.
    assert {line["module"] for line in after} - {"loop"} == {"bgp"}
    fields = {"time", "level", "module", "msg"}
    assert all(fields <= set(line) for line in lines)
    assert all("kind" in line for line in lines if set(line) != fields)
    assert "s3cret" not in agent.log


def test_a_reload_changes_level_and_format(bed: Testbed) -> None:
    """From its end on, and back; what was set at run time ends with it."""
    plain = one_app(bed)
    agent = bed.start_agent(plain)
    agent.wait_log("app: dns: up")
    agent.admin("/v1/log?level=trace&module=monitor", "POST")
    keys = {"format": "json", "level": "error", "modules": {"api": "debug"}}
    agent.reload({**plain, "agent": {**plain["agent"], "log": keys}})
    start = len(agent.log)
    agent.drain("dns")
    agent.get("/ping")
    agent.wait_log('"msg":"GET /ping by ')
    lines = [json.loads(line) for line in agent.log[start:].splitlines()]
    assert {(line["level"], line["module"]) for line in lines} == {("debug", "api"), ("info", "api")}
    agent.reload(plain)
    start = len(agent.log)
    agent.get("/ping")
    agent.undrain("dns")
    agent.wait_log(" INFO  api: undrain dns by ")
    assert not any(line.startswith("{") for line in agent.log[start:].splitlines())
    assert " DEBUG " not in agent.log[start:] and " TRACE " not in agent.log[start:]
