"""The API over TLS: versions, certificates of clients as principals, replacement under way."""

import http.client
import json
import os
import socket
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from .agent import Agent, binary
from .certificates import Authority
from .configs import VIP4, VIP6, app, config
from .netns import Namespace
from .testbed import Testbed
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
PORT = 8443
HOST = "10.0.1.2"
NAME = "agent.example.net"
WEB = app("web", VIP4)
REGISTER = f"/register?name=other&vip={VIP6}"


class Bed:
    """An agent with TLS, of which clients on another host ask."""

    def __init__(self, bed: Testbed, **agent: Any):
        self.bed = bed
        self.far = bed.link().namespace
        self.authority = Authority(bed.workdir)
        self.cert = bed.workdir / "api.pem"
        self.key = bed.workdir / "api.key"
        self.replace(self.authority.issue(f"DNS:{NAME}", f"IP:{HOST}", "IP:127.0.0.1"))
        self.agent = bed.make_agent(self.config(**agent))

    def replace(self, both: Path) -> None:
        self.cert.write_bytes(both.read_bytes())
        self.key.write_bytes(both.read_bytes())
        self.key.chmod(0o600)

    def config(self, tls: dict[str, str] | None = None, **agent: Any) -> dict[str, Any]:
        files = {"cert": self.cert, "key": self.key, "client_ca": self.authority.file}
        section = {key: str(path) for key, path in files.items()} if tls is None else tls
        api = {**({"tls": section} if section else {}), **agent.pop("api", {})}
        options = {"listen_addr": f":{PORT}", "api": api, **agent}
        return config(PEER, apps=(WEB,), agent=options)

    def start(self) -> Agent:
        self.agent.spawn()
        wait_until(
            lambda: self.agent.admin("/info").status == 200, "the agent answers", ignore=(OSError,)
        )
        return self.agent

    def context(self, certificate: Path | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authority.file)
        if certificate:
            context.load_cert_chain(certificate)
        return context

    def connect(
        self,
        certificate: Path | None = None,
        *,
        port: int = PORT,
        namespace: Namespace | None = None,
        to: str = HOST,
    ) -> http.client.HTTPSConnection:
        context = self.context(certificate)
        connection = http.client.HTTPSConnection(to, port, timeout=20, context=context)
        with (namespace or self.far).inside():
            connection.connect()
        return connection

    def ask(
        self,
        method: str,
        target: str,
        certificate: Path | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> tuple[int, str]:
        connection = self.connect(certificate, **options)
        try:
            return request(connection, method, target, headers)
        finally:
            connection.close()


def request(
    connection: http.client.HTTPSConnection,
    method: str,
    target: str,
    headers: dict[str, str] | None = None,
) -> tuple[int, str]:
    connection.request(method, target, headers=headers or {})
    response = connection.getresponse()
    return response.status, response.read().decode()


def serial(connection: http.client.HTTPSConnection) -> str:
    certificate = connection.sock.getpeercert()
    assert certificate
    return str(certificate["serialNumber"])


def handshake(bed: Bed, *arguments: str) -> str:
    command = ["openssl", "s_client", "-connect", f"{HOST}:{PORT}", *arguments]
    with bed.far.inside():
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20
        )
    return result.stdout + result.stderr


# The wire


