"""A Workflow of Microsoft Teams that waits for a webhook (learn.microsoft.com/power-automate, "When a Teams webhook
request is received"): it takes an Adaptive Card of at most 28 KB and answers 202."""

from __future__ import annotations

from typing import Any

from tests.servers.vendors.base import Asked, Refusal, Said, Vendor

PATH, SIGNATURE = "/workflows/0042abcd/triggers/manual/paths/invoke", "aSignature-of_Northlake0042"


class Teams(Vendor):
    """One Workflow that posts into one channel."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[dict[str, Any]] = []
        self.disabled = False

    @property
    def address(self) -> str:
        return f"{self.url}{PATH}?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"

    def arrived(self) -> list[str]:
        return ["\n".join(line["inlines"][0]["text"] for line in card["body"]) for card in self.cards]

    def answer(self, asked: Asked) -> Said:
        if asked.path != PATH:
            raise _no(404, "WorkflowNotFound", "The workflow '0042' could not be found.")
        if asked.query.get("sig") != SIGNATURE:
            raise _no(401, "DirectApiAuthorizationRequired", "The request must be authenticated.")
        if self.disabled:
            raise _no(404, "WorkflowTriggerIsNotEnabled", "The trigger of the workflow is not enabled.")
        if len(asked.body) > 28 * 1024:
            raise _no(413, "RequestEntityTooLarge", "The request is too large.")
        (attachment,) = asked.json()["attachments"]
        if attachment["contentType"] != "application/vnd.microsoft.card.adaptive":
            raise _no(400, "TriggerInputSchemaMismatch", "The input does not match the schema.")
        self.cards.append(attachment["content"])
        return Said(202)


def _no(status: int, code: str, message: str) -> Refusal:
    return Refusal(status, {"error": {"code": code, "message": message}})
