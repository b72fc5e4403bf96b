"""`make bench`: every measurement in a process of its own, printed as a table. It judges nothing."""

from __future__ import annotations

import json
import subprocess
import sys

SIZES = (1_000, 10_000)


def run(module: str, *arguments: str) -> dict[str, float]:
    """One measurement: the last line it prints is JSON."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{module} failed:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    """Measure and print."""
    columns = [run("tests.benchmarks.bench_site", str(size)) for size in SIZES]
    print("The site")
    for name in columns[0]:
        print(f"  {name:26}" + "".join(f"{column[name]:>12,.6g}" for column in columns))
    print("The window, 5,000 incidents")
    for name, value in run("tests.benchmarks.bench_window").items():
        print(f"  {name:26}{value:>12}")


main()
