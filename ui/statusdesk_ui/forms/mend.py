"""Small sheets with one question: correct or take back an update, reopen, close."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from statusdesk.domain.audit import Changes
from statusdesk.domain.drafts import UpdateDraft
from statusdesk.domain.text import BODY_LIMIT
from statusdesk.errors import Refused, StatusDeskError
from statusdesk_ui.layout import Label, across, box, down
from statusdesk_ui.session import Session
from statusdesk_ui.theme import S3, S6
from statusdesk_ui.widgets.controls import Button
from statusdesk_ui.widgets.fields import Editor, Trouble, mark_problem
from statusdesk_ui.widgets.sheet import Panel, sheet_form


class OneQuestion(Panel):
    """Asks for words, then does one thing with them. Ends with `finished` (the changes).

    `needed` is the sentence shown when nothing was typed; empty where no words are needed.
    """

    finished = Signal(object)

    def __init__(
        self,
        session: Session,
        *,
        title: str,
        about: str,
        question: str,
        action: str,
        icon: str,
        needed: str,
        verb: Callable[[str], Changes],
        text: str = "",
        hint: str = "",
        more: str = "",
    ) -> None:
        self.session, self.needed, self.verb = session, needed, verb
        self.editor = Editor(question, hint)
        self.paper = box(down(self.editor, gap=0, margins=(1, 1, 1, 1)), card="field")
        self.trouble = Trouble()
        self.act = Button(action, "primary", icon, key="Ctrl+Return")
        self.act.clicked.connect(self._act)
        rest: list[QWidget] = [Label(more, "small", "ink3", wrap=True)] if more else []
        form = sheet_form(down(Label(question, "medium", wrap=True), self.paper, self.trouble, *rest))
        super().__init__(title, about, form, box(across(None, self.act, margins=(S6, S3, S6, S3))))
        self.editor.put(text)

    def start(self) -> None:
        """Begin typing."""
        self.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _say(self, wrong: str) -> None:
        self.trouble.say(wrong)
        mark_problem(self.paper, wrong=bool(wrong))

    def _act(self) -> None:
        text = self.editor.toPlainText().strip()
        if not text and self.needed:
            self._say(self.needed)
            return
        if len(text) > BODY_LIMIT:
            self._say(f"This text has {len(text):,} characters; at most {BODY_LIMIT:,} fit. Shorten it.")
            return
        self._say("")
        self.act.setEnabled(False)
        self.session.do(self.verb, text, done=self.finished.emit, failed=self._failed, owner=self)

    def _failed(self, error: StatusDeskError) -> None:
        self.act.setEnabled(True)
        refused = isinstance(error, Refused)
        self._say(error.message if refused else f"{error.title}. {error.message} Your text is kept.")


def correct_sheet(session: Session, ref: str, seq: int, text: str) -> OneQuestion:
    """Mend the words of an update; the old ones stay, struck out."""
    return OneQuestion(
        session,
        title=f"Correct update {seq}",
        about=ref,
        question="What should it say?",
        action="Publish the correction",
        icon="pen",
        needed="Write the corrected text, or take the update back instead.",
        text=text,
        more="The old text stays on the page, struck out, with the time of the correction.",
        verb=lambda words: session.desk.correct(ref, seq, words),
    )


def retract_sheet(session: Session, ref: str, seq: int) -> OneQuestion:
    """Take an update back; the reason stands in its place."""
    return OneQuestion(
        session,
        title=f"Take back update {seq}",
        about=ref,
        question="Why is it taken back?",
        action="Take it back",
        icon="undo",
        needed="Write the reason. Customers read it where the text stood.",
        hint="We named the wrong store.",
        more="The reason stands on the page in place of the text. Nothing public is deleted.",
        verb=lambda words: session.desk.retract(ref, seq, words),
    )


def reopen_sheet(session: Session, ref: str, title: str) -> OneQuestion:
    """It is not over after all."""
    return OneQuestion(
        session,
        title="Reopen",
        about=f"{ref} · {title}",
        question="What is still wrong, or wrong again?",
        action="Reopen and publish",
        icon="undo",
        needed="Write what is still wrong, so that customers know.",
        hint="Some stores still cannot take cards.",
        verb=lambda words: session.desk.reopen(ref, UpdateDraft(message=words)),
    )


def close_sheet(session: Session, ref: str, title: str, waiting: int) -> OneQuestion:
    """Everybody was asked, or somebody says why not."""
    people = "1 person still waits" if waiting == 1 else f"{waiting} people still wait"
    return OneQuestion(
        session,
        title="Close",
        about=f"{ref} · {title}",
        question=f"{people} for an answer. Why is it closed now?" if waiting else "Anything to note? Only we see it.",
        action="Close",
        icon="check",
        needed="Write the reason: people still wait for an answer." if waiting else "",
        verb=lambda words: session.desk.close(ref, words),
    )
