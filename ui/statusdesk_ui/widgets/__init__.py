"""Painted parts that any window may use. They know the theme and the domain's words, never the record."""
