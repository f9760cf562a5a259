"""A minimal BGP codec for the scripted peer and the wire tap: clear rather than complete.

It is written from the RFCs and shares nothing with the C code that it tests.
"""

import ipaddress
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

MARKER = b"\xff" * 16
OPEN, UPDATE, NOTIFICATION, KEEPALIVE, ROUTE_REFRESH = 1, 2, 3, 4, 5
AS_TRANS = 23456

IPV4_UNICAST, IPV6_UNICAST = (1, 1), (2, 1)

# Path attributes
ORIGIN, AS_PATH, NEXT_HOP, MED, LOCAL_PREF, COMMUNITIES = 1, 2, 3, 4, 5, 8
MP_REACH, MP_UNREACH, AS4_PATH = 14, 15, 17
ORIGINS = ("igp", "egp", "incomplete")

# Capabilities
CAP_MULTIPROTOCOL, CAP_REFRESH, CAP_EXTENDED_MESSAGE = 1, 2, 6
CAP_EXTENDED_NEXT_HOP = 5
CAP_GRACEFUL_RESTART, CAP_AS4, CAP_ENHANCED_REFRESH = 64, 65, 70

# Cease, and its subcodes
CEASE, ADMIN_SHUTDOWN, ADMIN_RESET, HARD_RESET = 6, 2, 4, 9


@dataclass(frozen=True)
class Message:
    kind: int
    body: bytes


@dataclass(frozen=True)
class Graceful:
    """The Graceful Restart capability."""

    restarting: bool = False
    notification: bool = False
    time: int = 0
    families: dict[tuple[int, int], bool] = field(default_factory=dict)
    """Family -> whether it went on forwarding."""

    def encode(self) -> bytes:
        head = self.restarting << 15 | self.notification << 14 | self.time
        families = b"".join(
            struct.pack(">HBB", *family, kept << 7) for family, kept in self.families.items()
        )
        return capability(CAP_GRACEFUL_RESTART, struct.pack(">H", head) + families)

    @classmethod
    def decode(cls, data: bytes) -> "Graceful":
        (head,) = struct.unpack_from(">H", data)
        entries = struct.iter_unpack(">HBB", data[2:])
        families = {(afi, safi): bool(flags & 0x80) for afi, safi, flags in entries}
        return cls(bool(head & 0x8000), bool(head & 0x4000), head & 0xFFF, families)


@dataclass(frozen=True)
class Open:
    version: int
    asn: int
    """The two octets of the fixed part."""
    hold_time: int
    bgp_id: str
    capabilities: list[tuple[int, bytes]]

    def capability(self, code: int) -> list[bytes]:
        return [data for found, data in self.capabilities if found == code]

    @property
    def graceful(self) -> Graceful | None:
        found = self.capability(CAP_GRACEFUL_RESTART)
        assert len(found) <= 1, found
        return Graceful.decode(found[0]) if found else None


@dataclass(frozen=True)
class Notification:
    code: int
    subcode: int
    data: bytes


@dataclass(frozen=True)
class Attribute:
    flags: int
    data: bytes


@dataclass
class Update:
    announced: dict[str, str] = field(default_factory=dict)
    """Prefix -> next hop."""
    withdrawn: list[str] = field(default_factory=list)
    attributes: dict[int, Attribute] = field(default_factory=dict)
    end_of_rib: tuple[int, int] | None = None
    """The family of which this is the End-of-RIB marker."""

    @property
    def origin(self) -> str:
        return ORIGINS[self.attributes[ORIGIN].data[0]]

    @property
    def communities(self) -> list[str]:
        """In the order on the wire."""
        words = struct.iter_unpack(">HH", self.attributes[COMMUNITIES].data)
        return [f"{high}:{low}" for high, low in words]

    def as_path(self, width: int = 4, attribute: int = AS_PATH) -> list[int]:
        """All AS numbers of the sequences; `width` octets each."""
        data, found = self.attributes[attribute].data, []
        while data:
            assert data[0] == 2, f"segment type {data[0]} is not AS_SEQUENCE"
            end = 2 + data[1] * width
            found += [int.from_bytes(data[i : i + width], "big") for i in range(2, end, width)]
            data = data[end:]
        return found

    @property
    def med(self) -> int | None:
        found = self.attributes.get(MED)
        return int.from_bytes(found.data, "big") if found else None

    @property
    def local_pref(self) -> int | None:
        found = self.attributes.get(LOCAL_PREF)
        return int.from_bytes(found.data, "big") if found else None


