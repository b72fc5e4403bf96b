"""A desk of its own process, to be killed: `python -m tests.core.outbox.child WORKSPACE SECRET STEP`.

Without a step it posts updates until an incident has as many as the last argument says, delivering each.
"""

from __future__ import annotations

import sys

from statusdesk.desk import Desk
from statusdesk.domain.drafts import UpdateDraft
from tests.core.outbox.places import courier


def main() -> None:
    workspace, secret, step = sys.argv[1:4]
    desk = Desk.open(workspace)
    if step:
        courier(desk, secret, step).round()
        return
    ref, wanted = sys.argv[4], int(sys.argv[5])
    works = courier(desk, secret)
    while True:
        works.round()
        seq = desk.incident(ref).incident.last_seq
        if seq >= wanted:
            break
        desk.post_update(ref, UpdateDraft(message=f"Word {seq + 1} of {ref}."))
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
