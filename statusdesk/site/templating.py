"""Where the pages' templates come from: the workspace's own first, then ours; compiled once and kept compiled.

An own template has the name of the one that it replaces (`site/home.html` in the workspace's folder `templates`) and
may build on it: `{% extends "shipped/site/home.html" %}`. One that breaks is named with its file and line.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import jinja2
from jinja2 import (
    BaseLoader,
    BytecodeCache,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    TemplateError,
    nodes,
)
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame, optimizeconst
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from markupsafe import Markup, escape

import statusdesk
from statusdesk import paths
from statusdesk.errors import Refused

_DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Overrides:
    """A workspace's own templates: their folder, and the digest of their names and contents."""

    folder: Path
    digest: str


def overrides(folder: Path | None) -> Overrides | None:
    """The own templates in a folder; None when it holds none that could replace one of ours."""
    if folder is None or not any((folder / "site").glob("*.html")):
        return None
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):  # whatever they may include as well
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return Overrides(folder, digest.hexdigest()[:16])


@cache
def engine() -> str:
    """The fingerprint of what renders: version, templates, and in a checkout the code beside this file."""
    digest = hashlib.sha256(statusdesk.__version__.encode())
    templates = paths.templates_dir()
    sources = [file for part in ("site", "feeds", "assets", "locale") for file in sorted(templates.glob(f"{part}/*.*"))]
    for source in [*sources, *sorted(Path(__file__).parent.glob("*.py"))]:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


try:  # MarkupSafe's own work, without the wrapper around it; where it is not to be had, the same with the wrapper
    from markupsafe import _escape_inner as _escaped  # type: ignore[attr-defined,unused-ignore]
except ImportError:

    def _escaped(text: str, /) -> str:
        return str(escape(text))


class _Code(CodeGenerator):
    """Jinja's own code, but for how a value is escaped where it is printed, and how a function is called."""

    @optimizeconst
    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: FBT001, FBT002, N802
        """A call without Jinja's search for what the function may want besides its arguments."""
        self.write("environment.called(context, ")
        self.visit(node.node, frame)
        self.signature(node, frame, {"caller": "caller"} if forward_caller else None)
        self.write(")")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.printed(")


class Keep(Extension):
    """`{% keep thing, ... %}`: a piece that follows from what is named, rendered once while that lasts.

    A running desk renders a long list again with every update, and in it only the row of what changed.
    """

    tags = {"keep"}  # noqa: RUF012  the base class has it so

    def parse(self, parser: Parser) -> nodes.Node:
        """The tag, its things, and the piece up to `{% endkeep %}`."""
        line = next(parser.stream).lineno
        named = parser.parse_tuple()
        body = parser.parse_statements(("name:endkeep",), drop_needle=True)
        place = nodes.Const(f"{parser.name}:{line}")
        call = self.call_method("_piece", [nodes.ContextReference(), place, named])
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    @staticmethod
    def _piece(context: Context, place: str, named: object, *, caller: Callable[[], Markup]) -> Markup:
        things = named if isinstance(named, tuple) else (named,)
        first = things[0]
        key = (context["edition"].language.code, place, getattr(first, "ref", first), *things[1:])
        piece: Markup = context["kept"].once(key, first, caller)
        return piece


class Templates(Environment):
    """Jinja's templates. A page prints some hundred values: escaping them quickly saves a fifth of its time."""

    code_generator_class = _Code

    @staticmethod
    def called(context: Context, function: Callable[..., object], /, *args: object, **named: object) -> object:
        """What a function gives. One that wants the context is called Jinja's way, which takes ten times as long."""
        if getattr(function, "jinja_pass_arg", None) is None:
            return function(*args, **named)
        return context.call(function, *args, **named)

    @staticmethod
    def printed(value: object) -> str:
        """The value as HTML: markup as it is, everything else escaped. Three times as fast as MarkupSafe's wrapper."""
        kind = type(value)
        if kind is Markup:
            return cast("str", value)
        return _escaped(cast("str", value)) if kind is str else str(escape(value))


def loader(own: Overrides | None) -> BaseLoader:
    """Own templates before ours, ours by their plain name and as `shipped/...`."""
    ours = FileSystemLoader(paths.templates_dir())
    if own is None:
        return ours
    return ChoiceLoader([FileSystemLoader(own.folder), ours, PrefixLoader({"shipped": ours})])


def refusal(error: Exception, own: Overrides) -> Refused | None:
    """An own template's fault in words that lead to it; None when the fault is not in an own template."""
    place = _place(error, own)
    if place is None:
        return None
    file, line = place
    said = error.message if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
    return Refused(
        f"{file}, line {line}: {said}. The site stays as it is. Mend the template, or take it away to use ours.",
        title="A template of your own does not work",
        field="templates",
    )


def _place(error: Exception, own: Overrides) -> tuple[Path, int] | None:
    """The innermost line of an own template that the fault came through."""
    if isinstance(error, jinja2.TemplateSyntaxError) and error.filename and _lies_in(error.filename, own):
        return Path(error.filename), error.lineno
    steps = [s for s in traceback.extract_tb(error.__traceback__) if _lies_in(s.filename, own)]
    if steps:
        return Path(steps[-1].filename), steps[-1].lineno or 1
    # A template that is extended, included or imported under a name that nobody has is not found by its own line.
    if isinstance(error, jinja2.TemplateNotFound):
        for file in sorted((own.folder / "site").glob("*.html")):
            for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                if str(error.name) in line:
                    return file, number
    return None


def _lies_in(filename: str, own: Overrides) -> bool:
    return own.folder in Path(filename).parents


class Compiled(BytecodeCache):
    """Compiled templates in the user's cache folder, one file each: compiling them costs a sixth of a second.

    `kind` tells environments apart that compile one template differently (a language). Whatever was compiled from
    another text, by another version or for another place is not used, and a folder that cannot be written does no harm.
    """

    def __init__(self, kind: str = "") -> None:
        self.kind = kind

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """One file for each template and kind, so that the folder does not grow."""
        own = "" if filename is None or paths.templates_dir() in Path(filename).parents else filename
        return hashlib.sha256(f"{name}\0{self.kind}\0{own}".encode()).hexdigest()[:24]

    def get_source_checksum(self, source: str) -> str:
        """What the template was compiled from, and by which version."""
        return hashlib.sha256(f"{engine()}\0{jinja2.__version__}\0{source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Use what lies there when it is whole and this user's: code is run from it."""
        with contextlib.suppress(OSError):
            file = _kept(bucket)
            if os.name != "nt" and file.stat().st_uid != os.getuid():
                return
            data = file.read_bytes()
            if data[:_DIGEST] == hashlib.sha256(data[_DIGEST:]).digest():
                bucket.bytecode_from_string(data[_DIGEST:])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, whole or not at all."""
        data = bucket.bytecode_to_string()
        with contextlib.suppress(OSError):
            file = _kept(bucket)
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, aside = tempfile.mkstemp(dir=file.parent)
            with os.fdopen(handle, "wb") as out:
                out.write(hashlib.sha256(data).digest() + data)
            Path(aside).replace(file)


def _kept(bucket: Bucket) -> Path:
    """Where a compiled template lies. Raises OSError for a user without a home."""
    return paths.cache_dir() / "templates" / f"{bucket.key}.bin"
