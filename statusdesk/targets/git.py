"""A branch of a git repository: the Pages of GitHub, GitLab, Codeberg and Forgejo, or any server that shows a branch.

Each publishing is one commit on top of what the branch has, with only the changed files, and is never forced: when
somebody else pushed first, his commit is fetched and ours is made anew on top of it.

What the desk knows of the repository lies beside its note: commits and folders, but no contents of its own files, so
it stays small. It may be lost at any time; then the newest commit is fetched again. See docs/decisions/0016.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from dulwich.errors import ChecksumMismatch
from dulwich.object_store import DiskObjectStore, ObjectStoreGraphWalker
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tree
from dulwich.pack import UnpackedObject
from dulwich.refs import Ref

from statusdesk import clock
from statusdesk.domain.text import tidy_line
from statusdesk.net.faults import NeedsPerson
from statusdesk.net.web import PATIENCE, Patience
from statusdesk.targets.base import Place, TargetHost
from statusdesk.targets.branch import HISTORY, branch_settings, marker
from statusdesk.targets.files import Beat, Found
from statusdesk.targets.gitline import in_words, opened
from statusdesk.targets.tree import BUILD, read_stamp
from statusdesk.targets.whole import Parcel, Shown, Whole, WholeHost

_FILE = 0o100644
_PACKS = 40  # pieces of the local copy, after which it is fetched anew
_STALE = ("lock", "update ref", "old value", "already exists", "stale", "fetch first", "fast-forward")


class GitBranch(Whole):
    """One branch of one repository, and a folder in it."""

    def __init__(self, place: Place, beat: Beat, patience: Patience = PATIENCE) -> None:
        self._branch, folder, self._author = branch_settings(place.settings)
        self._folder = folder.encode()
        self._beat = beat
        self._at = opened(place, beat, patience)
        self._ref = Ref(f"refs/heads/{self._branch}".encode())
        self._copy = place.state_file.with_suffix(".git")
        self.where = f"the branch {self._branch} of {self._at.where}"
        self.identity = f"{self._at.address} {self._branch} {folder}"
        self.url = ""
        self.greeting = f"{self._at.where} can be read."
        self.remarks = (HISTORY,)

    def digest(self, path: str, data: bytes) -> str:
        """The id of its blob."""
        del path
        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()

    def look(self) -> Shown:
        """The branch's newest commit, fetched if it is not here yet."""
        try:
            return self._looked()
        except (KeyError, ChecksumMismatch, FileNotFoundError):  # the local copy has holes
            self._forget()
            return self._looked()

    def _looked(self) -> Shown:
        with closing(self._store()) as store:
            head = self._fetched(store)
            if head is None:
                return Shown(version="", stamp=None, files={})
            files = dict(self._listed(store, self._root(store, head)))
            build = files.get(BUILD)
            stamp = read_stamp(Found(store[ObjectID(build.encode())].as_raw_string())) if build else None
            return Shown(version=head.decode(), stamp=stamp, files=files)

    def _store(self) -> DiskObjectStore:
        head = self._copy / "head"
        packs = self._copy / "pack"
        if not head.is_file() or len(list(packs.glob("*.pack"))) > _PACKS:
            self._forget()
            self._copy.parent.mkdir(parents=True, exist_ok=True)
            DiskObjectStore.init(str(self._copy)).close()
            head.write_text("", "ascii")
        return DiskObjectStore(str(self._copy))

    def _forget(self) -> None:
        for file in self._copy.glob("pack/*"):
            file.chmod(0o600)  # dulwich makes them read-only, and Windows removes no such file
        shutil.rmtree(self._copy, ignore_errors=True)

    def _fetched(self, store: DiskObjectStore) -> ObjectID | None:
        """The branch's head, here with its folders; None when there is no such branch."""
        found: ObjectID | None = None

        def wanted(refs: Mapping[Ref, ObjectID], depth: int | None = None) -> list[ObjectID]:
            nonlocal found
            del depth
            found = refs.get(self._ref)
            return [found] if found and found not in store else []

        known = ObjectID((self._copy / "head").read_text("ascii").encode())
        heads = {known} if known and known in store else set()
        walker = ObjectStoreGraphWalker(heads, lambda _: [], shallow=set(heads))
        file, keep, drop = store.add_pack()
        try:
            with in_words(self._at):
                self._at.client.fetch_pack(self._at.path, wanted, walker, file.write, depth=1, ref_prefix=[self._ref])
        except BaseException:
            drop()
            raise
        if file.tell():
            keep()
        else:
            drop()
        self._remember(found or b"")
        return found

    def _remember(self, head: bytes) -> None:
        (self._copy / "head").write_text(head.decode(), "ascii")

    def _root(self, store: DiskObjectStore, head: ObjectID) -> ObjectID | None:
        """The tree of our folder in a commit."""
        tree = _tree_of(store, head)
        for name in filter(None, self._folder.split(b"/")):
            mode, tree = _entry(_tree(store, tree), name)
            if not stat.S_ISDIR(mode):
                return None
        return tree

    def _listed(self, store: DiskObjectStore, root: ObjectID | None) -> Iterator[tuple[str, str]]:
        """Every file by path, with the id of its blob; links and modules are told by what no blob is called."""
        todo = [("", root)] if root else []
        while todo:
            self._beat()
            above, tree = todo.pop()
            for name, mode, sha in _tree(store, tree).items():
                path = above + name.decode("utf-8", "surrogateescape")
                if stat.S_ISDIR(mode):
                    todo.append((f"{path}/", sha))
                else:
                    yield path, sha.decode() if stat.S_ISREG(mode) else "no file"

    def may_write(self) -> str:
        """The server is asked for a push, and nothing is pushed."""
        with in_words(self._at):
            self._at.client.send_pack(self._at.path, lambda _: {}, _nothing)
        return f"{self._at.user} may push to {self._at.where}."

    def put(self, parcel: Parcel, shown: Shown) -> bool:
        """One commit, pushed if the branch is still where it was."""
        with closing(self._store()) as store:
            old = ObjectID(shown.version.encode())
            edits = self._edits(parcel, is_marked=self._is_marked(store, old))
            trees: list[Tree] = []
            root = _edited(store, _tree_of(store, old) if old else None, edits, trees)
            commit = self._commit(root, old, parcel.message)
            if not self._push(parcel, old, commit, trees):
                return False
            build = Blob.from_string(parcel.data(BUILD))
            store.add_objects([(one, None) for one in (commit, *trees, build)])
            self._remember(commit.id)
            return True

    def _is_marked(self, store: DiskObjectStore, head: ObjectID) -> bool:
        """Whether Pages are told already, perhaps by somebody else."""
        at = marker(self._folder.decode()).encode()
        root = (self._root(store, head) if b"/" in at else _tree_of(store, head)) if head else None
        return root is not None and at.rpartition(b"/")[2] in _tree(store, root)

    def _edits(self, parcel: Parcel, *, is_marked: bool) -> dict[bytes, Any]:
        """What changes, folder by folder: a blob's id, or None for what goes."""
        edits: dict[bytes, Any] = {}
        wanted: dict[bytes, bytes | None] = {self._path(path): None for path in parcel.removed}
        wanted |= {self._path(path): parcel.digests[path].encode() for path in parcel.missing}
        if not is_marked:
            wanted[marker(self._folder.decode()).encode()] = Blob.from_string(b"").id
        for path, sha in wanted.items():
            *folders, name = path.split(b"/")
            at = edits
            for folder in folders:
                below = at.get(folder)
                at[folder] = at = below if isinstance(below, dict) else {}
            at[name] = sha
        return edits

    def _path(self, path: str) -> bytes:
        return (self._folder + b"/" if self._folder else b"") + path.encode()

    def _commit(self, root: ObjectID, parent: ObjectID, message: str) -> Commit:
        commit = Commit()
        commit.tree = root
        commit.parents = [parent] if parent else []
        commit.author = commit.committer = self._author.encode()
        commit.author_time = commit.commit_time = int(clock.now().timestamp())
        commit.author_timezone = commit.commit_timezone = 0
        commit.encoding = b"UTF-8"
        commit.message = message.encode() + b"\n"
        return commit

    def _push(self, parcel: Parcel, old: ObjectID, commit: Commit, trees: Sequence[Tree]) -> bool:
        moved = False
        empty = Blob.from_string(b"")
        blobs = {parcel.digests[path]: path for path in parcel.missing}
        blobs.pop(empty.id.decode(), None)

        def update(refs: Mapping[Ref, ObjectID]) -> dict[Ref, ObjectID]:
            nonlocal moved
            moved = (refs.get(self._ref) or b"") != old
            return {} if moved else {self._ref: commit.id}

        def packed(*_: Any, **__: Any) -> tuple[int, Iterator[UnpackedObject]]:
            def records() -> Iterator[UnpackedObject]:
                for one in (commit, *trees, empty):
                    yield _record(one)
                for path in blobs.values():  # one after another, so that no more than one is held
                    self._beat()
                    yield _record(Blob.from_string(parcel.data(path)))

            return 2 + len(trees) + len(blobs), records()

        with in_words(self._at):
            done = self._at.client.send_pack(self._at.path, update, packed)
        said = tidy_line(str((done.ref_status or {}).get(self._ref) or ""))
        if said and not any(word in said.lower() for word in _STALE):
            raise NeedsPerson(
                f"{self._at.host} did not take the commit for the branch {self._branch} (“{said[:200]}”). The branch "
                "may be protected: allow this account to push to it.",
                code="declined",
            )
        return not moved and not said

    def close(self) -> None:
        """Hang up."""
        self._at.close()


