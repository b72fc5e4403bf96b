"""The verbs of `Desk`, a room each: incidents, maintenance, the page, places words go to, people. Nobody else imports them."""
