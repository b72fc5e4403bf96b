"""What the main window shows beside the rail, one file per page."""
