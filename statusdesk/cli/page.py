"""`statusdeskctl init`, `component`, `import`, `serve` and `doctor`: the page and what belongs to it."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path

import click

from statusdesk.cli.common import State, command, plain, root, subgroup
from statusdesk.cli.places import end, publish_now
from statusdesk.domain.board import ComponentRow
from statusdesk.domain.component import ComponentKind
from statusdesk.errors import EnvironmentFault


@command(root, "init")
@click.option("--name", required=True, metavar="NAME", help="What people call your service.")
@click.option("--base-url", default="", metavar="URL", help="Where the page will be, like https://status.example.org.")
@click.option("--time-zone", default="UTC", metavar="IANA", show_default=True)
@click.option("--locale", default="en", metavar="xx", show_default=True)
@click.option("--component", "components", multiple=True, metavar="NAME", help="What customers use. Repeat for each.")
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="Where the site is rendered.")
@click.option("--no-support-channels", is_flag=True, help="Do not add phone, e-mail and chat as components.")
def init(
    state: State,
    name: str,
    base_url: str,
    time_zone: str,
    locale: str,
    components: tuple[str, ...],
    output: Path | None,
    no_support_channels: bool,
) -> None:
    """Make a new workspace and render its page."""
    from statusdesk.desk import Desk

    desk = Desk.create(
        state.where,
        name=name,
        base_url=base_url,
        time_zone=time_zone,
        locale=locale,
        components=components,
        output_dir=output,
        support_channels=not no_support_channels,
    )
    try:
        late = publish_now(desk)
        page = desk.board().page
    finally:
        desk.shut()
    state.say(
        {"workspace": desk.label, "name": page.name, "output": page.output_dir},
        f"The workspace of {page.name} is in {desk.label}. Its page is in {page.output_dir}.",
    )
    end(late)


components = subgroup("component", "What customers use.")


def _row(row: ComponentRow) -> dict[str, object]:
    one = row.component
    return {
        "id": one.id,
        "name": one.name,
        "slug": one.slug,
        "group": row.group or None,
        "kind": one.kind,
        "description": one.description,
        "status": row.status,
        "archived": one.archived_at is not None,
    }


@command(components, "add")
@click.argument("name")
@click.option("--group", default="", metavar="GROUP")
@click.option("--kind", type=click.Choice([one.value for one in ComponentKind]), default=ComponentKind.SERVICE.value)
@click.option("--description", default="", metavar="TEXT")
def add(state: State, name: str, group: str, kind: str, description: str) -> None:
    """Add a component."""
    with state.desk() as desk:
        made = desk.add_component(name=name, group=group, kind=ComponentKind(kind), description=description)
        late = publish_now(desk)
    state.say({"component": plain(made)}, f"Added {made.name}.")
    end(late)


@command(components, "list")
@click.option("--all", "archived", is_flag=True, help="Also archived ones.")
def list_(state: State, archived: bool) -> None:
    """Components with their status."""
    with state.desk() as desk:
        rows = [_row(one) for one in desk.components(archived=archived)]
    state.table("components", rows, ("name", "status", "group", "kind"))


@command(components, "edit")
@click.argument("name")
@click.option("--name", "new_name", metavar="NAME", help="The new name; the address stays.")
@click.option("--group", metavar="GROUP", help="The empty text takes it out of its group.")
@click.option("--kind", type=click.Choice([one.value for one in ComponentKind]))
@click.option("--description", metavar="TEXT")
@click.option("--position", type=click.IntRange(0, 9999), metavar="N")
def edit(
    state: State,
    name: str,
    new_name: str | None,
    group: str | None,
    kind: str | None,
    description: str | None,
    position: int | None,
) -> None:
    """Change a component."""
    with state.desk() as desk:
        found = desk.find_component(name)
        desk.edit_component(
            found.id,
            name=new_name,
            group=group,
            description=description,
            kind=ComponentKind(kind) if kind else None,
            position=position,
        )
        late = publish_now(desk)
        row = next(one for one in desk.components() if one.component.id == found.id)
    state.say({"component": _row(row)}, f"Changed {row.component.name}.")
    end(late)


@command(components, "archive")
@click.argument("name")
def archive(state: State, name: str) -> None:
    """Take a component off the page; its history stays."""
    with state.desk() as desk:
        found = desk.find_component(name)
        desk.archive_component(found.id)
        late = publish_now(desk)
    state.say({"archived": found.name}, f"Archived {found.name}.")
    end(late)


imports = subgroup("import", "Bring your history from another status page.")


@command(imports, "statuspage")
@click.argument("source")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
def statuspage(state: State, source: str, dry_run: bool) -> None:
    """From a Statuspage: its web address, a folder of saved v2 files, or one file."""
    with state.desk() as desk:
        report = desk.import_history("statuspage", source, dry_run=dry_run)
        late = [] if dry_run else publish_now(desk)
    lines = [f"{report.read} read, {report.new} new, {report.changed} changed, {report.same} the same."]
    lines += [f"  adjusted: {one.what}: {one.why}" for one in report.adjusted]
    lines += [f"  skipped: {one.what}: {one.why}" for one in report.skipped]
    state.say(plain(report), "\n".join(lines))
    end(late)


@command(root, "serve")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
def serve(state: State, port: int) -> None:
    """Show the built site on this computer only, with the headers the docs recommend. Ctrl+C ends it."""
    from statusdesk.site.serve import site_server

    with state.desk() as desk:
        folder = Path(desk.board().site.output_dir)
    if not (folder / "index.html").is_file():
        raise EnvironmentFault(f"There is no site in {folder} yet. Make it with: statusdeskctl build")
    with site_server(folder, port) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        state.say({"url": url, "folder": str(folder)}, f"Serving {folder} at {url}. Ctrl+C ends it.")
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager's way to say Ctrl+C
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


@command(root, "doctor")
def doctor(state: State) -> None:
    """Look at the workspace, the key store, every target and account, and the clock; say what to do."""
    with state.desk() as desk:
        found = desk.examine()
    lines = [f"{'ok ' if one.ok else '-- ' if one.ok is None else 'NO '} {one.what}: {one.result}" for one in found]
    well = not any(one.ok is False for one in found)
    state.say({"ok": well, "checks": [plain(one) for one in found]}, "\n".join(lines))
    if not well:
        raise click.exceptions.Exit(EnvironmentFault.exit_code)
