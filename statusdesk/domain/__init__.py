"""What the product is about: frozen dataclasses, enums and pure functions. No I/O, no clock, no window."""
