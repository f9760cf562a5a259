"""Everything at once, for minutes: see tests/soak/README.md."""
