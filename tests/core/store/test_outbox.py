"""What a round of the courier looks for is found without reading all that was ever sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from statusdesk.desk import Desk
from statusdesk.store.outbox import Outbox


def test_no_round_reads_the_whole_history(tmp_path: Path) -> None:
    desk = Desk.create(tmp_path / "workspace", name="Northlake", output_dir=tmp_path / "site")
    asked: list[tuple[str, Any]] = []
    with desk._store.read() as sql:
        sa.event.listen(
            sql.engine, "before_cursor_execute", lambda _c, _cur, said, given, *_: asked.append((said, given))
        )
        box = Outbox(sql)
        for look in (box.sending, box.open_rows, box.held_posts, box.to_see):
            look()
        looks = list(asked)
        plans = [str(sql.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given).all()) for said, given in looks]
    desk.shut()
    assert len(plans) == 4
    assert all("ix_delivery_state" in plan for plan in plans), plans
