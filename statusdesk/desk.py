"""Desk: the front door. Every user action is one keyword-only verb here; windows, command line and tests call nothing else.

A verb checks, then writes everything it does in one transaction, and returns `Changes`: the keys of what became
stale. Verbs block on the database for milliseconds. Only `deliver`, the checks of connections and `build` reach
further; call those on a thread of their own.
"""

from __future__ import annotations

import getpass
import threading
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from statusdesk import clock
from statusdesk.channels.compose import Event, PostWords
from statusdesk.domain import board, drafts, ids, times
from statusdesk.domain import promise as promises
from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.component import ComponentStatus
from statusdesk.domain.delivery import Account, Delivery, DeliveryState
from statusdesk.domain.drafts import FormContext, IncidentDraft, UpdateDraft
from statusdesk.domain.incident import (
    Certainty,
    EtaOutcome,
    Impact,
    Incident,
    IncidentState,
    IncidentUpdate,
    UpdateKind,
    may_reopen,
)
from statusdesk.domain.page import Page
from statusdesk.domain.people import still_waiting
from statusdesk.errors import Problem, Refused
from statusdesk.outbox import enqueue
from statusdesk.outbox.courier import Courier
from statusdesk.outbox.places import OpenPlaces
from statusdesk.secrets import Secrets
from statusdesk.site import markdown
from statusdesk.store import Store, Workspace
from statusdesk.store.reader import Reader
from statusdesk.store.writer import Writer
