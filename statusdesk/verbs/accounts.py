"""Accounts: connect by token or by signing in, check, renew, turn off, remove. Their tokens lie in the keyring."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from statusdesk.channels import registry as channels
from statusdesk.channels.base import ChannelKind, Checked, SignedIn
from statusdesk.domain import ids
from statusdesk.domain.audit import Changes, Touched
from statusdesk.domain.board import CheckLine
from statusdesk.domain.delivery import Account, SettingField
from statusdesk.domain.text import tidy_line
from statusdesk.errors import EnvironmentFault, Problem, Refused
from statusdesk.outbox.enqueue import TURNED_OFF, enqueue_publish
from statusdesk.outbox.places import KEYLESS, keyless
from statusdesk.verbs.base import Verbs


class AccountVerbs(Verbs):
    """Where posts go."""

    def channel_kinds(self) -> Sequence[ChannelKind]:
        """The kinds of accounts that can be connected."""
        return tuple(channels.KINDS.values())

    def accounts(self) -> tuple[Account, ...]:
        """Connected accounts."""
        with self._read() as reader:
            return reader.accounts()

    def connect_account(
        self, *, kind: str, name: str = "", settings: Mapping[str, str] | None = None, secret: str = ""
    ) -> tuple[Account, tuple[CheckLine, ...]]:
        """Connect an account: look whether posting would work, then keep it and put its token into the keyring.

        Nothing is posted. Raises Refused when the network says no: then nothing was kept.
        """
        return self._connect(channels.kind(kind), name, dict(settings or {}), SignedIn(secret=secret.strip()))

    def sign_in_account(
        self,
        *,
        kind: str,
        name: str = "",
        settings: Mapping[str, str] | None = None,
        show: Callable[[str], None],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[Account, tuple[CheckLine, ...]]:
        """Connect an account by signing in in the browser. Blocks until the person has answered, five minutes at most.

        `settings` are the answers to the kind's `sign_in_fields` and to its other fields, secret ones too; `show` gets
        the address to open. Raises Refused, also when the person says no; then nothing was kept.
        """
        known, answers = channels.kind(kind), dict(settings or {})
        self._secrets.require()
        self._name_is_free(name, known)
        signed = channels.sign_in(kind, answers, show, cancelled)
        own = {field.name for field in known.fields if not field.secret}
        return self._connect(known, name, {key: value for key, value in answers.items() if key in own}, signed)

    def _connect(
        self, known: ChannelKind, name: str, settings: dict[str, str], signed: SignedIn
    ) -> tuple[Account, tuple[CheckLine, ...]]:
        given, at = filled(known.label, known.fields, settings, signed.secret), self._now()
        if known.kind == "preview":
            given["folder"] = self._out_of_sight(given["folder"])
        account = Account(
            id=ids.new_id(at),
            kind=known.kind,
            name=self._name_is_free(name, known),
            handle=given.pop("handle", ""),
            base_url=given.pop("server", "").rstrip("/"),
            settings=given | keyless(known.fields, signed.secret),
            created_at=at,
        )
        if signed.secret or signed.kept:
            self._secrets.require()
        try:
            self._keep(account, signed)
            checked = self._places.open_account(account, signed.secret, known.default_limits).check()
            if not checked.ok:
                wrong = next((line.result for line in checked.lines if line.ok is False), "It did not answer.")
                raise Refused(wrong, title=f"{known.label} was not connected")
        except BaseException:
            if signed.secret or signed.kept:
                self._forget(account, known)
            raise
        account = self._as_checked(account, checked)
        with self._write() as writer:
            writer.add_account(account)
            writer.event("account-connect", Touched.ACCOUNT, account.id)
            enqueue_publish(writer)
        return account, tuple(checked.lines)

    def _name_is_free(self, name: str, known: ChannelKind) -> str:
        wanted = tidy_line(name) or known.label
        if any(one.name.casefold() == wanted.casefold() for one in self.accounts()):
            raise Refused.because([Problem("name", f"There is already an account “{wanted}”. Name it otherwise.")])
        return wanted

    def _keep(self, account: Account, signed: SignedIn) -> None:
        """One entry per token."""
        if signed.secret:
            self._secrets.put(f"account/{account.id}", signed.secret)
        for entry, value in signed.kept.items():
            if value:
                self._secrets.put(f"account/{account.id}/{entry}", value)

    def _put_in_place(self, account: Account, known: ChannelKind, signed: SignedIn) -> None:
        """Exactly this login, entry by entry over the old one: at no moment is there none.

        A courier may ask for it meanwhile, and the store may refuse the new one, or be locked in the middle.
        """
        self._keep(account, signed)
        for entry in known.keeps:
            if not signed.kept.get(entry):
                self._secrets.forget(f"account/{account.id}/{entry}")
        if not signed.secret:
            self._secrets.forget(f"account/{account.id}")

    def _forget(self, account: Account, known: ChannelKind) -> None:
        """Every entry of an account leaves the keyring."""
        may_have = known.secret is not None and KEYLESS not in account.settings
        if may_have or known.keeps:
            self._secrets.forget(f"account/{account.id}")
            for entry in known.keeps:
                self._secrets.forget(f"account/{account.id}/{entry}")

    def _out_of_sight(self, folder: str) -> str:
        """The whole path of a folder that no reader of the site can see."""
        place = whole_path(folder, "folder")
        with self._read() as reader:
            folders = [Path(one.location) for one in reader.targets() if one.kind == "folder"]
        if any(place.is_relative_to(one.resolve()) for one in (self._places.site_folder(), *folders)):
            raise Refused.because([Problem("folder", "That folder is part of the site: readers would see the posts.")])
        return str(place)

    @staticmethod
    def _as_checked(account: Account, checked: Checked) -> Account:
        limits = checked.limits
        return replace(
            account,
            handle=checked.handle or account.handle,
            profile_url=checked.profile_url,
            limits={
                "characters": limits.characters,
                "max_bytes": limits.max_bytes,
                "link_length": limits.link_length,
            },
            trouble="",
        )

    def check_account(self, key: str) -> tuple[CheckLine, ...]:
        """Look whether posting would work, without posting; what was found is kept."""
        with self._read() as reader:
            account = reader.account(key)
        try:
            checked = self._places.channel(account.id).check()
        except (Refused, EnvironmentFault) as error:
            checked = Checked(ok=False, lines=(CheckLine(what="Key store", ok=False, result=error.message),))
        trouble = "" if checked.ok else next((one.result for one in checked.lines if one.ok is False), "No answer")
        columns: dict[str, object] = {"checked_at": self._now(), "trouble": trouble}
        if checked.ok:
            found = self._as_checked(account, checked)
            columns |= {"handle": found.handle, "profile_url": found.profile_url, "limits": dict(found.limits)}
        with self._write() as writer:
            writer.change_account(account.id, **columns)
            if columns.get("profile_url", account.profile_url) != account.profile_url:  # the page links to it
                writer.event("account-check", Touched.ACCOUNT, account.id)
                enqueue_publish(writer)
        return tuple(checked.lines)

    def renew_account(self, key: str, *, secret: str) -> tuple[Account, tuple[CheckLine, ...]]:
        """Give an account a new token, after looking whether posting would work with it. Refused: the old one stays."""
        with self._read() as reader:
            account = reader.account(key)
        known = channels.kind(account.kind)
        if not secret.strip() or known.secret is None:
            raise Refused.because([Problem("secret", f"{known.label} needs its token or password here.")])
        return self._renew(account, SignedIn(secret=secret.strip()))

    def sign_in_again(
        self,
        key: str,
        *,
        settings: Mapping[str, str] | None = None,
        show: Callable[[str], None],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[Account, tuple[CheckLine, ...]]:
        """Give an account a new login by signing in in the browser. Refused: the old one stays.

        `settings` are the answers that the account does not know itself, such as the secret of its app.
        """
        with self._read() as reader:
            account = reader.account(key)
        self._secrets.require()
        known = {**account.settings, "server": account.base_url, **dict(settings or {})}
        return self._renew(account, channels.sign_in(account.kind, known, show, cancelled), same=True)

    def _renew(
        self, account: Account, signed: SignedIn, *, same: bool = False
    ) -> tuple[Account, tuple[CheckLine, ...]]:
        """`same`: it must be who it was. A browser is often signed in as somebody else, such as its owner."""
        known = channels.kind(account.kind)
        self._secrets.require()
        before = self._kept(account, known)
        try:
            self._put_in_place(account, known, signed)
            checked = self._places.open_account(account, signed.secret, known.default_limits).check()
            if not checked.ok:
                wrong = next((line.result for line in checked.lines if line.ok is False), "It did not answer.")
                raise Refused(wrong, title=f"{account.name} was not connected again")
            if same and account.handle and checked.handle.casefold() != account.handle.casefold():
                raise Refused(
                    f"The browser is signed in as {checked.handle}, this account is {account.handle}. Sign in there as "
                    f"{account.handle}, or connect {checked.handle} as a new account.",
                    title=f"{account.name} was not connected again",
                )
        except BaseException:
            self._put_in_place(account, known, before)
            raise
        found = replace(self._as_checked(account, checked), checked_at=self._now())
        with self._write() as writer:
            writer.change_account(
                account.id,
                handle=found.handle,
                profile_url=found.profile_url,
                limits=dict(found.limits),
                settings={key: value for key, value in account.settings.items() if key != KEYLESS},
                checked_at=found.checked_at,
                trouble="",
            )
            writer.event("account-renew", Touched.ACCOUNT, account.id)
            enqueue_publish(writer)
        return found, tuple(checked.lines)

    def _kept(self, account: Account, known: ChannelKind) -> SignedIn:
        """What the keyring holds of an account now."""
        entries = {name: self._secrets.get(f"account/{account.id}/{name}") or "" for name in known.keeps}
        return SignedIn(secret=self._secrets.get(f"account/{account.id}") or "", kept=entries)

    def enable_account(self, key: str, *, enabled: bool) -> Changes:
        """Send updates to an account, or not for now: then what waits for it is not sent either."""
        with self._write() as writer:
            account = writer.account(key)
            writer.change_account(account.id, enabled=enabled)
            if not enabled:
                writer.cancel_for(account.id, TURNED_OFF, doubts=False)
            writer.event("account-enable" if enabled else "account-disable", Touched.ACCOUNT, account.id)
            enqueue_publish(writer)
            return Changes(head=writer.head(), destinations=True)

    def remove_account(self, key: str) -> Changes:
        """Disconnect an account: its token leaves the keyring, what waits for it is cancelled."""
        with self._write() as writer:
            account = writer.account(key)
            writer.change_account(account.id, removed_at=writer.at, enabled=False, name=f"{account.name} (removed)")
            writer.cancel_for(account.id, "The account was removed.", doubts=True)
            writer.event("account-remove", Touched.ACCOUNT, account.id)
            enqueue_publish(writer)
            changes = Changes(head=writer.head(), destinations=True, deliveries=True)
        try:
            self._forget(account, channels.kind(account.kind))
        except EnvironmentFault as fault:
            title = f"{account.name} is disconnected, but its token is still in the key store"
            raise EnvironmentFault(f"{fault.message} Then remove the entry StatusDesk.", title=title) from None
        return changes


def filled(label: str, fields: Sequence[SettingField], given: dict[str, str], secret: str) -> dict[str, str]:
    """What a form says, tidied. Raises Refused, naming what is missing and what is no field of it."""
    wrong = []
    for field in fields:
        value = secret.strip() if field.secret else given.get(field.name, "").strip()
        if not value and not field.optional:
            wrong.append(Problem(field.name, f"{field.label} is missing. {field.hint}".strip()))
    known = {field.name for field in fields if not field.secret}
    wrong += [Problem(name, f"{label} has no setting “{name}”.") for name in given if name not in known]
    if wrong:
        raise Refused.because(wrong)
    return {name: tidy_line(value) for name, value in given.items() if value.strip()}


def whole_path(folder: str, field: str) -> Path:
    """A folder as typed, as a whole path: a courier started elsewhere must find it, too."""
    try:
        return Path(folder).expanduser().resolve()
    except (RuntimeError, OSError, ValueError):
        raise Refused.because([Problem(field, f"“{folder[:80]}” is not a folder. Give the whole path.")]) from None
