"""Loopback servers of ours for vendors whose own cannot run here: they follow the vendor's public documents.

Each is a context, listens on 127.0.0.1 from its start on, and tells with `arrived()` which texts exist there now, in the
order in which they came.
"""
