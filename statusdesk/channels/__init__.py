"""Where messages go: one file per network, and the registry of kinds."""
