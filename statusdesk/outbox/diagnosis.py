"""What is wrong when nothing goes out: this computer, this network, or one place (flow f of product.md).

Three things are asked side by side: where the page goes, where posts go, and a neutral address that answers with one
known word. No token is used, and any answer of a server counts: it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from statusdesk.domain.board import CheckLine, Diagnosis, Line
from statusdesk.domain.delivery import Account, Target
from statusdesk.errors import Refused
from statusdesk.net import route
from statusdesk.net.faults import NeedsPerson, SendingError, TryLater
from statusdesk.net.web import Patience, Web

SHORT = Patience(connect_s=4.0, read_s=4.0, total_s=8.0)
MOST = 4  # places of each sort that are asked
_WORD = b"success"
_NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one address: reached, or why not. `strange`: somebody else answered in its place."""

    reached: bool
    words: str
    strange: bool = False


def diagnose(targets: Sequence[Target], accounts: Sequence[Account], base_url: str = "") -> Diagnosis:
    """Ask, and say which of the three it is. Blocks on the network, for some seconds at most."""
    places = _places(targets, accounts, base_url)
    asked: dict[str, Callable[[], Found]] = {name: _asks(address) for name, address in places.items()}
    with ThreadPoolExecutor(len(asked) + 1, "diagnosis") as pool:
        neutral = pool.submit(_ask_neutral)
        found = dict(zip(asked, pool.map(lambda one: one(), asked.values()), strict=True))
    return verdict(found, neutral.result())


def verdict(found: Mapping[str, Found], neutral: Found) -> Diagnosis:
    """Which of the three it is, in words."""
    lines = tuple(CheckLine(what=name, ok=one.reached, result=one.words) for name, one in found.items())
    lines += (CheckLine(what="A neutral address", ok=neutral.reached, result=neutral.words),)
    dead = [name for name, one in found.items() if not one.reached]
    alive = [name for name, one in found.items() if one.reached]
    strange = neutral.strange or any(one.strange for one in found.values())
    if found and not dead:
        return Diagnosis(line=Line.ONLINE, words="Everything answers.", lines=lines)
    if not found and neutral.reached:
        return Diagnosis(line=Line.ONLINE, words="This computer has internet.", lines=lines)
    if alive or (neutral.reached and len(dead) == 1):
        names = dead[0] if len(dead) == 1 else f"{', '.join(dead[:-1])} and {dead[-1]}"
        verb = "does not answer" if len(dead) == 1 else "do not answer"
        return Diagnosis(line=Line.PLACE_DOWN, words=f"{names} {verb}, the rest does.", lines=lines)
    if neutral.reached or strange:
        words = "Only this network blocks us. Open any web page to log in to it, or use another network."
        return Diagnosis(line=Line.BLOCKED, words=words, lines=lines)
    return Diagnosis(line=Line.OFFLINE, words="This computer has no internet.", lines=lines)


def _places(targets: Sequence[Target], accounts: Sequence[Account], base_url: str) -> dict[str, str]:
    """The addresses worth asking, by the name people gave the place."""
    found: dict[str, str] = {}
    for target in [one for one in targets if one.kind != "folder"][:MOST]:
        found[target.name] = next(filter(_is_web, (target.location, target.public_url, base_url)), "")
    for account in [one for one in accounts if one.enabled and one.kind != "preview"][:MOST]:
        found[account.name] = next(filter(_is_web, (account.base_url, account.profile_url)), "")
    return {name: address for name, address in found.items() if address}


def _is_web(address: str) -> bool:
    return address.startswith(("https://", "http://"))


def _asks(address: str) -> Callable[[], Found]:
    def ask() -> Found:
        try:
            parts = urlsplit(address)
            web = Web(parts.hostname or "", f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", SHORT, secret=False)
            web.ask("GET", "/", most=100_000)
        except TryLater as fault:
            if fault.code in ("dns", "no-connection", "timeout", "tls"):
                return Found(reached=False, words=fault.message, strange=fault.code == "tls")
        except (SendingError, Refused, ValueError):
            pass  # it sent us on, or failed in its own way: it is there
        return Found(reached=True, words="It answers.")

    return ask


def _ask_neutral() -> Found:
    address = route.current().neutral
    parts = urlsplit(address)
    try:
        web = Web("The neutral address", f"{parts.scheme}://{parts.netloc}", SHORT, secret=False)
        answer = web.ask("GET", parts.path or "/", most=100_000)
    except NeedsPerson:
        return Found(reached=False, words="This network leads us to a page of its own.", strange=True)
    except (SendingError, Refused) as fault:
        return Found(reached=False, words=fault.message)
    if answer.status == _NO_CONTENT or answer.body.strip() == _WORD:
        return Found(reached=True, words="It answers.")
    return Found(
        reached=False, words="Something else answers in its place: a login page of this network.", strange=True
    )
