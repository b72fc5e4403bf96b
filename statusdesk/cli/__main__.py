"""`python -m statusdesk.cli`: the same as `statusdeskctl`."""

from statusdesk.cli.main import main

main()
