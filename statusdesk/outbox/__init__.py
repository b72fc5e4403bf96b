"""The way out: what is queued with a verb (`enqueue`), and the courier that works it off (`courier`)."""
