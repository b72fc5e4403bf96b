"""`statusdeskctl`, the headless twin: every user action of the desktop as a command, as docs/commands.md promises.

`common` holds what all commands share (output, exit codes, times); the commands stand in files by what they act on.
"""

from statusdesk.cli.common import root
from statusdesk.cli.main import main

__all__ = ["main", "root"]
