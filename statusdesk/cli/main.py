"""The entry point: runs a command and turns whatever happens into words and an exit code, never into a traceback."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence

import click

from statusdesk import paths
from statusdesk.cli import incidents, maintenance, page, places  # noqa: F401  they add their commands to the root
from statusdesk.cli.common import root
from statusdesk.errors import EnvironmentFault, Refused, StatusDeskError


def main(args: Sequence[str] | None = None) -> None:
    """Run `statusdeskctl`; ends the process with its exit code."""
    given = list(sys.argv[1:] if args is None else args)
    as_json = "--json" in given
    try:
        code = root.main(given, prog_name="statusdeskctl", standalone_mode=False)
        sys.stdout.flush()
    except StatusDeskError as error:
        code = _report(error, as_json=as_json)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        if as_json:
            click.echo(json.dumps({"error": {"title": "Wrong usage", "message": error.format_message()}}))
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone; say nothing more
        code = 0
    except OSError as error:
        fault = EnvironmentFault(f"{error.strerror or type(error).__name__}: {error.filename or 'this computer'}.")
        code = _report(fault, as_json=as_json)
    except Exception:  # noqa: BLE001  whatever it is, no user gets a traceback
        code = _bug(as_json=as_json)
    sys.exit(code if isinstance(code, int) else 0)


def _bug(*, as_json: bool) -> int:
    """A fault of ours: the details go to a log, a sentence to the user."""
    log = paths.state_dir() / "statusdeskctl-fault.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc(), encoding="utf-8")
        where = f"The details are in {log}."
    except OSError:
        where = f"It was: {traceback.format_exc(limit=-1).strip().splitlines()[-1]}"
    return _report(EnvironmentFault(where, title="This is a fault in StatusDesk, not yours"), as_json=as_json)


def _report(error: StatusDeskError, *, as_json: bool) -> int:
    if as_json:
        document = {"title": error.title, "message": error.message}
        if error.field:
            document["field"] = error.field
        click.echo(json.dumps({"error": document}, ensure_ascii=False))
    click.echo(f"{error.title}.", err=True)
    if isinstance(error, Refused) and error.problems:
        for problem in error.problems:
            click.echo(f"  {problem.field}: {problem.message}", err=True)
    else:
        click.echo(f"  {error.message}", err=True)
    return error.exit_code
