"""Tokens and passwords, in the computer's own password store and nowhere else.

One entry per secret (Windows holds 1,280 characters an entry), all under the service name StatusDesk, each named by its
workspace and what it is for: `account/ID`, `target/ID`. Stores that keep plain text count as none: then accounts stay
off and say so.

A store may ask its user to unlock it, and waits as long as nobody answers. So every call runs on a thread of its own
and is given up after a minute: enough to type a password, and no courier hangs longer. The thread given up ends with
the prompt; until then the store counts as locked, and no second prompt is opened over the first.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from statusdesk import redact
from statusdesk.errors import EnvironmentFault, Refused

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "StatusDesk"
MAX_LENGTH = 1280  # characters: what Windows holds in one entry
ANSWER_S = 60.0
NO_STORE = (
    "This computer has no password store StatusDesk can use. Publishing to a folder works now. Accounts stay off until "
    "a key store is there. Nothing is saved in plain text."
)
LOCKED = "The password store of this computer is locked. Unlock it and try again."
SILENT = "The password store of this computer does not answer. Unlock it, or log in again, and try again."
_log = logging.getLogger(__name__)


class Secrets:
    """The secrets of one workspace."""

    def __init__(self, workspace_id: str, *, answer_s: float = ANSWER_S) -> None:
        self._workspace_id = workspace_id
        self._answer_s = answer_s
        self._hanging: threading.Thread | None = None
        self._one_at_a_time = threading.Lock()

    def get(self, name: str) -> str | None:
        """The secret of that name, or None. Raises EnvironmentFault."""
        user = self._user(name)
        found = self._asked(lambda store: store.get_password(SERVICE, user))
        if not isinstance(found, str):
            return None
        redact.remember(found)
        return found

    def put(self, name: str, value: str) -> None:
        """Keep a secret. Raises Refused when no store could hold it, and EnvironmentFault."""
        if not value:
            raise Refused("The secret is empty.", field="secret")
        if len(value) > MAX_LENGTH:
            raise Refused(f"The secret is longer than {MAX_LENGTH:,} characters; no token is.", field="secret")
        redact.remember(value)
        user = self._user(name)
        self._asked(lambda store: store.set_password(SERVICE, user, value))

    def forget(self, name: str) -> None:
        """Remove a secret; one that is not there is well. Raises EnvironmentFault."""
        user = self._user(name)

        def remove(store: KeyringBackend) -> None:
            if store.get_password(SERVICE, user) is not None:
                store.delete_password(SERVICE, user)

        self._asked(remove)

    def available(self) -> str | None:
        """None when secrets can be kept; else the sentence that says why not."""
        try:
            self.require()
        except EnvironmentFault as fault:
            return fault.message
        return None

    def require(self) -> None:
        """Raise EnvironmentFault when secrets cannot be kept now: no store, or a locked one."""
        self.get("available")

    def kept(self, place: str) -> KeptLogin:
        """Where a place keeps what renews itself, such as a channel's session: an entry per token."""
        return KeptLogin(self, place)

    def _user(self, name: str) -> str:
        return f"{self._workspace_id}/{name}"

    def _asked(self, work: Callable[[KeyringBackend], Any]) -> Any:
        """What the store answers, within the time that a person needs to unlock it."""
        outcome: list[Any] = []
        faults: list[BaseException] = []

        def ask() -> None:
            try:
                outcome.append(work(_store()))
            except BaseException as error:  # noqa: BLE001  every kind of fault belongs to whoever waits
                faults.append(error)

        with self._one_at_a_time:
            if self._hanging is not None and self._hanging.is_alive():
                raise EnvironmentFault(SILENT)
            worker = threading.Thread(target=ask, name="password store", daemon=True)
            worker.start()
            worker.join(self._answer_s)
            self._hanging = worker if worker.is_alive() else None
            if self._hanging is not None:
                raise EnvironmentFault(SILENT)
        if faults:
            raise _fault(faults[0])
        return outcome[0]


class KeptLogin:
    """A login that renews itself. When the store fails, the login is made anew next time: posting goes on."""

    def __init__(self, secrets: Secrets, place: str) -> None:
        self._secrets = secrets
        self._place = place

    def load(self, name: str = "session") -> str | None:
        """What was kept under a name, or None."""
        try:
            return self._secrets.get(f"{self._place}/{name}")
        except EnvironmentFault as fault:
            _log.warning("A login could not be read: %s", fault.message)
            return None

    def save(self, value: str, name: str = "session") -> None:
        """Keep it; the empty text forgets it."""
        try:
            if value:
                self._secrets.put(f"{self._place}/{name}", value)
            else:
                self._secrets.forget(f"{self._place}/{name}")
        except EnvironmentFault as fault:
            _log.warning("A login could not be kept: %s", fault.message)


def _store() -> KeyringBackend:
    """The store of this computer. Raises EnvironmentFault when there is none that keeps secrets secret."""
    import keyring  # noqa: PLC0415  it looks through every installed package for stores

    chosen = keyring.get_keyring()
    # Of several stores keyring would fall back from one to the next; a secret must not end in a weaker one.
    for store in getattr(chosen, "backends", [chosen]):
        if _is_trusted(store):
            return store  # type: ignore[no-any-return]
    raise EnvironmentFault(NO_STORE)


def _is_trusted(store: KeyringBackend) -> bool:
    """Not the placeholders for no store, nor the files of keyrings.alt: plain text, or asking on a terminal."""
    module = type(store).__module__
    return not module.startswith(("keyring.backends.fail", "keyring.backends.null", "keyrings.alt"))


def _fault(error: BaseException) -> EnvironmentFault:
    """A store's fault as words; its own message may quote what it was given, so it is not passed on."""
    from keyring import errors  # noqa: PLC0415

    if isinstance(error, EnvironmentFault):
        return error
    if isinstance(error, errors.KeyringLocked):
        return EnvironmentFault(LOCKED)
    if isinstance(error, errors.NoKeyringError | errors.InitError):
        return EnvironmentFault(NO_STORE)
    return EnvironmentFault(f"The password store of this computer failed ({type(error).__name__}). Try again.")
