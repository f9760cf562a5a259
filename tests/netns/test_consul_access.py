"""How Consul is reached: tokens, TLS, unix socket, environment; and what is published there."""

import json
import subprocess
from pathlib import Path

import pytest

from .agent import Agent
from .configs import VIP4, app, config, peer
from .consul import NODE, Consul, tags
from .faultserver import FaultServer
from .routers import Router
from .testbed import Testbed
from .wait import wait_until

MASTER = "aaaaaaaa-0000-0000-0000-000000000001"
WRONG = "aaaaaaaa-0000-0000-0000-00000000dead"
OTHER = "192.0.2.54/32"


@pytest.fixture
def router(bed: Testbed) -> Router:
    return bed.start_router("bird")


def start(bed: Testbed, router: Router, env: dict[str, str] | None = None, **keys: object) -> Agent:
    return bed.start_agent(config(peer(router), agent=keys), env=env)


def consul_with_acl(bed: Testbed) -> Consul:
    acl = {"enabled": True, "default_policy": "deny", "tokens": {"master": MASTER, "agent": MASTER}}
    consul = Consul(bed.host, config={"acl": acl}, token=MASTER)
    consul.register("web", tags(VIP4, "gocast_monitor=consul"))
    return consul


def wait_error(agent: Agent, text: str) -> None:
    wait_until(
        lambda: text in (agent.status("consul")["last_error"] or ""), f"{text} in /v1/consul"
    )


# Tokens


def test_wrong_token_then_right(bed: Testbed, router: Router) -> None:
    consul = consul_with_acl(bed)
    token = bed.workdir / "token"
    token.write_text(f"{WRONG}\n")
    agent = start(bed, router, consul_addr=consul.addr, consul_token_file=str(token))
    wait_error(agent, "403")
    assert "token" in agent.status("consul")["last_error"]
    wait_until(lambda: agent.status("consul")["state"] == "lost", "Consul refuses")
    token.write_text(f"{MASTER}\n")
    router.wait_routes(VIP4)
    token.write_text(f"{WRONG}\n")
    consul.register("other", tags(OTHER))
    wait_until(lambda: agent.status("consul")["state"] == "lost", "the token is wrong again")
    assert VIP4 in router.routes()


def test_right_token_in_the_configuration(bed: Testbed, router: Router) -> None:
    consul = consul_with_acl(bed)
    start(bed, router, consul_addr=consul.addr, consul_token=MASTER)
    router.wait_routes(VIP4)


@pytest.mark.parametrize("name", ["CONSUL_TOKEN", "CONSUL_HTTP_TOKEN"])
def test_token_of_the_environment_beats_the_file(
    bed: Testbed, router: Router, name: str
) -> None:
    consul = consul_with_acl(bed)
    start(bed, router, {name: MASTER}, consul_addr=consul.addr, consul_token=WRONG)
    router.wait_routes(VIP4)


def test_secrets_are_not_shown(bed: Testbed, router: Router) -> None:
    consul = consul_with_acl(bed)
    agent = start(bed, router, consul_addr=consul.addr, consul_token=MASTER)
    router.wait_routes(VIP4)
    for path in ("/v1/consul", "/metrics", "/v1/apps"):
        assert MASTER not in agent.get(path).text
    assert MASTER not in agent.log


# Environment and parameters


def test_environment_names_consul_and_node(bed: Testbed, router: Router) -> None:
    server = FaultServer(bed.host)
    server.services = {"web": tags(VIP4)}
    env = {
        "CONSUL_HTTP_ADDR": "127.0.0.1:8500",
        "CONSUL_NODE": "my node",
        "CONSUL_STALE": "true",
        "CONSUL_NAMESPACE": "team/a",
    }
    agent = start(
        bed, router, env, consul_addr="http://127.0.0.1:1/v1", consul_datacenter="dc2",
        consul_partition="p",
    )
    router.wait_routes(VIP4)
    assert agent.status("consul")["node"] == "my node"
    query = server.queries[-1]
    assert query["dc"] == ["dc2"] and query["ns"] == ["team/a"] and query["partition"] == ["p"]
    assert "stale" in query
    wanted = {"/v1/catalog/node/my%20node", "/v1/health/node/my%20node"}
    wait_until(lambda: set(server.paths) == wanted, "both are asked for")
    server.close()


def test_without_consul_it_is_shown_as_disabled(bed: Testbed, router: Router) -> None:
    agent = start(bed, router)
    assert agent.status("consul")["enabled"] is False
    maps = Path(f"/proc/{agent.process.pid}/maps").read_text()
    assert "libcurl" not in maps


def test_bad_environment_is_reported_and_the_rest_goes_on(bed: Testbed, router: Router) -> None:
    keys = config(peer(router), apps=(app("web", VIP4),), agent={"consul_addr": "http://a:1"})
    agent = bed.start_agent(keys, env={"CONSUL_HTTP_SSL_VERIFY": "perhaps"})
    router.wait_routes(VIP4)
    assert "perhaps" in agent.wait_log("CONSUL_HTTP_SSL_VERIFY")


# TLS


