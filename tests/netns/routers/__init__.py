"""The real routers, one class each with one interface. KINDS maps the name to the class."""

from .base import CountingRouter, Neighbour, Route, Router, RouterConfig
from .bird import Bird
from .exabgp import ExaBgp
from .frr import Frr
from .gobgp import GoBgp
from .openbgpd import OpenBgpd

KINDS: dict[str, type[Router]] = {
    "bird": Bird,
    "exabgp": ExaBgp,
    "frr": Frr,
    "gobgp": GoBgp,
    "openbgpd": OpenBgpd,
}

__all__ = ["KINDS", "CountingRouter", "Neighbour", "Route", "Router", "RouterConfig"]
