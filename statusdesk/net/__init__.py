"""How StatusDesk talks to servers: one careful HTTP client, and the words for what can go wrong on the way."""
