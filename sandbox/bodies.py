"""Request bodies, read up to a limit."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

LARGEST = 16 * 1024 * 1024


async def read_body(request: Request, most: int = LARGEST) -> bytes | None:
    """Give the body, None when it is larger than allowed."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


async def read_json(request: Request) -> Any:
    """Give the body as JSON, None when it is none."""
    body = await read_body(request)
    try:
        return json.loads(body or b"null")
    except ValueError:
        return None
