"""The kinds of hosts that StatusDesk can publish to, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from types import MappingProxyType
from typing import cast

from statusdesk.domain.delivery import SettingField
from statusdesk.errors import Refused
from statusdesk.targets.base import Place, TargetHost, TargetKind


def _opened_by(module: str) -> Callable[[Place], TargetHost]:
    """What opens a host: the function `open_MODULE` of `statusdesk.targets.MODULE`, imported at its first call."""

    def opened(place: Place) -> TargetHost:
        found = getattr(import_module(f"statusdesk.targets.{module}"), f"open_{module}")
        return cast("TargetHost", found(place))

    return opened


_REPLACE = SettingField(
    name="replace",
    label="Replace what is there",
    hint="“yes” lets the site take the place of other files there.",
    optional=True,
)
_SERVER = SettingField(name="server", label="Server", hint="Like www.example.com, or www.example.com:2222.")
_USER = SettingField(name="user", label="User name")
_PASSWORD = SettingField(name="password", label="Password", secret=True)
_KEY_FILE = SettingField(
    name="key_file", label="Private key", hint="The file, if you log in with a key. Else leave it empty.", optional=True
)
_API_ADDRESS = SettingField(
    name="server",
    label="API address",
    hint="Leave it empty, unless your office has a gateway of its own.",
    optional=True,
)
_BRANCH = SettingField(name="branch", label="Branch", hint="The one your host shows. Empty: gh-pages.", optional=True)
_BRANCH_FOLDER = SettingField(
    name="folder", label="Folder in the branch", hint="Like docs. Empty: all of the branch.", optional=True
)
_AUTHOR = SettingField(
    name="author",
    label="Author of the commits",
    hint="Like Northlake Support <status@northlake.example>. Everybody can read it there.",
    optional=True,
)

_KINDS = (
    TargetKind(
        kind="folder",
        label="Folder on this computer or a share",
        icon="folder",
        location_label="Folder",
        location_hint="The folder your web server shows, or one that is synced to it.",
        open=_opened_by("folder"),
        fields=(replace(_REPLACE, hint="“yes” lets the site take the place of other files in that folder."),),
    ),
    TargetKind(
        kind="sftp",
        label="Web server, over SFTP",
        icon="globe",
        location_label="Folder on the server",
        location_hint="Like /srv/www/status, or one below the folder where you land. It must be there.",
        open=_opened_by("sftp"),
        fields=(
            _SERVER,
            _USER,
            _KEY_FILE,
            SettingField(
                name="password",
                label="Password",
                hint="Or the passphrase of the key. Without both, the keys of your own ssh are tried.",
                secret=True,
                optional=True,
            ),
            _REPLACE,
        ),
        help="Most web hosts offer SFTP. The check shows the server's key at the first time: compare it if you can.",
    ),
    TargetKind(
        kind="s3",
        label="S3 bucket, or one that works like it",
        icon="cloud",
        location_label="Bucket",
        location_hint="Its name, and a folder in it if you like: status or status/site.",
        open=_opened_by("s3"),
        fields=(
            SettingField(
                name="endpoint",
                label="Endpoint",
                hint="Your host's S3 address, like https://s3.example.com. Empty for Amazon.",
                optional=True,
            ),
            SettingField(
                name="region", label="Region", hint="Like eu-central-1. Empty if there is none.", optional=True
            ),
            SettingField(name="access_key", label="Access key id"),
            SettingField(name="secret_key", label="Secret access key", secret=True),
            SettingField(
                name="path_style",
                label="Bucket in the path",
                hint="“yes” or “no”. Empty: as is usual for that host.",
                optional=True,
            ),
            _REPLACE,
        ),
        help="The access key needs to list the bucket, and to read, write and delete objects in it.",
    ),
    TargetKind(
        kind="webdav",
        label="WebDAV folder",
        icon="cloud",
        location_label="Address",
        location_hint="Of the folder, like https://dav.example.com/status. It must be there.",
        open=_opened_by("webdav"),
        fields=(_USER, _PASSWORD, _REPLACE),
        help="Where the server offers app passwords (Nextcloud does), make one for StatusDesk.",
    ),
    TargetKind(
        kind="ftps",
        label="Web server, over FTP with TLS",
        icon="globe",
        location_label="Folder on the server",
        location_hint="Like /htdocs/status, or one below the folder where you land. It must be there.",
        open=_opened_by("ftps"),
        fields=(replace(_SERVER, hint="Like ftp.example.com."), _USER, _PASSWORD, _REPLACE),
        help="With TLS only: plain FTP shows your password to anyone on the way. Prefer SFTP where there is both.",
    ),
    TargetKind(
        kind="rsync",
        label="Web server, with rsync over SSH",
        icon="globe",
        location_label="Folder on the server",
        location_hint="Like /srv/www/status, or one below the folder where you land. It must be there.",
        open=_opened_by("rsync"),
        fields=(
            _SERVER,
            _USER,
            replace(
                _KEY_FILE, hint="The file. Empty: the keys of your own ssh. A key with a passphrase needs the agent."
            ),
            _REPLACE,
        ),
        help="For servers where your own ssh gets in without a password. rsync must be installed on both sides.",
    ),
    TargetKind(
        kind="git",
        label="Git repository, on any host",
        icon="share",
        location_label="Repository",
        location_hint="Like https://codeberg.org/you/pages.git or git@gitlab.com:you/status.git. Without a token.",
        open=_opened_by("git"),
        fields=(
            _BRANCH,
            _BRANCH_FOLDER,
            SettingField(
                name="user",
                label="User name",
                hint="For https, if your host asks for one. Most take any name with a token.",
                optional=True,
            ),
            replace(_KEY_FILE, hint="The file, for an ssh address. Empty: the keys of your own ssh."),
            SettingField(
                name="token",
                label="Token",
                hint="For https: one that may write to the repository's contents. For a key: its passphrase.",
                secret=True,
                optional=True,
            ),
            _AUTHOR,
            _REPLACE,
        ),
        help="Each publishing is one commit. Nothing is ever forced. A Git history keeps what was once published.",
    ),
    TargetKind(
        kind="github",
        label="GitHub Pages, with a token",
        icon="share",
        location_label="Repository",
        location_hint="Owner and name, like northlake/status.",
        open=_opened_by("github"),
        fields=(
            SettingField(
                name="token",
                label="Token",
                hint="A fine-grained token for this repository alone, with the right Contents: read and write.",
                secret=True,
            ),
            _BRANCH,
            _BRANCH_FOLDER,
            _AUTHOR,
            _REPLACE,
            SettingField(
                name="server",
                label="API address",
                hint="For GitHub Enterprise, like https://github.example.com/api/v3. Else leave it empty.",
                optional=True,
            ),
        ),
        help="Each publishing is one commit. Nothing is ever forced. A Git history keeps what was once published.",
    ),
    TargetKind(
        kind="netlify",
        label="Netlify",
        icon="cloud",
        location_label="Site",
        location_hint="Its name at Netlify, like northlake-status.netlify.app, or its id.",
        open=_opened_by("netlify"),
        fields=(
            SettingField(
                name="token",
                label="Token",
                hint="A personal access token of somebody who may publish this site: User settings, Applications.",
                secret=True,
            ),
            replace(_REPLACE, hint="“yes” lets the site take the place of all that is there."),
            _API_ADDRESS,
        ),
        help="The site holds nothing but the status page. Netlify sends the headers of the file _headers along.",
    ),
    TargetKind(
        kind="cloudflare",
        label="Cloudflare Pages",
        icon="cloud",
        location_label="Project",
        location_hint="Its name at Cloudflare, like northlake-status. Made for direct upload, not from a repository.",
        open=_opened_by("cloudflare"),
        fields=(
            SettingField(name="account", label="Account id", hint="32 letters and digits, from the dashboard."),
            SettingField(
                name="token",
                label="API token",
                hint="With the right Cloudflare Pages: Edit for this account, and no other.",
                secret=True,
            ),
            replace(_REPLACE, hint="“yes” lets the site take the place of all that is there."),
            _API_ADDRESS,
        ),
        help="The project holds nothing but the status page. Cloudflare sends the headers of the file _headers along.",
    ),
)

KINDS: Mapping[str, TargetKind] = MappingProxyType({one.kind: one for one in _KINDS})


def kind(name: str) -> TargetKind:
    """The kind of that name. Raises Refused, naming the known ones."""
    try:
        return KINDS[name]
    except KeyError:
        known = ", ".join(sorted(KINDS))
        raise Refused(f"“{name[:40]}” is no kind of target. Known kinds: {known}.", field="kind") from None