# Encoding


def message(kind: int, body: bytes = b"") -> bytes:
    return MARKER + struct.pack(">HB", 19 + len(body), kind) + body


def capability(code: int, data: bytes = b"") -> bytes:
    return bytes([code, len(data)]) + data


def multiprotocol(family: tuple[int, int]) -> bytes:
    return capability(CAP_MULTIPROTOCOL, struct.pack(">HBB", family[0], 0, family[1]))


def usual_capabilities(asn: int) -> bytes:
    return (
        multiprotocol(IPV4_UNICAST)
        + multiprotocol(IPV6_UNICAST)
        + capability(CAP_REFRESH)
        + capability(CAP_AS4, struct.pack(">I", asn))
    )


def open_message(
    asn: int,
    bgp_id: str,
    hold_time: int = 90,
    capabilities: bytes | None = None,
    version: int = 4,
) -> bytes:
    """`capabilities` None: the usual ones; empty: no optional parameter at all."""
    if capabilities is None:
        capabilities = usual_capabilities(asn)
    parameters = bytes([2, len(capabilities)]) + capabilities if capabilities else b""
    fixed = struct.pack(">BHH", version, asn if asn < 65536 else AS_TRANS, hold_time)
    address = ipaddress.IPv4Address(bgp_id).packed
    return message(OPEN, fixed + address + bytes([len(parameters)]) + parameters)


def keepalive() -> bytes:
    return message(KEEPALIVE)


def notification(code: int, subcode: int, data: bytes = b"") -> bytes:
    return message(NOTIFICATION, bytes([code, subcode]) + data)


def route_refresh(family: tuple[int, int], subtype: int = 0) -> bytes:
    return message(ROUTE_REFRESH, struct.pack(">HBB", family[0], subtype, family[1]))


def encode_prefix(prefix: str) -> bytes:
    network = ipaddress.ip_network(prefix)
    octets = (network.prefixlen + 7) // 8
    return bytes([network.prefixlen]) + network.network_address.packed[:octets]


def attribute(code: int, data: bytes, flags: int = 0x40) -> bytes:
    return struct.pack(">BBH", flags | 0x10, code, len(data)) + data


def update_message(
    prefixes: list[str],
    next_hop: str,
    as_path: list[int],
    communities: Sequence[str] = (),
    origin: str = "igp",
    local_pref: int | None = None,
) -> bytes:
    """One announcement; IPv6 prefixes go into MP_REACH_NLRI. AS numbers take four octets."""
    path = bytes([2, len(as_path)]) + b"".join(asn.to_bytes(4, "big") for asn in as_path)
    attributes = attribute(ORIGIN, bytes([ORIGINS.index(origin)]))
    attributes += attribute(AS_PATH, path if as_path else b"")
    if local_pref is not None:
        attributes += attribute(LOCAL_PREF, struct.pack(">I", local_pref))
    if communities:
        words = [int(part) for text in communities for part in text.split(":")]
        attributes += attribute(COMMUNITIES, struct.pack(f">{len(words)}H", *words), 0xC0)
    nlri = b"".join(encode_prefix(prefix) for prefix in prefixes)
    hop = ipaddress.ip_address(next_hop).packed
    if ":" in prefixes[0]:
        reach = struct.pack(">HBB", *IPV6_UNICAST, len(hop)) + hop + b"\0" + nlri
        attributes, nlri = attribute(MP_REACH, reach, 0x80) + attributes, b""
    else:
        attributes += attribute(NEXT_HOP, hop)
    return message(UPDATE, struct.pack(">HH", 0, len(attributes)) + attributes + nlri)


def withdraw_message(prefixes: list[str]) -> bytes:
    nlri = b"".join(encode_prefix(prefix) for prefix in prefixes)
    if ":" in prefixes[0]:
        attributes = attribute(MP_UNREACH, struct.pack(">HB", *IPV6_UNICAST) + nlri, 0x80)
        return message(UPDATE, struct.pack(">HH", 0, len(attributes)) + attributes)
    return message(UPDATE, struct.pack(">H", len(nlri)) + nlri + b"\0\0")