def test_versions(bed: Testbed) -> None:
    tls = Bed(bed)
    agent = tls.start()
    agent.wait_log(rf"listening on :{PORT}, TLS$")
    for version in ("-tls1", "-tls1_1"):
        said = handshake(tls, version, "-cipher", "DEFAULT:@SECLEVEL=0")
        assert "Cipher is (NONE)" in said, said
    for version, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        assert name in handshake(tls, version, "-brief")
    # Neither a key exchange that a later break-in reveals nor CBC.
    for cipher in ("AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA"):
        said = handshake(tls, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
        assert "Cipher is (NONE)" in said, said
    assert tls.ask("GET", "/ping") == (200, "I-AM-ALIVE\n")


def test_plain_http_is_not_answered(bed: Testbed) -> None:
    tls = Bed(bed, api={"remote": "register"})
    agent = tls.start()
    with tls.far.inside():
        plain = socket.create_connection((HOST, PORT), 20)
    with plain:
        plain.sendall(f"GET {REGISTER} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        answer = b""
        try:
            while block := plain.recv(4096):
                answer += block
        except ConnectionResetError:
            pass
    assert b"HTTP" not in answer
    assert agent.admin("/v1/apps/other").status == 404


def test_a_stalled_handshake(bed: Testbed) -> None:
    """It is ended, and others are served meanwhile."""
    tls = Bed(bed)
    tls.start()
    with tls.far.inside():
        stalled = [socket.create_connection((HOST, PORT), 40) for _ in range(8)]
    for connection in stalled:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")  # the first octets of a ClientHello
    assert tls.ask("GET", "/ping")[0] == 200
    for connection in stalled:
        with connection:
            try:
                while connection.recv(4096):
                    pass
            except ConnectionResetError:
                pass


def test_long_requests_and_answers(bed: Testbed) -> None:
    tls = Bed(bed)
    tls.start()
    status, text = tls.ask("GET", "/" + "a" * 40_000)
    assert status == 414 and "URL longer than 32768 bytes" in text
    status, text = tls.ask("GET", "/metrics")
    assert status == 200 and len(text) > 8192 and text.endswith("\n")


# Principals


def test_a_certificate_is_a_principal(bed: Testbed) -> None:
    certificates = [
        {"name": "noc.example.net", "role": "admin"},
        {"name": "deploy", "role": "register", "vips": ["2001:db8::/32"]},
    ]
    tls = Bed(bed, api={"remote": "none", "certificates": certificates})
    agent = tls.start()
    noc = tls.authority.issue("DNS:noc.example.net", "DNS:deploy", cn="deploy")
    deploy = tls.authority.issue(cn="deploy", usage="clientAuth")
    other = tls.authority.issue("DNS:other.example.net")
    agent.wait_log("access: admin: .*, certificate noc.example.net; register: certificate deploy")

    assert tls.ask("GET", "/info")[0] == 403
    status, text = tls.ask("GET", "/info", other)
    assert status == 403 and "agent.api.certificates" in text
    assert tls.ask("GET", REGISTER, deploy)[0] == 200
    agent.wait_log(r"register other by certificate deploy \(10\.0\.1\.1 port \d+\): registered")
    status, text = tls.ask("GET", "/register?name=x&vip=198.51.100.1/32", deploy)
    assert status == 403 and "agent.api.certificates[].vips" in text
    assert tls.ask("POST", "/v1/reload", deploy)[0] == 403
    assert tls.ask("POST", "/v1/reload", noc)[0] == 200


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"days": -1}, "has expired"),
        ({"usage": "serverAuth"}, "lacks clientAuth"),
        ({"cn": "John Doe"}, "has a character other than"),
    ],
)
def test_a_certificate_that_is_not_accepted(bed: Testbed, wish: dict[str, Any], why: str) -> None:
    """Reading too, whatever those may who have none."""
    api = {"remote": "admin", "certificates": [{"name": "deploy", "role": "admin"}]}
    tls = Bed(bed, api=api)
    agent = tls.start()
    certificate = tls.authority.issue(**{"cn": "deploy", **wish})
    for target in ("/ping", REGISTER):
        status, text = tls.ask("GET", target, certificate)
        assert status == 401 and why in text, text
    agent.wait_log(f"WARN.*refused: the client certificate is not accepted: .*{why}")
    assert agent.admin("/v1/apps/other").status == 404
    assert tls.ask("GET", "/ping")[0] == 200


def test_a_certificate_of_a_stranger(bed: Testbed) -> None:
    tls = Bed(bed, api={"certificates": [{"name": "deploy", "role": "admin"}]})
    tls.start()
    elsewhere = bed.workdir / "elsewhere"
    elsewhere.mkdir()
    status, text = tls.ask("GET", "/ping", Authority(elsewhere).issue("DNS:deploy"))
    assert status == 401 and "signed by none of the authorities" in text


def test_a_token_over_tls(bed: Testbed) -> None:
    token = bed.workdir / "token"
    token.write_text("correct-horse-battery\n")
    token.chmod(0o600)
    api = {"tokens": [{"name": "ci", "file": str(token)}], "remote": "none"}
    tls = Bed(bed, api=api)
    agent = tls.start()
    other = tls.authority.issue("DNS:other.example.net")
    bearer = {"Authorization": "Bearer correct-horse-battery"}
    assert tls.ask("GET", REGISTER, other, bearer)[0] == 200
    agent.wait_log("register other by token ci")
    wrong = {"Authorization": "Bearer correct-horse-batterx"}
    assert tls.ask("GET", "/ping", headers=wrong)[0] == 401


def test_the_address_for_reading_has_tls_too(bed: Testbed) -> None:
    tls = Bed(bed, read_addr=f"{HOST}:8081", api={"remote": "admin"})
    tls.start()
    assert tls.ask("GET", "/metrics", port=8081)[0] == 200
    assert tls.ask("GET", REGISTER, port=8081)[0] == 403