def open_git(place: Place) -> TargetHost:
    """The host for one target; nothing is asked yet."""
    return WholeHost(place, lambda beat: GitBranch(place, beat))


def _nothing(*_: Any, **__: Any) -> tuple[int, Iterator[UnpackedObject]]:
    return 0, iter(())


def _record(one: ShaFile) -> UnpackedObject:
    data = one.as_raw_string()
    return UnpackedObject(one.type_num, sha=one.sha().digest(), decomp_chunks=[data], decomp_len=len(data))


def _tree(store: DiskObjectStore, tree_id: ObjectID) -> Tree:
    """A folder. Raises KeyError when it is not here."""
    found = store[tree_id]
    if not isinstance(found, Tree):
        raise KeyError(tree_id)
    return found


def _tree_of(store: DiskObjectStore, head: ObjectID) -> ObjectID:
    found = store[head]
    if not isinstance(found, Commit):
        raise KeyError(head)
    tree: ObjectID = found.tree
    return tree


def _entry(tree: Tree, name: bytes) -> tuple[int, ObjectID]:
    return tree[name] if name in tree else (0, ObjectID(b""))


def _edited(store: DiskObjectStore, tree_id: ObjectID | None, edits: Mapping[bytes, Any], made: list[Tree]) -> ObjectID:
    """The id of the tree with these changes; those that are new are added to `made`. Empty folders go."""
    tree = Tree()
    for name, mode, sha in _tree(store, tree_id).items() if tree_id else ():
        tree[name] = (mode, sha)
    for name, edit in edits.items():
        mode, sha = _entry(tree, name)
        if isinstance(edit, dict):
            sha = _edited(store, sha if stat.S_ISDIR(mode) else None, edit, made)
            mode = stat.S_IFDIR
        else:
            sha, mode = edit, _FILE
        if sha:
            tree[name] = (mode, sha)
        elif name in tree:
            del tree[name]
    if not len(tree):
        return ObjectID(b"")
    if tree.id != tree_id:
        made.append(tree)
    made_id: ObjectID = tree.id
    return made_id
