"""The contract of `statusdeskctl`, line by line, by real processes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import feedparser
import psycopg
import pytest

from tests.e2e.conftest import INSTANT, ROOT, Ctl

HISTORY = ROOT / "docs" / "examples" / "northlake-history"


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# init, and where the workspace is


def test_init_makes_a_workspace_and_its_page(ctl: Ctl) -> None:
    made = ctl.json(
        *("init", "--name", "Northlake", "--base-url", "https://status.northlake.example", "--locale", "sv"),
        *(
            "--time-zone",
            "Europe/Stockholm",
            "--component",
            "Tills",
            "--component",
            "Café, ☎ & Co",
            "--output",
            ctl.site,
        ),
    )
    assert made == {"workspace": str(ctl.workspace), "name": "Northlake", "output": str(ctl.site)}
    assert {"index.html", "build.json", "feed.atom", "api/v2/summary.json"} <= files(ctl.site)
    assert (ctl.workspace / "statusdesk.db").is_file()
    again = ctl("init", "--name", "Other", "--json")
    assert again.code == 1
    assert "already a workspace" in again.json["error"]["message"]
    names = [one["name"] for one in ctl.json("component", "list")["components"]]
    assert names == ["Tills", "Café, ☎ & Co", "Phone", "E-mail", "Chat"]


@pytest.mark.parametrize("where", ["{ws}", "{ws}/public", "{ws}/..", "{link}/public"])
def test_init_refuses_an_output_folder_inside_the_workspace_or_around_it(ctl: Ctl, where: str) -> None:
    ctl.workspace.mkdir()
    (ctl.folder / "link").symlink_to(ctl.workspace)
    output = where.format(ws=ctl.workspace, link=ctl.folder / "link")
    said = ctl("init", "--name", "Northlake", "--output", output, "--json")
    assert said.code == 1
    assert said.json["error"]["field"] == "output"
    assert not files(ctl.workspace)


def test_init_names_everything_that_is_wrong_and_makes_nothing(ctl: Ctl) -> None:
    said = ctl(
        *("init", "--name", " ", "--base-url", "status.example", "--time-zone", "Mars/Base", "--locale", "q1", "--json")
    )
    assert said.code == 1
    assert all(f"{field}:" in said.err for field in ("name", "base_url", "time_zone", "locale"))
    assert not ctl.workspace.exists()


def test_the_workspace_comes_from_the_option_or_the_environment(ctl: Ctl, tmp_path: Path) -> None:
    ctl.make(["Tills"])
    other = tmp_path / "other"
    assert (
        ctl("--workspace", other, "init", "--name", "Other", "--component", "Lifts", "--output", tmp_path / "o").code
        == 0
    )
    listed = ctl("component", "list", "--workspace", other, "--json")
    assert [one["name"] for one in listed.json["components"]][:1] == ["Lifts"]
    assert [one["name"] for one in ctl.json("component", "list")["components"]][:1] == ["Tills"]
    nothing = ctl.json("component", "list", env={"STATUSDESK_WORKSPACE": str(tmp_path / "nowhere")}, code=1)
    assert "statusdeskctl init" in nothing["error"]["message"]


def test_a_workspace_may_be_a_postgresql_address(ctl: Ctl, postgres_url: str) -> None:
    plain, name = postgres_url.replace("+psycopg", ""), f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(plain, autocommit=True) as sql:
        sql.execute(f'CREATE DATABASE "{name}"')
    try:
        ctl.env["STATUSDESK_WORKSPACE"] = f"{postgres_url.rsplit('/', 1)[0]}/{name}"
        made = ctl.json("init", "--name", "Northlake", "--component", "Tills", "--output", ctl.site)
        assert "secretpw" not in made["workspace"]
        assert ctl.json("init", "--name", "Again", code=1)["error"]["title"] == "Nothing was saved"
        ref = ctl.open()["ref"]
        assert (ctl.site / "incidents" / ref / "index.html").is_file()
        assert ctl.json("import", "statuspage", HISTORY)["new"] > 20
        assert ctl.json("import", "statuspage", HISTORY)["new"] == 0
    finally:
        with psycopg.connect(plain, autocommit=True) as sql:
            sql.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


# One JSON document, always


@pytest.mark.parametrize(
    "args",
    [
        ("--json",),
        ("--json", "nonsense"),
        ("incident", "--json"),
        ("incident", "open", "--json", "--nonsense"),
        ("--json", "incident", "open", "--impact", "huge"),
        ("incident", "correct", "SD-2026-0001", "two", "--message", "x", "--json"),
        ("deliver", "--timeout", "nan", "--json"),
        ("incident", "list", "--limit", "9" * 30, "--json"),
        ("incident", "open", "--owner", "Ana", "--json"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_with_one_json_document(ctl: Ctl, args: tuple[str, ...]) -> None:
    said = ctl(*args)
    assert said.code == 2
    assert said.json["error"]["title"] == "Wrong usage"
    assert said.json["error"]["message"]
    assert "Usage:" in said.err


def test_help_needs_no_workspace_and_names_every_command(ctl: Ctl) -> None:
    said = ctl("--help")
    assert said.code == 0
    named = [
        "init",
        "component",
        "incident",
        "maintenance",
        "target",
        "account",
        "build",
        "deliver",
        "deliveries",
        "import",
        "serve",
        "doctor",
    ]
    assert all(f"  {name} " in said.out for name in named)


# Components


def test_components_are_added_listed_edited_and_archived(ctl: Ctl) -> None:
    ctl.make(["Tills"])
    added = ctl.json("component", "add", "Gift, cards", "--group", "Stores", "--description", "In all stores.")
    assert added["component"]["name"] == "Gift, cards"
    assert INSTANT.fullmatch(added["component"]["created_at"])
    assert ctl.json("component", "add", "gift, CARDS", code=1)["error"]["field"] == "name"
    edited = ctl.json("component", "edit", "gift, cards", "--name", "Gift cards", "--kind", "supplier", "--group", "")
    assert (edited["component"]["name"], edited["component"]["group"]) == ("Gift cards", None)
    assert ctl.json("component", "archive", "Gift cards") == {"archived": "Gift cards"}
    rows = ctl.json("component", "list")["components"]
    assert {"id", "name", "slug", "group", "kind", "description", "status"} <= rows[0].keys()
    assert {row["name"]: row["status"] for row in rows}["Tills"] == "operational"
    assert "Gift cards" not in {row["name"] for row in rows}
    assert "Gift cards" not in (ctl.site / "index.html").read_text()


# Incidents


def test_an_incident_from_its_first_word_to_its_last(ctl: Ctl) -> None:
    ctl.make(base_url="https://status.northlake.example")
    opened = ctl.open(
        *("--state", "identified", "--cause", "A cut line", "--certainty", "confirmed", "--eta", "+2h"),
        *("--next-update", "+30m", "--affected", "Shoppers in 3 stores", "--workaround", "Pay cash.", "--started-at"),
        *("2026-01-05T10:00+01:00", "--prevention", "A second line", "--prevention-due", "2027-01-31"),
        *("--owner", "PRIVATEOWNER", "--prevention", "A monthly test", "--no-accounts", "--override", "SL601=our page"),
    )
    ref = opened["ref"]
    assert ref.startswith("SD-")
    assert opened.keys() == {"ref", "url", "update", "findings", "deliveries"}
    assert opened["url"] == f"https://status.northlake.example/incidents/{ref}/"
    assert (opened["update"], opened["findings"]) == (1, [])
    row = opened["deliveries"][0]
    assert {"id", "kind", "destination", "state", "attempts", "next_try_at", "remote_url", "error"} <= row.keys()
    assert (row["kind"], row["state"], row["error"]) == ("publish", "verified", None)
    page = (ctl.site / "incidents" / ref / "index.html").read_text()
    assert all(word in page for word in ("A cut line", "Shoppers in 3 stores", "Pay cash.", "A second line"))

    assert ctl.json("incident", "update", ref, "--message", "Still at it.", "--eta", "unknown")["update"] == 2
    assert ctl.json("incident", "correct", ref, "2", "--message", "Two stores, not three.")["update"] == 3
    assert ctl.json("incident", "retract", ref, "3", "--reason", "It was three.")["update"] == 4
    assert ctl.json("incident", "resolve", ref.lower(), "--message", "Cards work.")["update"] == 5
    assert ctl.json("incident", "reopen", ref, "--message", "Not at Hill Street.")["update"] == 6
    assert [row["ref"] for row in ctl.json("incident", "list", "--open")["incidents"]] == [ref]
    assert ctl.json("incident", "resolve", ref, "--message", "Now they do.")["update"] == 7
    assert ctl.json("incident", "close", ref, "--reason", "All have answered")["ref"] == ref

    shown = ctl.json("incident", "show", ref)["incident"]
    assert (shown["state"], shown["started_at"], shown["reopened"]) == ("closed", "2026-01-05T09:00:00.000Z", 1)
    assert [one["seq"] for one in shown["updates"]] == [1, 2, 3, 4, 5, 6, 7]
    kinds = [one["kind"] for one in shown["updates"]]
    assert kinds[:4] == ["update", "eta_change", "correction", "retraction"]
    assert [(step["owner"], step["due_on"]) for step in shown["prevention"]] == [
        ("PRIVATEOWNER", "2027-01-31"),
        ("", None),
    ]
    assert [one["name"] for one in shown["components"]] == ["Tills", "Tills"]
    assert shown["causes"][0]["certainty"] == "confirmed"
    assert all(INSTANT.fullmatch(one["published_at"]) for one in shown["updates"])
    assert ctl.json("incident", "list", "--open") == {"incidents": []}
    assert len(ctl.json("incident", "list", "--since", "2026-01-05")["incidents"]) == 1
    assert ctl.json("incident", "list", "--since", "2026-01-06") == {"incidents": []}
    assert not [one for one in ctl.site.rglob("*") if one.is_file() and b"PRIVATEOWNER" in one.read_bytes()]


WRONG = [
    ((), "title"),
    (("--eta", "2020-01-01T10:00Z"), "eta"),
    (("--eta", "2026-06-09T16:10"), "eta"),
    (("--started-at", "0001-01-01T00:00:00Z"), "started_at"),
    (("--component", "Lifts=major_outage"), "components"),
    (("--component", "Tills=broken"), "components"),
    (("--component", "Tills"), "components"),
    (("--account", "nobody"), "accounts"),
    (("--prevention", "A test", "--prevention-due", "soon"), "prevention"),
    (("--override", "SL601"), "overrides"),
    (("--our-action", "We change the supplier"), "our_action"),
    (("--recurrence-of", "SD-2020-0001"), "recurrence_of"),
    (("--author", "x" * 501), "author"),
    (("--move-promise",), "moves_promise"),
]


def test_what_is_wrong_is_refused_with_its_field_and_nothing_is_written(ctl: Ctl) -> None:
    ctl.make()
    for args, field in WRONG:
        document = ctl.open(*args, code=1) if args else ctl.json("incident", "open", code=1)
        error = document["error"]
        assert error.keys() == {"title", "message", "field"}
        assert (error["title"], error["field"]) in {("Nothing was saved", field), ("Not found", field)}
    assert ctl.json("incident", "list") == {"incidents": []}


def test_steps_an_incident_cannot_take_are_refused(ctl: Ctl) -> None:
    ctl.make()
    ref = ctl.open("--no-deliver")["ref"]
    for args in (("reopen", ref, "--message", "x"), ("close", ref), ("correct", ref, "9", "--message", "x")):
        assert ctl("incident", *args).code == 1
    for wrong in ("SD-2026-9999", "../../etc/passwd", "'; DROP TABLE incident; --"):
        assert ctl.json("incident", "show", wrong, code=1)["error"]["title"] == "Not found"


def test_closing_ends_like_every_change_of_the_page(ctl: Ctl) -> None:
    ctl.make()
    ref = ctl.open()["ref"]
    dropped = ("--eta", "+2h"), ("--next-update", "+1h"), ("--component", "Tills=major_outage"), ("--move-promise",)
    for option in dropped:
        assert ctl("incident", "resolve", ref, "--message", "Done.", *option).code == 1
    ctl.json("incident", "resolve", ref, "--message", "Done.")
    shutil.rmtree(ctl.site / "incidents")
    (ctl.site / "incidents").write_text("in the way")
    said = ctl("--json", "incident", "close", ref)
    assert (said.code, said.json["ref"]) == (3, ref)
    assert [(one["kind"], one["state"]) for one in said.json["deliveries"]] == [("publish", "retry_wait")]
    assert "update" not in said.json
    assert "Saved, but" in said.err


def test_no_deliver_only_saves_and_deliver_sends_it(ctl: Ctl) -> None:
    ctl.make()
    saved = ctl.open("--no-deliver")
    assert [one["state"] for one in saved["deliveries"]] == ["queued"]
    assert not (ctl.site / "incidents").exists()
    tally = ctl.json("deliver")
    assert tally["sent"] >= 1
    assert (tally["waiting"], tally["failed"], tally["unknown"]) == (0, 0, 0)
    assert tally.keys() == {"sent", "waiting", "failed", "unknown"}
    assert (ctl.site / "incidents" / saved["ref"] / "index.html").is_file()
    rows = ctl.json("deliveries", "--incident", saved["ref"])["deliveries"]
    assert [row["state"] for row in rows] == ["verified"]


def test_a_drill_reaches_nobody(ctl: Ctl) -> None:
    ctl.make()
    assert ctl.json("account", "add", "preview", "Preview", "--folder", ctl.folder / "posts")["account"]["enabled"]
    drill = ctl.open("--drill")
    assert drill["ref"].startswith("DRILL-")
    assert drill["deliveries"] == []
    assert not (ctl.folder / "posts" / drill["ref"]).exists()
    assert drill["ref"] not in (ctl.site / "index.html").read_text()


# Maintenance


def test_a_maintenance_from_its_plan_to_its_end(ctl: Ctl) -> None:
    ctl.make()
    ref = ctl.json(
        *("maintenance", "schedule", "--title", "New tills", "--message", "Tills stop for 20 minutes."),
        *("--component", "Tills", "--starts", "+2h", "--ends", "+4h"),
    )["ref"]
    moved = ctl.json(
        "maintenance", "reschedule", ref, "--starts", "+3h", "--ends", "+5h", "--message", "An hour later."
    )
    assert moved["update"] == 2
    listed = ctl.json("maintenance", "list")["maintenances"]
    assert [(one["ref"], one["state"]) for one in listed] == [(ref, "scheduled")]
    assert INSTANT.fullmatch(listed[0]["starts_at"])
    for verb in ("start", "verify", "finish"):
        ctl.json("maintenance", verb, ref)
    shown = ctl.json("maintenance", "show", ref)["maintenance"]
    assert (shown["state"], len(shown["updates"])) == ("completed", 5)
    assert ctl.json("maintenance", "list") == {"maintenances": []}
    assert ctl("maintenance", "cancel", ref, "--message", "Too late").code == 1
    assert ctl("maintenance", "schedule", "--title", "x").code == 2
    backwards = ("--component", "Tills", "--starts", "+4h", "--ends", "+2h")
    said = ctl.json("maintenance", "schedule", "--title", "x", "--message", "y", *backwards, code=1)
    assert said["error"]["field"] == "ends_at"
    assert (ctl.site / "maintenance" / ref / "index.html").is_file()


# Targets, accounts, deliveries


def test_a_folder_target_is_added_checked_filled_and_removed(ctl: Ctl, tmp_path: Path) -> None:
    ctl.make()
    (tmp_path / "www").mkdir()
    added = ctl.json("target", "add", "folder", "Web server", "--location", "www")
    assert added["target"]["location"] == str(tmp_path / "www")
    assert (tmp_path / "www" / "index.html").is_file()
    assert [one["name"] for one in ctl.json("target", "list")["targets"]] == ["Site folder", "Web server"]
    checked = ctl.json("target", "check", "Web server")
    assert checked["ok"] is True
    assert {"what", "ok", "result"} <= checked["checks"][0].keys()
    assert ctl.json("target", "remove", "Web server") == {"removed": "Web server"}
    assert ctl.json("target", "remove", "Web server", code=1)["error"]["title"] == "Not found"
    for wrong in (ctl.workspace, tmp_path, tmp_path / "nowhere", ctl.site / "api"):
        assert ctl("target", "add", "folder", "Wrong", "--location", wrong).code == 1
    assert ctl("target", "add", "carrier-pigeon", "Wrong", "--location", "x").code == 1
    assert (tmp_path / "www" / "index.html").is_file()


def test_a_preview_account_gets_every_update_and_one_that_fails_makes_it_3(ctl: Ctl, tmp_path: Path) -> None:
    ctl.make()
    inside = ctl.json("account", "add", "preview", "Wrong", "--folder", ctl.site / "posts", code=1)
    assert inside["error"]["field"] == "folder"
    added = ctl.json("account", "add", "preview", "Preview", "--folder", "posts")
    assert {"id", "kind", "name", "handle", "enabled"} <= added["account"].keys()
    assert ctl.json("account", "add", "preview", "preview", "--folder", "other", code=1)["error"]["field"] == "name"
    opened = ctl.open("--account", "Preview")
    assert {(one["kind"], one["state"]) for one in opened["deliveries"]} == {("publish", "verified"), ("post", "sent")}
    assert len(list((tmp_path / "posts" / opened["ref"]).glob("*.json"))) == 1

    (tmp_path / "posts").rename(tmp_path / "kept")
    (tmp_path / "posts").write_text("a file where the folder was")
    said = ctl("incident", "update", opened["ref"], "--message", "Still at it.", "--json")
    assert said.code == 3
    post = next(one for one in said.json["deliveries"] if one["kind"] == "post")
    assert post["state"] == "retry_wait"
    assert INSTANT.fullmatch(post["next_try_at"])
    assert "could not be written" in post["error"]
    tally = ctl.json("deliver", code=3)
    assert tally["waiting"] == 1
    assert ctl.json("account", "check", "Preview", code=4)["ok"] is False
    assert ctl.json("account", "list")["accounts"][0]["trouble"]

    (tmp_path / "posts").unlink()
    (tmp_path / "kept").rename(tmp_path / "posts")
    assert ctl.json("deliver", "--timeout", "30")["sent"] == 1
    assert len(list((tmp_path / "posts" / opened["ref"]).glob("*.json"))) == 2
    assert ctl.json("account", "remove", "Preview") == {"removed": "Preview"}
    assert ctl.json("account", "list") == {"accounts": []}


def test_what_is_saved_but_not_on_the_page_is_3_for_every_command(ctl: Ctl) -> None:
    ctl.make()
    ctl.site.write_text("a file where the site goes")
    for args in (
        ("component", "add", "Lifts"),
        ("import", "statuspage", str(HISTORY)),
    ):
        said = ctl(*args, "--json")
        assert said.code == 3
        assert "Saved, but Site folder does not show it yet" in said.err
        assert said.json
    assert ctl.json("build", code=4)["error"]["title"] == "The site was not written"
    assert ctl.json("doctor", code=4)["ok"] is False
    ctl.site.unlink()
    assert ctl.json("build")["written"] > 1
    assert "Lifts" in (ctl.site / "index.html").read_text()


def test_a_watch_sends_what_others_save_until_it_is_stopped(ctl: Ctl) -> None:
    ctl.make()
    command = ctl.command("deliver", "--watch", "--json")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=ctl.env, cwd=ctl.folder, **pipes) as watch:
        page = ctl.site / "incidents" / ctl.open("--no-deliver")["ref"] / "index.html"
        for _ in range(300):
            if page.is_file() or watch.poll() is not None:
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                watch.wait(0.1)
        watch.terminate()
        out, err = watch.communicate(timeout=30)
    assert (watch.returncode, err) == (0, b"")
    assert page.is_file()
    assert json.loads(out)["sent"] >= 1


# Build, serve, doctor


def test_build_says_what_it_wrote(ctl: Ctl, tmp_path: Path) -> None:
    ctl.make()
    first = ctl.json("build")
    assert {"written", "unchanged", "removed", "bytes", "seconds"} <= first.keys()
    assert first["written"] == len(files(ctl.site))
    again = ctl.json("build", "--full")
    assert (again["written"], again["unchanged"]) == (0, first["written"])
    assert ctl.json("build", "--output", tmp_path / "copy")["written"] == first["written"]
    assert files(tmp_path / "copy") == files(ctl.site)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "index.html").write_text("somebody else's")
    for wrong in (tmp_path / "foreign", ctl.workspace / "site"):
        assert ctl.json("build", "--output", wrong, code=1)["error"]["field"].startswith("output")
    assert (tmp_path / "foreign" / "index.html").read_text() == "somebody else's"


def test_serve_shows_the_built_site_here_only_until_ctrl_c(ctl: Ctl) -> None:
    ctl.make()
    assert "statusdeskctl build" in ctl.json("serve", code=4)["error"]["message"]
    assert ctl("deliver").code == 0
    command = ctl.command("serve", "--port", "0", "--json")
    with subprocess.Popen(command, env=ctl.env, cwd=ctl.folder, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        lines = [server.stdout.readline()]
        while lines[-1].rstrip() != "}":
            lines.append(server.stdout.readline())
        url = json.loads("".join(lines))["url"]
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(url + "api/v2/summary.json", timeout=10) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
            assert json.load(answer)["status"]["indicator"] == "none"
        for name in ("feed.atom", "history.atom"):
            feed = feedparser.parse(url + name)
            assert (feed.bozo, feed.status, feed.feed.title[:9]) == (False, 200, "Northlake")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(url + "../workspace/statusdesk.db", timeout=10)
        port = url.rstrip("/").rsplit(":", 1)[1]
        assert f"Port {port}" in ctl.json("serve", "--port", port, code=4)["error"]["message"]
        server.terminate()
        assert server.communicate(timeout=20)[0] == ""
    assert server.returncode == 0


def test_the_doctor_looks_at_everything_and_says_what_to_do(ctl: Ctl) -> None:
    ctl.make()
    assert ctl("deliver").code == 0
    found = ctl.json("doctor")
    assert found["ok"] is True
    assert {"Workspace", "Clock", "Site folder", "Key store", "Deliveries"} <= {one["what"] for one in found["checks"]}


# import


def test_an_import_is_repeatable_and_a_dry_run_writes_nothing(ctl: Ctl, tmp_path: Path) -> None:
    ctl.make([])
    tried = ctl.json("import", "statuspage", HISTORY, "--dry-run")
    assert (tried["read"], tried["changed"], tried["skipped"]) == (24, 0, [])
    assert ctl.json("incident", "list") == {"incidents": []}
    assert ctl.json("import", "statuspage", HISTORY) == tried
    again = ctl.json("import", "statuspage", HISTORY)
    assert (again["read"], again["new"], again["changed"], again["same"]) == (24, 0, 0, 24)

    source = json.loads((HISTORY / "incidents.json").read_text())
    source["incidents"][0]["incident_updates"][0]["body"] += " It was a Tuesday."
    source["incidents"][1].pop("started_at")
    source["incidents"][1].pop("created_at")
    (tmp_path / "changed.json").write_text(json.dumps(source))
    changed = ctl.json("import", "statuspage", tmp_path / "changed.json")
    assert (changed["new"], changed["changed"], changed["same"]) == (0, 1, 12 + 8)
    assert [one.keys() for one in changed["skipped"]] == [{"what", "why"}]
    code = source["incidents"][0]["id"]
    assert "It was a Tuesday." in (ctl.site / "api" / "v2" / "incidents" / f"{code}.json").read_text()
    assert all(row["backfilled"] for row in ctl.json("incident", "list")["incidents"])
    assert {one["kind"] for one in ctl.json("deliveries")["deliveries"]} == {"publish"}


def test_output_goes_on_where_its_reader_stops(ctl: Ctl) -> None:
    ctl.make()
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        ctl.command("component", "list"), env=ctl.env, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


# the page's own settings, and people on it


def test_page_settings_are_shown_and_changed(ctl: Ctl) -> None:
    ctl.make()
    logo = ctl.folder / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>')
    made = ctl.json(
        *("page", "edit", "--language", "fi", "--language", "ar", "--accent", "#00557a", "--bar-days", "30"),
        *("--contact", "phone:Ana=+44 113 496 0000", "--promise", "We say so.", "--logo", logo),
    )["page"]
    assert made["languages"] == ["fi", "ar"]
    assert (made["accent"], made["bar_days"], made["logo"]) == ("#00557a", 30, "logo.svg")
    assert made["contacts"] == [{"kind": "phone", "label": "Ana", "value": "+44 113 496 0000", "hours": ""}]
    assert ctl.json("page", "edit", "--language", "none", "--no-logo")["page"]["languages"] == []
    assert ctl.json("page", "show")["page"]["logo"] is None
    said = ctl("page", "edit", "--accent", "red", "--json")
    assert (said.code, said.json["error"]["field"]) == (1, "accent")


def test_a_card_is_put_on_the_page_and_taken_off(ctl: Ctl) -> None:
    ctl.make()
    given = ("card", "on", "--name", "Ana", "--phone", "+44 113 496 0000", "--until", "+2h")
    said = ctl(*given, "--json")
    assert (said.code, said.json["error"]["field"]) == (1, "consent")
    made = ctl.json(*given, "--consent")["card"]
    assert [one["id"] for one in ctl.json("card", "list")["cards"]] == [made["id"]]
    assert not [path for path in files(ctl.site) - {"index.html"} if b"496 0000" in (ctl.site / path).read_bytes()], (
        "a number is in no feed and no JSON"
    )
    ctl.json("card", "off", made["id"])
    assert ctl.json("card", "list")["cards"] == []
