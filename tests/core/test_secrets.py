"""Secrets lie in the computer's own password store, or nowhere."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringLocked

from statusdesk.errors import EnvironmentFault, Refused
from statusdesk.secrets import LOCKED, NO_STORE, SILENT, Secrets


class Store(KeyringBackend):
    """A store in memory, with faults when asked for."""

    priority = 1

    def __init__(self):
        self.kept = {}
        self.fault = None
        self.prompt = None

    def _maybe(self):
        if self.prompt:
            self.prompt.wait(10)
        if self.fault:
            raise self.fault

    def get_password(self, service, username):
        self._maybe()
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self._maybe()
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture
def store():
    before = keyring.get_keyring()
    ours = Store()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


def test_each_secret_is_one_entry_named_by_workspace_and_use(store):
    Secrets("W1").put("account/A1", "token")
    assert store.kept == {("StatusDesk", "W1/account/A1"): "token"}
    assert Secrets("W1").get("account/A1") == "token"
    assert Secrets("W2").get("account/A1") is None


def test_forgetting_what_is_not_there_is_well(store):
    secrets = Secrets("W1")
    secrets.put("account/A1", "token")
    secrets.forget("account/A1")
    secrets.forget("account/A1")
    assert store.kept == {}


@pytest.mark.parametrize("value", ["", "x" * 1281])
def test_what_no_store_could_hold_is_refused(store, value):
    with pytest.raises(Refused):
        Secrets("W1").put("account/A1", value)
    assert store.kept == {}


def test_a_locked_store_says_to_unlock_it(store):
    store.fault = KeyringLocked("the collection is locked")
    with pytest.raises(EnvironmentFault) as caught:
        Secrets("W1").get("account/A1")
    assert caught.value.message == LOCKED
    assert Secrets("W1").available() == LOCKED


def test_a_store_that_waits_for_its_user_holds_nobody_for_long(store):
    store.prompt = threading.Event()
    secrets = Secrets("W1", answer_s=0.1)
    for _ in range(2):  # the second call finds the first one still waiting, and opens no second prompt
        with pytest.raises(EnvironmentFault) as caught:
            secrets.get("account/A1")
        assert caught.value.message == SILENT
    store.prompt.set()
    secrets._hanging.join()
    assert secrets.get("account/A1") is None


def test_a_fault_of_the_store_never_tells_the_secret(store):
    store.fault = RuntimeError("could not store hunter2-token")
    with pytest.raises(EnvironmentFault) as caught:
        Secrets("W1").put("account/A1", "hunter2-token")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_kept_login_survives_a_store_that_fails(store, caplog):
    login = Secrets("W1").kept("account/A1/session")
    assert login.load() is None
    login.save("session")
    assert login.load() == "session"
    login.save("")
    assert store.kept == {}
    store.fault = KeyringLocked()
    login.save("session")
    assert login.load() is None
    assert [record.message for record in caplog.records] == [
        f"A login could not be kept: {LOCKED}",
        f"A login could not be read: {LOCKED}",
    ]


def _backend(module):
    plain = type("Plain", (Store,), {"__module__": module})()
    keyring.set_keyring(plain)
    return plain


@pytest.mark.parametrize("module", ["keyring.backends.fail", "keyring.backends.null", "keyrings.alt.file"])
def test_without_a_store_that_keeps_secrets_nothing_is_kept(store, module):
    plain = _backend(module)
    assert Secrets("W1").available() == NO_STORE
    with pytest.raises(EnvironmentFault) as caught:
        Secrets("W1").put("account/A1", "token")
    assert caught.value.message == NO_STORE
    assert plain.kept == {}


def test_of_several_stores_only_a_trusted_one_is_used(store):
    plain = _backend("keyrings.alt.file")
    chain = ChainerBackend()
    chain.__class__ = type("Chain", (ChainerBackend,), {"backends": [plain, store]})
    keyring.set_keyring(chain)
    Secrets("W1").put("account/A1", "token")
    assert plain.kept == {}
    assert list(store.kept.values()) == ["token"]


REAL = """
import sys
from statusdesk.secrets import Secrets
secrets = Secrets("W1")
print(secrets.available())
secrets.put("account/A1", "töken " + "x" * 1274)
print(Secrets("W1").get("account/A1") == "töken " + "x" * 1274, Secrets("W2").get("account/A1"))
secrets.forget("account/A1")
secrets.forget("account/A1")
print(secrets.get("account/A1"))
"""

LOCKS = """
import secretstorage
from statusdesk.secrets import Secrets
secrets = Secrets("W1", answer_s=20)
secrets.put("account/A1", "token")
bus = secretstorage.dbus_init()
secretstorage.get_default_collection(bus).lock()
bus.close()
print(secrets.available())
"""


def _inside(command, script):
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    environment.pop("PYTHON_KEYRING_BACKEND", None)
    done = subprocess.run(
        [*command, sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_real_password_store_keeps_finds_and_forgets(keyring_env):
    assert _inside(keyring_env, REAL) == ["None", "True None", "None"]


def test_a_real_password_store_that_is_locked_says_so(keyring_env):
    assert _inside(keyring_env, LOCKS) in ([LOCKED], [SILENT])


def test_a_computer_without_a_password_store_says_so():
    script = "from statusdesk.secrets import Secrets; print(Secrets('W1').available())"
    assert _inside(["env", "-u", "DBUS_SESSION_BUS_ADDRESS", "-u", "XDG_RUNTIME_DIR"], script) == [NO_STORE]
