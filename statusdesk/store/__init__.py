"""The record: the only SQL of the house. One schema on SQLite and PostgreSQL, one transaction per verb.

`database` opens, creates and migrates; `tables` is the schema; `reader` reads for the desk, `public` for the site;
`writer` writes. Nobody outside sees a row: everything that leaves is a domain type.
"""

from statusdesk.store.database import Store, Workspace

__all__ = ["Store", "Workspace"]
