"""StatusDesk: tell customers the truth during an outage. This package is the core; it knows no window."""

__version__ = "0.1.0"
