"""What stands above the words where a service has room for it: a mail's subject, a notification's title."""

from __future__ import annotations

from statusdesk.channels.base import Post
from statusdesk.domain.text import tidy_line

MOST = 200  # characters


def heading(post: Post) -> str:
    """One line: whose page, what is wrong, and its state."""
    words = post.words
    if words is None:
        return tidy_line(post.text.partition("\n")[0])[:MOST]
    state = f" ({words.state})" if words.state else ""
    room = MOST - len(state)
    return tidy_line(f"{words.page_name}: {words.title}"[:room] + state)
