"""A server that speaks the part of Nomad's HTTP API that the agent uses. No package has Nomad itself."""

import json
from dataclasses import dataclass
from typing import Any

from .faultserver import FaultServer
from .netns import Namespace

NODE, OTHER_NODE = "11111111-aaaa-bbbb-cccc-000000000001", "22222222-aaaa-bbbb-cccc-000000000002"


@dataclass(frozen=True)
class Registration:
    """Of one allocation."""

    name: str
    tags: tuple[str, ...]
    node: str = NODE
    namespace: str = "default"
    id: str = "0"

    def json(self) -> dict[str, Any]:
        return {
            "ID": f"_nomad-task-{self.id}-{self.name}",
            "ServiceName": self.name,
            "Namespace": self.namespace,
            "NodeID": self.node,
            "Datacenter": "dc1",
            "JobID": "job",
            "AllocID": f"alloc-{self.id}",
            "Tags": list(self.tags),
            "Address": "10.0.0.1",
            "Port": 20000,
            "CreateIndex": 5,
            "ModifyIndex": 5,
        }


class NomadServer(FaultServer):
    index_header = "X-Nomad-Index"

    def __init__(self, namespace: Namespace, port: int = 4646):
        self.registrations: list[Registration] = []
        self.node = NODE
        super().__init__(namespace, port)

    def answer(self, path: str, query: dict[str, list[str]]) -> bytes:
        if path == "/v1/agent/self":
            client = {"client": {"node_id": self.node}} if self.node else {}
            return json.dumps({"member": {"Name": "n1.global"}, "stats": client}).encode()
        wanted = query.get("namespace", ["default"])[0]
        inside = [r for r in self.registrations if wanted in ("*", r.namespace)]
        if path == "/v1/services":
            return json.dumps(_names(inside)).encode()
        name = path.removeprefix("/v1/service/")
        return json.dumps([r.json() for r in inside if r.name == name]).encode()


def _names(registrations: list[Registration]) -> list[dict[str, Any]]:
    spaces: dict[str, dict[str, set[str]]] = {}
    for r in registrations:
        spaces.setdefault(r.namespace, {}).setdefault(r.name, set()).update(r.tags)
    return [
        {
            "Namespace": space,
            "Services": [{"ServiceName": name, "Tags": sorted(tags)} for name, tags in names.items()],
        }
        for space, names in spaces.items()
    ]
