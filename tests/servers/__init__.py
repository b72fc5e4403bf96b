"""Real servers on loopback for the tests: each is started once and only when a test needs it."""
