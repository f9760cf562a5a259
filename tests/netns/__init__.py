"""vipherald against real routers, in network namespaces. See README.md."""
