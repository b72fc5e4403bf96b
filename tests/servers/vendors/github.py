"""GitHub's REST API for git data (docs.github.com/en/rest/git: blobs, trees, commits, refs; and rest/repos/contents).

Its rules as documented: a tree takes either `sha` or `content` for an entry, `sha: null` deletes and is refused for what
is not there, a ref moves forward only unless forced (422), and an empty repository takes no git data (409).
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from tests.servers.vendors.base import Asked, Refusal, Said, Vendor

TOKEN = "github_pat_11ABCDEFG0abcdefghijkl_0123456789"
OWNER = "northlake"


@dataclass
class Repository:
    """Blobs, trees (whole, by path), commits and refs by their ids."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    trees: dict[str, dict[str, str]] = field(default_factory=dict)
    commits: dict[str, dict[str, Any]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    protected: bool = False

    def blob(self, data: bytes) -> str:
        sha = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        self.blobs[sha] = data
        return sha

    def tree(self, files: dict[str, str]) -> str:
        sha = hashlib.sha1(json.dumps(sorted(files.items())).encode()).hexdigest()
        self.trees[sha] = dict(files)
        return sha

    def commit(self, **known: Any) -> str:
        sha = hashlib.sha1(json.dumps([known, len(self.commits)]).encode()).hexdigest()
        self.commits[sha] = known
        return sha

    def files(self, branch: str) -> dict[str, str]:
        return self.trees[self.commits[self.refs[branch]]["tree"]] if branch in self.refs else {}

    def put(self, branch: str, path: str, data: bytes | None, message: str = "by hand") -> None:
        """Somebody else's commit."""
        files = dict(self.files(branch))
        files.pop(path, None)
        if data is not None:
            files[path] = self.blob(data)
        parents = [self.refs[branch]] if branch in self.refs else []
        self.refs[branch] = self.commit(message=message, tree=self.tree(files), parents=parents)

    def log(self, branch: str) -> list[str]:
        """The subjects, the newest first."""
        found, at = [], self.refs.get(branch)
        while at:
            found.append(self.commits[at]["message"])
            at = next(iter(self.commits[at]["parents"]), None)
        return found


class GitHub(Vendor):
    """Repositories of one owner, and a token that may write to all of them unless `can_push` is off."""

    def __init__(self) -> None:
        super().__init__()
        self.repositories: dict[str, Repository] = {}
        self.can_push = True

    def answer(self, asked: Asked) -> Said:
        if asked.token != TOKEN:
            raise Refusal(401, {"message": "Bad credentials", "status": "401"})
        _, repos, owner, name, *rest = asked.path.split("/")
        there = self.repositories.get(name)
        if repos != "repos" or owner != OWNER or there is None:
            return Said(404, {"message": "Not Found", "status": "404"})
        if not rest:
            return Said(200, {"full_name": f"{owner}/{name}", "permissions": {"pull": True, "push": self.can_push}})
        if asked.method != "GET" and not self.can_push:
            return Said(403, {"message": "Resource not accessible by personal access token", "status": "403"})
        if rest[0] == "contents":
            return self._contents(there, "/".join(rest[1:]), asked)
        if not there.refs and not there.commits:
            return Said(409, {"message": "Git Repository is empty.", "status": "409"})
        return getattr(self, f"_{asked.method.lower()}_{rest[1]}")(there, "/".join(rest[2:]), asked)

    def _contents(self, there: Repository, path: str, asked: Asked) -> Said:
        given = asked.json()
        there.put(given["branch"], path, base64.b64decode(given["content"]), given["message"])
        return Said(201, {"commit": {"sha": there.refs[given["branch"]]}})

    def _get_ref(self, there: Repository, path: str, asked: Asked) -> Said:
        branch = path.removeprefix("heads/")
        if branch not in there.refs:
            return Said(404, {"message": "Not Found", "status": "404"})
        return Said(200, {"ref": f"refs/heads/{branch}", "object": {"type": "commit", "sha": there.refs[branch]}})

    def _get_commits(self, there: Repository, path: str, asked: Asked) -> Said:
        return Said(200, {"sha": path, "tree": {"sha": there.commits[path]["tree"]}})

    def _get_trees(self, there: Repository, path: str, asked: Asked) -> Said:
        entries = [
            {"path": name, "mode": "100644", "type": "blob", "sha": sha} for name, sha in there.trees[path].items()
        ]
        return Said(200, {"sha": path, "tree": entries, "truncated": False})

    def _get_blobs(self, there: Repository, path: str, asked: Asked) -> Said:
        content = base64.encodebytes(there.blobs[path]).decode()
        return Said(200, {"sha": path, "content": content, "encoding": "base64"})

    def _post_blobs(self, there: Repository, path: str, asked: Asked) -> Said:
        given = asked.json()
        assert given["encoding"] == "base64"
        return Said(201, {"sha": there.blob(base64.b64decode(given["content"]))})

    def _post_trees(self, there: Repository, path: str, asked: Asked) -> Said:
        given = asked.json()
        files = dict(there.trees[given["base_tree"]]) if "base_tree" in given else {}
        for one in given["tree"]:
            if ("sha" in one) == bool(one.get("content")) or one["mode"] != "100644":
                raise Refusal(422, {"message": "Must supply either tree.sha or tree.content", "status": "422"})
            path = one["path"]
            if "content" not in one and one["sha"] is None:
                if path not in files:
                    raise Refusal(422, {"message": "GitRPC::BadObjectState", "status": "422"})
                del files[path]
                continue
            above = {other for other in files if path.startswith(f"{other}/") or other.startswith(f"{path}/")}
            files = {name: sha for name, sha in files.items() if name not in above}
            if "content" not in one and one["sha"] not in there.blobs:
                raise Refusal(422, {"message": "tree.sha is not a valid blob", "status": "422"})
            files[path] = there.blob(one["content"].encode()) if "content" in one else one["sha"]
        return Said(201, {"sha": there.tree(files)})

    def _post_commits(self, there: Repository, path: str, asked: Asked) -> Said:
        given = asked.json()
        known = {name: given.get(name) for name in ("message", "tree", "parents", "author")}
        return Said(201, {"sha": there.commit(**known)})

    def _post_refs(self, there: Repository, path: str, asked: Asked) -> Said:
        given = asked.json()
        branch = given["ref"].removeprefix("refs/heads/")
        if branch in there.refs:
            return Said(422, {"message": "Reference already exists", "status": "422"})
        there.refs[branch] = given["sha"]
        return Said(201, {"ref": given["ref"], "object": {"sha": given["sha"]}})

    def _patch_refs(self, there: Repository, path: str, asked: Asked) -> Said:
        given, branch = asked.json(), path.removeprefix("heads/")
        assert given["force"] is False
        if there.protected:
            return Said(422, {"message": "Protected branch update failed for refs/heads/gh-pages.", "status": "422"})
        if there.refs[branch] not in there.commits[given["sha"]]["parents"]:
            return Said(422, {"message": "Update is not a fast forward", "status": "422"})
        there.refs[branch] = given["sha"]
        return Said(200, {"ref": f"refs/heads/{branch}", "object": {"sha": given["sha"]}})
