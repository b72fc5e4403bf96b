"""AWS Signature Version 4 for S3: what a request must carry so that the server knows whose it is.

Source: Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)",
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one access key in one region."""

    access_key: str
    region: str
    secret: str = field(repr=False)

    def headers(
        self,
        method: str,
        host: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
        at: datetime,
    ) -> dict[str, str]:
        """All headers to send: the given ones, and those that prove them. `path` is encoded already."""
        stamp = at.strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest()
        send = {**headers, "x-amz-content-sha256": digest, "x-amz-date": stamp}
        signed = {name.lower(): " ".join(value.split()) for name, value in send.items()} | {"host": host}
        names = ";".join(sorted(signed))
        canonical = "\n".join(
            [method, path, encoded(query), *(f"{name}:{signed[name]}" for name in sorted(signed)), "", names, digest]
        )
        scope = f"{stamp[:8]}/{self.region}/s3/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{self.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        proof = hmac.digest(key, to_sign.encode(), "sha256").hex()
        credential = f"Credential={self.access_key}/{scope}"
        return send | {"Authorization": f"AWS4-HMAC-SHA256 {credential},SignedHeaders={names},Signature={proof}"}


def encoded(query: Mapping[str, str]) -> str:
    """A query as it is signed, which is also how it must be sent."""
    return "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))
