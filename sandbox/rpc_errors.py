"""Errors that the RPC answers with, by JSON-RPC code."""

from __future__ import annotations


class RpcError(Exception):
    """A JSON-RPC error; becomes the `error` member of the answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def bad_params(message: str) -> RpcError:
    """Give the error of parameters that make no sense."""
    return RpcError(-32602, message)


def unsupported_version(version: int) -> RpcError:
    """Give the error of a transaction newer than the caller understands."""
    hint = f'"maxSupportedTransactionVersion": {version}'
    return RpcError(
        -32015,
        f"Transaction version ({version}) is not supported by the requesting client. Please try "
        f"the request again with the following configuration parameter: {hint}",
    )
