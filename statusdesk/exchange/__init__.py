"""Bringing history in: a reader per kind of source makes a `History`, and `bring_in` writes it, repeatably."""