# Reload


def test_certificates_are_replaced_under_open_connections(bed: Testbed) -> None:
    tls = Bed(bed, api={"remote": "read"})
    agent = tls.start()
    opened = tls.connect()
    assert request(opened, "GET", "/ping")[0] == 200
    first = serial(opened)

    tls.replace(tls.authority.issue(f"IP:{HOST}", days=30))
    assert agent.reload()["result"] == "unchanged"
    assert request(opened, "GET", "/ping")[0] == 200
    assert serial(opened) == first
    opened.close()
    second = tls.connect()
    assert serial(second) != first
    assert request(second, "GET", "/ping")[0] == 200
    second.close()


def test_an_authority_that_goes(bed: Testbed) -> None:
    """Its certificates are refused at once, on open connections too."""
    tls = Bed(bed, api={"certificates": [{"name": "deploy", "role": "register"}]})
    agent = tls.start()
    opened = tls.connect(tls.authority.issue("DNS:deploy"))
    assert request(opened, "GET", REGISTER)[0] == 200
    elsewhere = bed.workdir / "elsewhere"
    elsewhere.mkdir()
    files = {"cert": str(tls.cert), "key": str(tls.key)}
    files["client_ca"] = str(Authority(elsewhere).file)
    api = {"certificates": [{"name": "deploy", "role": "register"}]}
    agent.reload(tls.config(tls=files, api=api))
    status, text = request(opened, "GET", "/unregister?name=other")
    assert status == 401 and "none of the authorities" in text
    opened.close()
    assert agent.admin("/v1/apps/other").status == 200


def test_a_reload_with_files_that_do_not_match(bed: Testbed) -> None:
    """As a whole: nothing of it takes effect."""
    tls = Bed(bed)
    agent = tls.start()
    good = tls.key.read_bytes()
    tls.key.write_bytes(tls.authority.issue("DNS:x").read_bytes())
    changed = tls.config(monitor_interval="3s")
    [error] = agent.reload(changed, 422)["errors"]
    assert error["key"] == "agent.api.tls.key"
    assert "is not that of the certificate in" in error["text"]
    tls.key.unlink()
    [error] = agent.reload(status=422)["errors"]
    assert "No such file" in error["text"]
    assert tls.ask("GET", "/ping")[0] == 200
    tls.key.write_bytes(good)
    tls.key.chmod(0o600)
    assert agent.reload()["changes"][0]["keys"][0]["key"] == "monitor_interval"


def test_tls_comes_and_goes_with_a_restart(bed: Testbed) -> None:
    tls = Bed(bed)
    agent = tls.start()
    answer = agent.reload(tls.config(tls={}))
    assert {"agent.api.tls.cert", "agent.api.tls.key"} <= set(answer["needs_restart"])
    assert tls.ask("GET", "/ping")[0] == 200
    agent.stop()
    agent.start()
    assert agent.get("/ping").status == 200
    agent.reload(tls.config())
    assert agent.get("/ping").status == 200


# The start, and what is said of the files


def test_no_start_without_the_pair(bed: Testbed) -> None:
    tls = Bed(bed, state_file="off")
    tls.key.write_bytes(tls.authority.issue("DNS:x").read_bytes())
    tls.agent.spawn()
    said = tls.agent.expect_exit(78)
    assert "agent.api.tls.key" in said and "is not that of the certificate in" in said


def test_a_key_that_others_can_read(bed: Testbed) -> None:
    tls = Bed(bed)
    tls.key.chmod(0o644)
    agent = tls.start()
    agent.wait_log("WARN.*agent.api.tls.key: other users may read or write .*chmod o-rw")


def test_keys_of_another_user(bed: Testbed) -> None:
    """The agent that has become agent.user reads them again, or says so at the start."""
    bed.workdir.chmod(0o755)
    tls = Bed(bed, user="nobody", state_file="off")
    os.chown(tls.key, 0, 65534)
    tls.key.chmod(0o640)
    agent = tls.start()
    assert "cannot read it again" not in agent.log
    agent.reload()
    assert tls.ask("GET", "/ping")[0] == 200
    tls.key.chmod(0o600)
    agent.stop()
    tls.start()
    agent.wait_log(rf"WARN.*{tls.key}: agent.user 'nobody' cannot read it again")
    [error] = agent.reload(status=422)["errors"]
    assert error["key"] == "agent.api.tls.key" and "Permission denied" in error["text"]
    assert tls.ask("GET", "/ping")[0] == 200


