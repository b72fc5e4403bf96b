"""What all commands share: the workspace, `--json`, times on input and output, and how it ends.

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 saved but not all is delivered, 4 the environment failed.
With `--json` stdout holds exactly one JSON document, errors included; messages go to stderr.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar, overload

import click

from statusdesk import clock, paths
from statusdesk.domain import times
from statusdesk.errors import Problem, Refused

if TYPE_CHECKING:
    from statusdesk.desk import Desk

NOT_DELIVERED = 3
FARTHEST_YEARS = 100  # a day beyond is a slip of the pen, and some calendars cannot show it
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class State:
    """What the global options said."""

    workspace: str = ""
    json: bool = False
    stopped: bool = False  # Ctrl+C came after something was saved

    @property
    def where(self) -> str:
        """The workspace that is meant: the option, the environment, or this computer's own."""
        return self.workspace or os.environ.get("STATUSDESK_WORKSPACE", "") or str(paths.default_workspace())

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """The open workspace."""
        from statusdesk.desk import Desk

        desk = Desk.open(self.where)
        try:
            yield desk
        finally:
            desk.shut()

    def say(self, document: dict[str, Any], text: str = "") -> None:
        """The result: as one JSON document, or as words."""
        if self.json:
            echo(as_json(plain(document), indent=2))
        elif text:
            echo(text)

    def table(self, key: str, rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
        """A list: `{key: rows}` as JSON, or some columns as a table."""
        if self.json:
            self.say({key: list(rows)})
            return
        if not rows:
            echo(f"No {key} yet.")
            return
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column.replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*(Text(_cell(plain(row.get(column)))) for column in columns))
        console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
        with console.capture() as captured:
            console.print(table)
        echo(captured.get().rstrip("\n"))


def echo(text: str) -> None:
    """One piece of output. Whoever read it may have gone (`| head -1`): that changes nothing about what was done."""
    try:
        click.echo(text)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def as_json(document: Any, indent: int | None = None) -> str:
    """A JSON text in the characters that stdout can carry."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(document, ensure_ascii=not utf8, indent=indent)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def plain(value: Any) -> Any:
    """What JSON can hold: times as RFC 3339 UTC, enums as their words, dataclasses as objects."""
    if isinstance(value, datetime):
        return times.rfc3339(value)
    if isinstance(value, StrEnum | date):
        return value.value if isinstance(value, StrEnum) else value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple | set | frozenset) else value


pass_state = click.make_pass_decorator(State, ensure=True)


def _set_workspace(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value:
        ctx.ensure_object(State).workspace = value


def _set_json(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(State).json = True


def global_options(command: F) -> F:
    """`--workspace` and `--json`, which every command takes, before or after its name."""
    command = click.option(
        "--workspace",
        metavar="PATH-or-URL",
        expose_value=False,
        callback=_set_workspace,
        help="The workspace: a folder or a PostgreSQL address. Default: $STATUSDESK_WORKSPACE.",
    )(command)
    return click.option(
        "--json", is_flag=True, expose_value=False, callback=_set_json, help="Print one JSON document."
    )(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="statusdesk", prog_name="statusdeskctl")
@global_options
def root() -> None:
    """Tell customers the truth during an outage: incidents with cause, estimate and prevention."""


def command(group: click.Group, name: str, **attrs: Any) -> Callable[[F], click.Command]:
    """A command of a group, with the global options and the state as its first argument."""

    def make(function: F) -> click.Command:
        return group.command(name, **attrs)(global_options(pass_state(function)))

    return make


def subgroup(name: str, text: str) -> click.Group:
    """A group of commands under the root."""

    @root.group(name, help=text)
    @global_options
    def made() -> None:
        pass

    return made


@overload
def time_of(text: str, field: str) -> datetime: ...
@overload
def time_of(text: None, field: str) -> None: ...
@overload
def time_of(text: str | None, field: str) -> datetime | None: ...
def time_of(text: str | None, field: str) -> datetime | None:
    """A time option. Raises Refused with the field."""
    if text is None:
        return None
    try:
        return times.parse_time(text, clock.now())
    except ValueError as error:
        raise Refused.because([Problem(field, str(error))]) from None


@overload
def day_of(text: str, field: str) -> date: ...
@overload
def day_of(text: str | None, field: str) -> date | None: ...
def day_of(text: str | None, field: str) -> date | None:
    """A day option, YYYY-MM-DD."""
    if text is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Refused.because([Problem(field, f"“{text[:40]}” is not a day. Write it as 2026-06-30.")]) from None
    if abs(found.year - clock.now().year) > FARTHEST_YEARS:
        raise Refused.because([Problem(field, f"{text} is too far away. Check the year.")])
    return found


def pairs_of(texts: Sequence[str], what: str, field: str) -> tuple[tuple[str, str], ...]:
    """Options of the shape NAME=VALUE."""
    made = []
    for text in texts:
        name, sign, value = text.rpartition("=") if field == "components" else text.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise Refused.because([Problem(field, f"“{text[:60]}” is not {what}.")])
        made.append((name.strip(), value.strip()))
    return tuple(made)


def read_secret(*, from_stdin: bool, label: str, optional: bool = False) -> str:
    """A secret: from standard input, or asked for without showing it. Never from the command line.

    An optional one is asked for only when it is announced.
    """
    if optional and not from_stdin:
        return ""
    if from_stdin:
        try:
            return sys.stdin.readline().strip()
        except UnicodeDecodeError:
            raise Refused(f"{label} on standard input is not text. Copy it again.", field="secret") from None
    if not sys.stdin.isatty():
        raise Refused(f"{label} is needed. Give it on standard input with --secret-stdin.", field="secret")
    return str(click.prompt(label, hide_input=True, err=True)).strip()
