"""Each service's channel, opened at any address that leads to its server: straight, or through a bad network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from statusdesk.channels.apprise import AppriseChannel
from statusdesk.channels.base import Channel, Connection, Limits
from statusdesk.channels.discord import DiscordChannel
from statusdesk.channels.matrix import MatrixChannel
from statusdesk.channels.ntfy import NtfyChannel
from statusdesk.channels.slack import SlackBot, SlackWebhook
from statusdesk.channels.teams import TeamsChannel
from statusdesk.channels.telegram import TelegramChannel
from statusdesk.channels.webhook import WebhookChannel
from statusdesk.net.web import PATIENCE, Patience
from tests.servers.vendors import apprise, discord, ntfy, slack, teams, telegram, webhook
from tests.servers.vendors.base import Vendor

VENDORS: Mapping[str, type[Vendor]] = {
    "webhook": webhook.WebhookReceiver,
    "telegram": telegram.Telegram,
    "discord": discord.Discord,
    "slack": slack.Slack,
    "slack webhook": slack.Slack,
    "ntfy": ntfy.Ntfy,
    "teams": teams.Teams,
    "apprise": apprise.JsonReceiver,
}
MATRIX_TOKEN = "syt_c3RhdHVz_aMatrixToken_0042"


def connection(secret: str = "", base_url: str = "", **settings: str) -> Connection:
    """What a channel gets to know, without the rooms above it."""
    return Connection(handle="", base_url=base_url, settings=settings, limits=Limits(), secret=secret)


def _teams(url: str) -> str:
    return f"{url}{teams.PATH}?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={teams.SIGNATURE}"


def _apprise(url: str, _patience: Patience) -> Channel:
    place = url.removeprefix("http://")
    return AppriseChannel(connection(f"json://{apprise.USER}:{apprise.PASSWORD}@{place}/status"))


def _slack(url: str, patience: Patience) -> Channel:
    return SlackBot(connection(slack.TOKEN, url, channel=slack.CHANNEL), patience)


def _telegram(url: str, patience: Patience) -> Channel:
    return TelegramChannel(connection(telegram.TOKEN, url, chat="@northlake"), patience, public_pages=url)


_DOORS: Mapping[str, Callable[[str, Patience], Channel]] = {
    "webhook": lambda url, patience: WebhookChannel(
        connection(webhook.SECRET, address=f"{url}/hooks/status?team=7"), patience
    ),
    "telegram": _telegram,
    "discord": lambda url, patience: DiscordChannel(connection(url + discord.PATH), patience),
    "slack": _slack,
    "slack webhook": lambda url, patience: SlackWebhook(connection(url + slack.HOOK), patience),
    "ntfy": lambda url, patience: NtfyChannel(connection(ntfy.TOKEN, url, topic=ntfy.TOPIC), patience),
    "teams": lambda url, patience: TeamsChannel(connection(_teams(url)), patience),
    "apprise": _apprise,
    # Its server is a real one; this is for what happens before any server answers.
    "matrix": lambda url, patience: MatrixChannel(
        connection(MATRIX_TOKEN, url, room="!status:northlake.test"), patience
    ),
}
SECRETS: Mapping[str, str] = {
    "webhook": webhook.SECRET,
    "telegram": telegram.TOKEN,
    "discord": discord.PATH.rpartition("/")[2],
    "slack": slack.TOKEN,
    "slack webhook": slack.HOOK.rpartition("/")[2],
    "ntfy": ntfy.TOKEN,
    "teams": teams.SIGNATURE,
    "apprise": apprise.PASSWORD,
    "matrix": MATRIX_TOKEN,
}

# What a person types into the form of each service, given its server.
FORMS: Mapping[str, Callable[[Any], dict[str, str]]] = {
    "webhook": lambda there: {"address": there.address, "secret": SECRETS["webhook"]},
    "telegram": lambda there: {"chat": "@northlake", "token": SECRETS["telegram"], "server": there.url},
    "discord": lambda there: {"address": there.address},
    "slack": lambda there: {"channel": slack.CHANNEL, "token": SECRETS["slack"], "server": there.url},
    "ntfy": lambda there: {"topic": ntfy.TOPIC, "token": SECRETS["ntfy"], "server": there.url},
    "teams": lambda there: {"address": there.address},
    "apprise": lambda there: {"address": there.address},
}


def opened(kind: str, url: str, patience: Patience = PATIENCE) -> Any:
    """The channel of a service, which takes `url` for its server."""
    return _DOORS[kind](url, patience)
