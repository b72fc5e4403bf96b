"""Where the site goes: one file per kind of host, and the registry of kinds."""