# Decoding


def split(stream: bytes) -> tuple[list[Message], bytes]:
    """The complete messages at the head of a stream, and the rest."""
    found = []
    while len(stream) >= 19:
        assert stream[:16] == MARKER, f"no marker: {stream[:16].hex()}"
        length, kind = struct.unpack_from(">HB", stream, 16)
        if len(stream) < length:
            break
        found.append(Message(kind, stream[19:length]))
        stream = stream[length:]
    return found, stream


def decode(raw: Message) -> Open | Update | Notification | Message:
    if raw.kind == OPEN:
        return decode_open(raw.body)
    if raw.kind == UPDATE:
        return decode_update(raw.body)
    if raw.kind == NOTIFICATION:
        return Notification(raw.body[0], raw.body[1], raw.body[2:])
    return raw


def decode_open(body: bytes) -> Open:
    version, asn, hold_time = struct.unpack_from(">BHH", body)
    bgp_id = str(ipaddress.IPv4Address(body[5:9]))
    parameters, capabilities = body[10 : 10 + body[9]], []
    assert len(parameters) == body[9] == len(body) - 10, "length of the optional parameters"
    while parameters:
        kind, length = parameters[0], parameters[1]
        content, parameters = parameters[2 : 2 + length], parameters[2 + length :]
        assert kind == 2, f"optional parameter {kind} is not Capabilities"
        while content:
            capabilities.append((content[0], content[2 : 2 + content[1]]))
            content = content[2 + content[1] :]
    return Open(version, asn, hold_time, bgp_id, capabilities)


def decode_update(body: bytes) -> Update:
    withdrawn_length = int.from_bytes(body[:2], "big")
    withdrawn, rest = body[2 : 2 + withdrawn_length], body[2 + withdrawn_length :]
    attributes_length = int.from_bytes(rest[:2], "big")
    nlri = rest[2 + attributes_length :]
    update = Update(attributes=_decode_attributes(rest[2 : 2 + attributes_length]))
    update.withdrawn = _decode_prefixes(withdrawn, 4)
    if not body.strip(b"\0"):
        update.end_of_rib = IPV4_UNICAST
    if nlri:
        next_hop = str(ipaddress.ip_address(update.attributes[NEXT_HOP].data))
        update.announced |= dict.fromkeys(_decode_prefixes(nlri, 4), next_hop)
    if MP_REACH in update.attributes:
        update.announced |= _decode_mp_reach(update.attributes[MP_REACH].data)
    if MP_UNREACH in update.attributes:
        data = update.attributes[MP_UNREACH].data
        afi, safi = struct.unpack_from(">HB", data)
        update.withdrawn += _decode_prefixes(data[3:], 4 if afi == 1 else 16)
        if len(data) == 3:
            update.end_of_rib = (afi, safi)
    return update


def _decode_attributes(data: bytes) -> dict[int, Attribute]:
    found = {}
    while data:
        flags, code = data[0], data[1]
        header = 4 if flags & 0x10 else 3
        length = int.from_bytes(data[2:header], "big")
        assert code not in found, f"attribute {code} twice"
        assert len(data) >= header + length, f"attribute {code} is cut"
        found[code] = Attribute(flags & 0xE0, data[header : header + length])
        data = data[header + length :]
    return found


def _decode_mp_reach(data: bytes) -> dict[str, str]:
    afi, _, length = struct.unpack_from(">HBB", data)
    hop, nlri = data[4 : 4 + length], data[5 + length :]
    # A second address of 16 octets is the link-local one.
    next_hop = str(ipaddress.ip_address(hop[:16] if length >= 16 else hop))
    return dict.fromkeys(_decode_prefixes(nlri, 4 if afi == 1 else 16), next_hop)


def _decode_prefixes(data: bytes, width: int) -> list[str]:
    found = []
    while data:
        octets = (data[0] + 7) // 8
        address = data[1 : 1 + octets].ljust(width, b"\0")
        found.append(f"{ipaddress.ip_address(address)}/{data[0]}")
        data = data[1 + octets :]
    return found