def openssl(directory: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


@pytest.fixture
def pki(bed: Testbed) -> Path:
    """ca.pem; server.pem (127.0.0.1) and client.pem, signed by it; other.pem is a stranger."""
    directory = bed.workdir / "pki"
    directory.mkdir()
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for name in ("ca", "other"):
        openssl(
            directory, "req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-subj", f"/CN={name}", "-days", "2",
        )
    (directory / "san").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for name in ("server", "client"):
        openssl(directory, "req", "-new", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={name}")
        openssl(directory, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey",
                "ca.key", "-CAcreateserial", "-out", f"{name}.pem", "-days", "2", "-extfile", "san")
    return directory


@pytest.fixture
def tls_consul(bed: Testbed, pki: Path) -> Consul:
    settings = {
        "ports": {"https": 8501},
        "ca_file": str(pki / "ca.pem"),
        "cert_file": str(pki / "server.pem"),
        "key_file": str(pki / "server.key"),
        "verify_incoming_https": True,
    }
    consul = Consul(bed.host, config=settings)
    consul.register("web", tags(VIP4))
    return consul


def tls_keys(pki: Path, **more: object) -> dict[str, object]:
    return {
        "consul_addr": "https://127.0.0.1:8501",
        "consul_ca_cert": str(pki / "ca.pem"),
        "consul_client_cert": str(pki / "client.pem"),
        "consul_client_key": str(pki / "client.key"),
        **more,
    }


def test_tls_with_client_certificate(
    bed: Testbed, router: Router, pki: Path, tls_consul: Consul
) -> None:
    start(bed, router, **tls_keys(pki))
    router.wait_routes(VIP4)


def test_tls_from_the_environment(
    bed: Testbed, router: Router, pki: Path, tls_consul: Consul
) -> None:
    env = {
        "CONSUL_HTTP_ADDR": "127.0.0.1:8501",
        "CONSUL_HTTP_SSL": "true",
        "CONSUL_CACERT": str(pki / "ca.pem"),
        "CONSUL_CLIENT_CERT": str(pki / "client.pem"),
        "CONSUL_CLIENT_KEY": str(pki / "client.key"),
    }
    start(bed, router, env)
    router.wait_routes(VIP4)


def test_tls_refuses_a_server_of_another_ca(
    bed: Testbed, router: Router, pki: Path, tls_consul: Consul
) -> None:
    agent = start(bed, router, **tls_keys(pki, consul_ca_cert=str(pki / "other.pem")))
    wait_error(agent, "certificate")
    assert router.routes() == {}


def test_tls_without_client_certificate_is_refused(
    bed: Testbed, router: Router, pki: Path, tls_consul: Consul
) -> None:
    agent = start(
        bed, router, consul_addr="https://127.0.0.1:8501", consul_ca_cert=str(pki / "ca.pem")
    )
    wait_until(lambda: agent.status("consul")["state"] == "lost", "Consul refuses")
    assert router.routes() == {}


@pytest.mark.parametrize("by", ["file", "environment"])
def test_tls_verification_can_be_switched_off(
    bed: Testbed, router: Router, pki: Path, tls_consul: Consul, by: str
) -> None:
    keys = tls_keys(pki, consul_ca_cert=str(pki / "other.pem"))
    if by == "file":
        start(bed, router, **keys, consul_tls_verify=False)
    else:
        start(bed, router, {"CONSUL_HTTP_SSL_VERIFY": "false"}, **keys)
    router.wait_routes(VIP4)


# Unix socket


@pytest.mark.parametrize("suffix", ["", "/v1"])
def test_unix_socket(bed: Testbed, router: Router, suffix: str) -> None:
    path = bed.workdir / "c.sock"
    consul = Consul(bed.host, config={"addresses": {"http": f"127.0.0.1 unix://{path}"}})
    consul.register("web", tags(VIP4))
    agent = start(bed, router, consul_addr=f"unix://{path}{suffix}")
    router.wait_routes(VIP4)
    assert agent.status("consul")["address"] == str(path)


# Publishing


def published(consul: Consul) -> dict[str, tuple[str, str]]:
    checks = consul.get(f"/v1/health/node/{NODE}")
    return {
        c["CheckID"]: (c["Status"], c["Output"])
        for c in checks
        if c["ServiceName"] == "vipherald"
    }


def test_publish(bed: Testbed, router: Router) -> None:
    consul = Consul(bed.host)
    consul.register("web", tags(VIP4, "gocast_monitor=consul"))
    keys = {"consul_addr": consul.addr, "consul_publish": True}
    agent = bed.start_agent(
        config(peer(router), apps=(app("dns ü", OTHER, "port:tcp:7777"),), agent=keys)
    )
    wait_until(
        lambda: set(published(consul)) == {"vipherald:web", "vipherald:dns ü"}
        and published(consul)["vipherald:web"] == ("passing", "up")
        and "nothing listens" in published(consul)["vipherald:dns ü"][1],
        "both apps are published",
    )
    assert published(consul)["vipherald:dns ü"][0] == "critical"
    # A failing app does not make a check of its service or of the node fail.
    router.wait_routes(VIP4)
    bed.start_service(7777)
    wait_until(lambda: published(consul)["vipherald:dns ü"] == ("passing", "up"), "it is up")
    agent.drain("web", reason="kernel update")
    drained = ("warning", "draining: kernel update")
    wait_until(lambda: published(consul)["vipherald:web"] == drained, "it is drained")
    agent.drain()
    drained = ("warning", "draining")
    wait_until(lambda: published(consul)["vipherald:dns ü"] == drained, "all are drained")
    agent.undrain("web")
    agent.undrain()
    wait_until(lambda: published(consul)["vipherald:web"] == ("passing", "up"), "it is back")
    consul.deregister("web")
    wait_until(lambda: set(published(consul)) == {"vipherald:dns ü"}, "web is not published")
    consul.kill()
    consul.start()
    wait_until(
        lambda: published(consul).get("vipherald:dns ü") == ("passing", "up"),
        "published anew after Consul lost everything",
        timeout=60,
    )
    agent.stop()
    wait_until(lambda: published(consul) == {}, "everything is taken back")
    assert "vipherald" not in json.dumps(consul.get("/v1/agent/services"))
