"""What git and GitHub's API have in common: the settings of a branch, and what Pages need in it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from statusdesk.errors import Problem, Refused
from statusdesk.targets.address import clean_folder

NO_JEKYLL = ".nojekyll"  # else GitHub Pages leaves out what begins with an underscore
HISTORY = (
    "A Git history keeps what was once published: a contact card's number, for instance, stays readable in older "
    "commits after it was removed from the page."
)
_AUTHOR = "StatusDesk <statusdesk@localhost>"
_BRANCH = re.compile(r"(?!.*(\.\.|//|@\{|\.lock$|\.lock/))[A-Za-z0-9_][A-Za-z0-9_./+-]*(?<![/.])")
_PERSON = re.compile(r"[^<>\n\0]+ <[^<>\s]*>")


def branch_settings(settings: Mapping[str, str]) -> tuple[str, str, str]:
    """Branch, folder in it (empty: all of it) and author of a form. Raises Refused, naming the fields."""
    wrong = []
    branch = settings.get("branch", "").strip() or "gh-pages"
    folder = clean_folder(settings.get("folder", "")) if settings.get("folder", "").strip() else "."
    author = settings.get("author", "").strip() or _AUTHOR
    if not _BRANCH.fullmatch(branch):
        wrong.append(Problem("branch", "Write the branch's name, like gh-pages."))
    if folder is None or folder.startswith("/") or ".git" in folder.split("/"):
        wrong.append(Problem("folder", "Write a folder in the branch, like docs; leave it empty for all of it."))
    if not _PERSON.fullmatch(author):
        wrong.append(Problem("author", "Write the author like Northlake Support <status@northlake.example>."))
    if wrong or folder is None:
        raise Refused.because(wrong)
    return branch, "" if folder == "." else folder, author


def marker(folder: str) -> str:
    """Where Pages look for it: at the root of what they show, which is the branch's own or the folder docs."""
    return f"docs/{NO_JEKYLL}" if folder == "docs" else NO_JEKYLL
