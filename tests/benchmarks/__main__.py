"""`make bench`: every measurement in a process of its own, printed as a table. It judges nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

SIZES = (1_000, 10_000)


def run(module: str, *arguments: str) -> dict[str, Any]:
    """One measurement: it prints one JSON object."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{module} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def show(figures: dict[str, Any], indent: str = "  ") -> None:
    """Figures, those within figures indented."""
    for name, value in figures.items():
        if isinstance(value, dict):
            print(f"{indent}{name}")
            show(value, indent + "  ")
        else:
            print(f"{indent}{name:34}{value:>12}")


def main() -> None:
    """Measure and print."""
    columns = [run("tests.benchmarks.bench_site", str(size)) for size in SIZES]
    print("The site")
    for name in columns[0]:
        print(f"  {name:26}" + "".join(f"{column[name]:>12,.6g}" for column in columns))
    for size in SIZES:
        subprocess.run([sys.executable, "-m", "tests.benchmarks.bench_hugo", str(size)], check=True)
    print("From the click to the page and the last post, s")
    show(run("tests.benchmarks.bench_delivery", "words"))
    for size in (2_000, 20_000):
        print(f"One changed page of a site of {size:,} files, s")
        show(run("tests.benchmarks.bench_delivery", "page", str(size)))
    print("The window, 5,000 incidents")
    show(run("tests.benchmarks.bench_window"))


main()
