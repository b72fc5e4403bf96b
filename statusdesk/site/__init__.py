"""The public site: from public types to files. `builder.build` is the door; it reads through `reader.PublicReader`."""
