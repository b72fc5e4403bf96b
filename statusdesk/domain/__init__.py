"""What the product is about, as frozen dataclasses, enums and pure functions: no I/O, no clock, no words of a window."""
