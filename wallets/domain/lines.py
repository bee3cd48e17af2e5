"""The JSON line a decoded transaction is printed as."""

from typing import Any

from wallets.domain.values import Decoded


def decoded_json(decoded: Decoded) -> dict[str, Any]:
    """Return the line of `bin/manage decode`: every amount a string of an integer."""
    return {
        "signature": decoded.signature,
        "failed": decoded.failed,
        "version": decoded.version,
        "fee_lamports": str(decoded.fee_lamports),
        "tip_lamports": str(decoded.tip_lamports),
        "swaps": [
            {
                "owner": swap.owner,
                "mint_in": swap.mint_in,
                "raw_in": str(swap.raw_in),
                "mint_out": swap.mint_out,
                "raw_out": str(swap.raw_out),
                "venue": swap.venue,
                "program": swap.program,
            }
            for swap in decoded.swaps
        ],
        "legs": [
            {
                "owner": leg.owner,
                "program": leg.program,
                "pool": leg.pool,
                "mint_in": leg.mint_in,
                "raw_in": str(leg.raw_in),
                "mint_out": leg.mint_out,
                "raw_out": str(leg.raw_out),
            }
            for leg in decoded.legs
        ],
        "costs": [
            {
                "owner": cost.owner,
                "kind": cost.kind,
                "to": cost.to,
                "lamports": str(cost.lamports),
            }
            for cost in decoded.costs
        ],
    }
