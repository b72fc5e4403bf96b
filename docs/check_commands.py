"""Holds the docs to the truth: every `statusdeskctl` command, option and make target that they name exists.

Run by `make check`. Ends with 1 and says where when a name is wrong.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from statusdesk.cli import root

TOP = Path(__file__).resolve().parents[1]
DOCS = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]
_COMMAND = re.compile(r"^\s*(?:\$ )?(statusdeskctl .+|make [a-z].*)$|`(statusdeskctl [^`]+|make [a-z][^`]*)`")


def commands(text: str) -> Iterator[tuple[int, str]]:
    """Every command a document names, with its line; lines that end in a backslash are joined."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for number, line in enumerate(joined.splitlines(), 1):
        for found in _COMMAND.finditer(line):
            yield number, (found.group(1) or found.group(2)).split("#")[0].strip()


def fault(words: list[str], targets: set[str]) -> str | None:
    """What is wrong with a command, or None."""
    if words[0] == "make":
        unknown = [word for word in words[1:] if "=" not in word and word not in targets]
        return f"no target {unknown[0]}" if unknown else None
    here: click.Command = root
    options = {name for one in root.params for name in one.opts}
    for word in words[1:]:
        if isinstance(here, click.Group) and not word.startswith("-"):
            found = here.commands.get(word)
            if found is None:
                return f"no command {word}"
            here = found
            options |= {name for one in here.params for name in one.opts}
        elif word.startswith("--") and word.partition("=")[0] not in options | {"--help", "--version"}:
            return f"no option {word}"
    return None


def main() -> int:
    """Look through all documents."""
    targets = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text("utf-8"), re.MULTILINE))
    wrong = 0
    for document in DOCS:
        for number, command in commands(document.read_text("utf-8")):
            try:
                trouble = fault(shlex.split(command), targets)
            except ValueError as error:
                trouble = str(error)
            if trouble:
                wrong += 1
                sys.stdout.write(f"{document.relative_to(TOP)}:{number}: {command}: {trouble}\n")
    sys.stdout.write(f"{len(DOCS)} documents, {wrong} wrong commands.\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
