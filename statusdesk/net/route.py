"""The way out of this computer: a proxy, and whose certificates are believed.

Nothing needs to be set: the system's proxy (environment, macOS, Windows) is used, and certificates are judged by the
system's own store, where an office puts its own authority. A computer for which that is not enough has a
`network.json` in its settings folder: `{"proxy": "http://proxy.example:3128", "ca_file": "/etc/ssl/office.pem"}`.
It belongs to the computer, not to the workspace, and holds no password.
"""

from __future__ import annotations

import json
import os
import ssl
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from statusdesk.errors import EnvironmentFault, Problem, Refused
from statusdesk.paths import config_dir

# Made for this question, over plain http so that a login page can answer in its place, and without any trace of us.
NEUTRAL = "http://detectportal.firefox.com/success.txt"
# Where requests and curl look for an authority of one's own.
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class Route:
    """How this computer reaches servers. Empty texts mean: as the system says.

    `neutral` answers with the word “success” or with 204: there one can see whether a network lets us out.
    """

    proxy: str = ""
    ca_file: str = ""
    neutral: str = NEUTRAL

    @property
    def authority(self) -> str:
        """The file with certificates that are believed beside the system's own; empty when there is none."""
        return self.ca_file or next((os.environ[name] for name in _CA_VARIABLES if os.environ.get(name)), "")

    def problems(self) -> list[Problem]:
        """What cannot work, field by field."""
        wrong = []
        if self.proxy:
            try:
                parts = urlsplit(self.proxy)
                well = parts.scheme in ("http", "https", "socks5", "socks5h") and bool(parts.hostname)
                secret = bool(parts.password)
            except ValueError:
                well = secret = False
            if not well:
                wrong.append(Problem("proxy", "Write the proxy like http://proxy.example:3128."))
            elif secret:
                words = "A password does not belong into this file. Set HTTPS_PROXY in the environment instead."
                wrong.append(Problem("proxy", words))
        if self.ca_file and not Path(self.ca_file).expanduser().is_file():
            wrong.append(Problem("ca_file", f"There is no file {self.ca_file}. Choose the authority's .pem file."))
        if not self.neutral.startswith(("http://", "https://")):
            wrong.append(Problem("neutral", "Write the neutral address like http://example.org/success.txt."))
        return wrong


def _file() -> Path:
    return config_dir() / "network.json"


def current() -> Route:
    """This computer's route; a file that cannot be read counts as none."""
    try:
        known = json.loads(_file().read_text("utf-8"))
        return Route(**{name: str(known[name]) for name in ("proxy", "ca_file", "neutral") if known.get(name)})
    except (OSError, ValueError, AttributeError):
        return Route()


def keep(route: Route) -> None:
    """Use this route from now on. Raises Refused."""
    wrong = route.problems()
    if wrong:
        raise Refused.because(wrong)
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(".tmp")
    aside.write_text(json.dumps(asdict(route), indent=2) + "\n", "utf-8")
    aside.replace(file)


def tls_context() -> ssl.SSLContext:
    """A TLS context that believes the system's authorities and this computer's own.

    Raises EnvironmentFault when the file of the own ones cannot be used.
    """
    authority = current().authority
    try:
        return _context(authority)
    except OSError as error:  # ssl.SSLError is one
        why = "it is not there" if isinstance(error, FileNotFoundError) else "it holds no certificates"
        raise EnvironmentFault(
            f"The file of certificates {authority} cannot be used: {why}. Choose another with: "
            "statusdeskctl network set --ca-file FILE, or take it out of the environment "
            f"({', '.join(_CA_VARIABLES)})."
        ) from None


@cache
def _context(authority: str) -> ssl.SSLContext:
    import truststore  # noqa: PLC0415  loaded with the first connection

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority:
        path = Path(authority).expanduser()
        context.load_verify_locations(cafile=None if path.is_dir() else path, capath=path if path.is_dir() else None)
    return context
