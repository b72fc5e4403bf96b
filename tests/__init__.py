"""The tests of StatusDesk. They mirror the source: core, ui, and end to end; `servers` starts what they talk to."""
