"""The verbs of `Desk`, a room each: incidents, maintenance, the page, destinations, people, history."""