def test_the_end_is_an_alarm(bed: Testbed) -> None:
    tls = Bed(bed)
    agent = tls.start()

    def alarms() -> list[str]:
        status = agent.admin("/v1/status").json()
        return [a["path"] for a in status["alarms"] if a["alarm"] == "certificate"]

    assert alarms() == [str(tls.cert), str(tls.authority.file)]
    tls.replace(tls.authority.issue(f"IP:{HOST}", days=15))
    agent.reload()
    assert alarms() == [str(tls.authority.file)]
    status = agent.admin("/v1/status").json()["tls"]["cert"]
    assert status["path"] == str(tls.cert)
    assert 14 * 86400 < status["expires_seconds"] <= 15 * 86400
    assert 'vipherald_api_certificate_expiry_timestamp_seconds{key="cert"} ' in tls.ask("GET", "/metrics")[1]
    tls.replace(tls.authority.issue(f"IP:{HOST}", days=-1))
    assert "has expired at" in agent.reload()["warnings"][0]["text"]
    assert alarms() == [str(tls.cert), str(tls.authority.file)]
    # It is the clients who refuse it.
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        tls.ask("GET", "/ping")


# The command line


def run(tls: Bed, words: Sequence[str], env: dict[str, str] | None = None) -> tuple[int, str]:
    with tls.far.inside():
        result = subprocess.run(
            [binary(), *words], capture_output=True, text=True, timeout=20,
            env={**os.environ, **(env or {})},
        )
    return result.returncode, result.stdout + result.stderr


def test_verbs(bed: Testbed) -> None:
    tls = Bed(bed, api={"certificates": [{"name": "noc", "role": "admin"}]})
    agent = tls.start()
    api = ["--api", f"https://{HOST}:{PORT}"]
    trust = ["--cacert", str(tls.authority.file)]
    noc = str(tls.authority.issue("DNS:noc"))
    status, said = run(tls, ["status", *api])
    assert status == 3 and "--cacert names the authority" in said
    status, said = run(tls, ["status", "--json", *api, *trust])
    assert status == 0 and json.loads(said)["phase"] == "running"
    status, said = run(tls, ["drain", "web", *api, *trust])
    assert status == 1 and "agent.api.remote" in said
    status, said = run(tls, ["drain", "web", *api, *trust, "--cert", noc, "--key", noc])
    assert status == 0, said
    agent.wait_log("drain web by certificate noc")
    env = {
        "VIPHERALD_API": f"https://{HOST}:{PORT}", "VIPHERALD_CERT": noc, "VIPHERALD_KEY": noc,
        "VIPHERALD_CACERT": str(tls.authority.file),
    }
    assert run(tls, ["undrain", "web"], env)[0] == 0
    changed = tls.config(monitor_interval="3s", api={"certificates": [{"name": "noc", "role": "admin"}]})
    agent.write_config(changed)
    status, said = run(tls, ["diff", str(agent.config_path)], env)
    assert status == 1 and "monitor_interval" in said
    status, said = run(tls, ["reload"], env)
    assert status == 0, said
    status, said = run(tls, ["status", "--api", f"{HOST}:{PORT}"])
    assert status == 3 and "the agent speaks TLS" in said
    status, said = run(tls, ["status", *trust, "--api", f"{HOST}:{PORT}"])
    assert status == 2 and "--api https://HOST:PORT" in said


def test_healthcheck(bed: Testbed) -> None:
    tls = Bed(bed)
    agent = tls.start()
    command = [binary(), "healthcheck", f"-config={agent.config_path}"]
    with bed.host.inside():
        result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert (result.returncode, result.stdout) == (0, f"https://127.0.0.1:{PORT}/healthz: 200 ok\n")
    agent.stop()
    with bed.host.inside():
        result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert result.returncode == 1 and "cannot reach the agent at https://127.0.0.1" in result.stdout


def test_check(bed: Testbed) -> None:
    tls = Bed(bed)
    said = bed.host.run([binary(), "check", tls.agent.config_path])
    assert "the API with TLS" in said


def test_events_as_a_stream(bed: Testbed) -> None:
    """Over TLS and in chunks; suspended and resumed as a plain one is."""
    tls = Bed(bed)
    agent = tls.start()
    connection = tls.connect()
    connection.request("GET", "/v1/events?kind=request", headers={"Accept": "text/event-stream"})
    response = connection.getresponse()
    assert response.status == 200
    while response.readline().strip():
        pass  # events.begin
    for name, vip in (("one", "192.0.2.1/32"), ("two", "192.0.2.2/32")):
        assert agent.admin(f"/register?name={name}&vip={vip}").status == 200
        lines = [response.readline() for _ in range(3)]
        assert name.encode() in lines[1]
    connection.close()
