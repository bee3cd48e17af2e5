"""A node that knows every transaction we made up, so that the loops of a scratch house have one."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

# "Slot was skipped": for whatever else is asked there is no block.
# https://github.com/anza-xyz/agave/blob/master/rpc-client-api/src/custom_error.rs
_NO_BLOCK = {"code": -32007, "message": "skipped"}


class Node:
    """Slot and outcome by signature: everything told is final as soon as it is asked for."""

    def __init__(self) -> None:
        self.url = ""
        self.known: dict[str, tuple[int, bool]] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one JSON-RPC request."""
        head = {"jsonrpc": "2.0", "id": request.get("id")}
        if request.get("method") != "getSignatureStatuses":
            return {**head, "error": _NO_BLOCK}
        value = [self._status(signature) for signature in request["params"][0]]
        return {**head, "result": {"context": {"slot": 1}, "value": value}}

    def _status(self, signature: str) -> dict[str, Any] | None:
        if signature not in self.known:
            return None
        slot, failed = self.known[signature]
        error = {"InstructionError": [0, {"Custom": 1}]} if failed else None
        return {"slot": slot, "err": error, "confirmationStatus": "finalized"}


@contextmanager
def serving() -> Iterator[Node]:
    """Serve a node on a free port of this machine, in a thread."""
    node = Node()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        asked: ClassVar[Node] = node

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.dumps(self.asked.answer(json.loads(self.rfile.read(size)))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the bench's output is the table."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    node.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, name="node", daemon=True).start()
    try:
        yield node
    finally:
        server.shutdown()
        server.server_close()
