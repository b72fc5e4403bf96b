"""The entry point: runs a command and turns whatever happens into words and an exit code, never into a traceback."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import NoReturn

import click

from statusdesk import paths, redact
from statusdesk.cli import by_hand, incidents, look, maintenance, page, places  # noqa: F401  they fill the root
from statusdesk.cli.common import State, as_json, echo, root
from statusdesk.errors import EnvironmentFault, Refused, StatusDeskError

LOG_BYTES = 1_000_000
STOPPED = 130  # as shells say it
_log = logging.getLogger(__name__)


def main(args: Sequence[str] | None = None) -> None:
    """Run `statusdeskctl`; ends the process with its exit code."""
    given = list(sys.argv[1:] if args is None else args)
    wants_json = "--json" in given
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without our quotation marks still shows the rest
    _log_to_file()
    state = State()
    try:
        words = [_as_text(one) for one in given]
        code = root.main(words, prog_name="statusdeskctl", standalone_mode=False, obj=state)
        sys.stdout.flush()
    except StatusDeskError as error:
        code = _report(error, wants_json=wants_json)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        _say_error(wants_json=wants_json, title="Wrong usage", message=error.format_message())
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say_error(wants_json=wants_json, title="Stopped", message="It was stopped before it was done.")
        click.echo("Stopped.", err=True)
        code = STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone; say nothing more
        code = 0
    except OSError as error:
        fault = EnvironmentFault(f"{error.strerror or type(error).__name__}: {error.filename or 'this computer'}.")
        code = _report(fault, wants_json=wants_json)
    except Exception as error:  # noqa: BLE001  whatever it is, people get a sentence
        code = _report(_bug(error), wants_json=wants_json)
    _end(code if isinstance(code, int) else 0, stopped=state.stopped)


def _end(code: int, *, stopped: bool) -> NoReturn:
    """End the process with a code, also after a Ctrl+C that was answered.

    Python notes a Ctrl+C that passes through an exec (an import makes some) and at the end kills itself with it,
    whatever became of it since. Whoever called must learn instead that something was saved.
    """
    if stopped:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _as_text(argument: str) -> str:
    """An argument as the text that was typed. Raises Refused where its bytes are none: half a word is never posted."""
    if argument.isascii():
        return argument
    try:
        return os.fsencode(argument).decode()
    except UnicodeError:
        shown = argument.encode("ascii", "replace").decode()[:40]
        raise Refused(f"“{shown}” holds bytes that are not UTF-8 text. Type it again, or copy it again.") from None


def _log_to_file() -> None:
    """What goes wrong inside is kept in a log of this computer; stderr is for people."""
    root_log = logging.getLogger()
    if root_log.handlers:
        return
    try:
        paths.state_dir().mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = RotatingFileHandler(_log_file(), maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
        handler.setFormatter(redact.Formatter())
        root_log.addHandler(handler)
    except OSError:
        root_log.addHandler(logging.NullHandler())
    root_log.setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a log that cannot be written is no reason to print a traceback


def _log_file() -> Path:
    return paths.state_dir() / "statusdeskctl.log"


def _bug(error: Exception) -> EnvironmentFault:
    """A fault of ours: the details go to the log, a sentence to the user."""
    _log.error("a command ended on a fault", exc_info=error)
    words = redact.scrubbed(f"{type(error).__name__}: {error}").splitlines()[0][:200]
    try:
        words += f". The details are in {_log_file()}"
    except OSError:
        words += ". There is no home folder to keep the details in"
    return EnvironmentFault(f"{words}.", title="This is a fault in StatusDesk, not yours")


def _say_error(*, wants_json: bool, title: str, message: str, field: str | None = None) -> None:
    if wants_json:
        document = {"title": title, "message": message} | ({"field": field} if field else {})
        echo(as_json({"error": document}))


def _report(error: StatusDeskError, *, wants_json: bool) -> int:
    _say_error(wants_json=wants_json, title=error.title, message=error.message, field=error.field)
    click.echo(f"{error.title}.", err=True)
    if isinstance(error, Refused) and error.problems:
        for problem in error.problems:
            click.echo(f"  {problem.field}: {problem.message}", err=True)
    else:
        click.echo(f"  {error.message}", err=True)
    return error.exit_code
