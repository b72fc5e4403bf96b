"""Lists and tables drawn by delegates: the rail, the timeline, the places words go to, all incidents."""
