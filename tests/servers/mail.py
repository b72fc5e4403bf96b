"""Real mail: Postfix takes it, Dovecot checks passwords and puts it into mailboxes, all on loopback."""

from __future__ import annotations

import contextlib
import email
import email.policy
import os
import shutil
import smtplib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from tests.servers import setup
from tests.servers.fault import HOST, free_port
from tests.servers.running import process

DOMAIN = "northlake.test"
USER, PASSWORD = f"status@{DOMAIN}", "mail-pass-wörd-0042"
READERS = ("list", "ana", "bo", "status")
_NOBODY = 65534
_WAIT_S = 20
_DAEMONS = Path("/usr/lib/postfix/sbin")

_MAIN_CF = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = mail.{domain}
mydestination =
mynetworks = 127.0.0.255/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
default_transport = error:nothing leaves this computer
relay_transport = error:nothing leaves this computer
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = inline:{{ {mailboxes} }}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {folder}/certificate.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_error_sleep_time = 0
message_size_limit = 40000
"""
_MASTER_CF = """
127.0.0.1:{plain} inet n - n - - smtpd
127.0.0.1:{tls} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = lmtp
ssl = no
mail_location = maildir:{folder}/mail/%n
mail_uid = {nobody}
mail_gid = {nobody}
first_valid_uid = 1
first_valid_gid = 1
auth_mechanisms = plain login
auth_failure_delay = 0 secs
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={nobody} gid={nobody} home={folder}/mail/%n
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service auth {{
  inet_listener sasl {{
    address = 127.0.0.1
    port = {sasl}
  }}
}}
"""


@dataclass(frozen=True)
class MailServer:
    """Ports for STARTTLS and for TLS from the start; `certificate` is the authority to believe."""

    folder: Path
    starttls: int
    tls: int

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    def inbox(self, reader: str, at_least: int = 0) -> list[EmailMessage]:
        """The mails of a reader, in order of their arrival; waits until there are that many."""
        until = time.monotonic() + _WAIT_S
        while len(found := self._files(reader)) < at_least and time.monotonic() < until:
            time.sleep(0.02)  # between two looks, not instead of one
        return [email.message_from_bytes(one.read_bytes(), policy=email.policy.default) for one in found]

    def _files(self, reader: str) -> list[Path]:
        folder = self.folder / "mail" / reader
        found = [*folder.glob("new/*"), *folder.glob("cur/*")]
        return sorted(found, key=lambda one: one.stat().st_mtime_ns)


@contextmanager
def mail(folder: Path) -> Iterator[MailServer]:
    """Postfix and Dovecot with all their data in `folder`, which everybody may enter. Raises Missing."""
    postfix, dovecot = setup.mail_programs()
    ports = {name: free_port() for name in ("plain", "tls", "lmtp", "sasl")}
    _write(folder, ports)
    server = MailServer(folder, ports["plain"], ports["tls"])
    with ExitStack() as running:
        (folder / "log-dovecot").mkdir()
        running.enter_context(
            process(
                [dovecot, "-F", "-c", folder / "dovecot.conf"],
                folder / "log-dovecot",
                {},
                lambda: _open(ports["lmtp"]) and _open(ports["sasl"]),
            )
        )
        # The program around it makes the queue; it would be ended without Postfix itself.
        subprocess.run([postfix, "-c", folder / "etc", "check"], check=True, capture_output=True, timeout=60)
        (folder / "log-postfix").mkdir()
        itself = [_DAEMONS / "master", "-c", folder / "etc", "-s"]
        running.enter_context(process(itself, folder / "log-postfix", {}, lambda: _greets(ports["plain"])))
        yield server


def _write(folder: Path, ports: dict[str, int]) -> None:
    for name in ("etc", "queue", "data", "run", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    os.chown(folder / "mail", _NOBODY, _NOBODY)
    mailboxes = ", ".join(f"{{{reader}@{DOMAIN} = there}}" for reader in READERS)
    given = {
        "folder": folder,
        "domain": DOMAIN,
        "nobody": _NOBODY,
        "mailboxes": mailboxes,
        "daemons": _DAEMONS,
        **ports,
    }
    (folder / "etc" / "main.cf").write_text(_MAIN_CF.format(**given))
    (folder / "etc" / "master.cf").write_text(_MASTER_CF.format(**given))
    (folder / "dovecot.conf").write_text(_DOVECOT.format(**given))
    (folder / "users").write_text("".join(f"{reader}@{DOMAIN}:{PASSWORD}\n" for reader in READERS), "utf-8")
    names = "subjectAltName=IP:127.0.0.1,DNS:localhost"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "key.pem"]
    about = ["-days", "2", "-subj", f"/CN=mail.{DOMAIN}", "-addext", names]
    command = ["openssl", "req", "-x509", *key, "-out", folder / "certificate.pem", *about]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def _open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=2):
        return True
    return False


def _greets(port: int) -> bool:
    try:
        with smtplib.SMTP(HOST, port, local_hostname="localhost", timeout=5) as smtp:
            return smtp.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False
