"""Real program ids, fee accounts and derived addresses of the programs the sandbox imitates."""

import hashlib
from functools import lru_cache

from solders.pubkey import Pubkey

SYSTEM = "11111111111111111111111111111111"
COMPUTE = "ComputeBudget111111111111111111111111111111"
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"  # noqa: S105  a program id
TOKEN22 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
ATA = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"
WSOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
PUMP = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"
PUMPSWAP = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"
PUMP_FEES = "pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ"
PUMP_GLOBAL = "4wTV1YmiEkRvAtNtsSGPtUrqRYQMe5SKy2uB4Jjaxnjf"
PUMP_MIGRATOR = "39azUYFWPz3VHgKCf3VChUwbpURdCHRxjWVowf5jUJjg"
MAYHEM = "MAyhSmzXzV1pTf7LsNkrNwkWKTo4ougAJ1PPg47MD4e"
AMM_CONFIG = "ADyA8hdefvWN2dbGGWFotbzWxrAvLW83WG6QCVXvJKqw"
RAYDIUM = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
RAYDIUM_AUTHORITY = "5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1"
OPENBOOK = "srmqPvymJeFKQ4zGQed1GFppgkRHL9kaELCbyksJtPX"
JUPITER = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"

# Lamports per byte since SIMD-0437 step 2: rent = (128 + bytes) * 5080.
RENT_PER_BYTE = 5080


def rent(size: int) -> int:
    """Give the rent-exempt minimum in lamports of an account of `size` bytes."""
    return (128 + size) * RENT_PER_BYTE


JITO_TIPS = (
    "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5",
    "HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe",
    "Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY",
    "ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49",
    "DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh",
    "ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt",
    "DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL",
    "3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT",
)

# Fee accounts of trading bots, with the share of the swap they take in basis points.
PLATFORMS: tuple[tuple[str, int], ...] = (
    ("7LCZckF6XXGQ1hDY6HFXBKWAtiUgL9QY5vj1C4Bn1Qjj", 95),  # Axiom
    ("4V65jvcDG9DSQioUVqVPiUcUY9v6sb6HKtMnsxSKEz5S", 95),  # Axiom
    ("AVUCZyuT35YSuj4RH7fwiyPu82Djn2Hfg7y2ND2XcnZH", 100),  # Photon
    ("BB5dnY55FXS1e1NXqZDwCzgdYJdMCj3B92PU6Q5Fb6DT", 100),  # GMGN
    ("9yMwSPk9mrXSN7yDHUuZurAh1sjbJsfpUqjZ7SvVtdco", 90),  # Trojan
    ("ZG98FUCjb8mJ824Gbs6RsgVmr1FhXb2oNiJHa2dwmPd", 100),  # BONKbot
    ("7HeD6sLLqAnKVRuSfc1Ko3BSPMNKWgGTiWLKXJF31vKM", 100),  # Bloom
    ("9RYJ3qr5eU5xAooqVcbmdeusjcViL5Nkiq7Gske3tiKq", 90),  # BullX
)

FEE_RECIPIENTS = (
    "62qc2CNXwrYqQScmEdiZFFAnJR262PxWEuNQtxfafNgV",
    "7VtfL8fvgNfhz17qKRMjzQEXgbdpnHHHQRh54R9jP2RJ",
    "7hTckgnGnLQR6sdH7YkqFTAA7VwTfYFaZ6EhEsU3saCX",
    "9rPYyANsfQZw3DnDmKE3YCQF5E8oD89UXoHn9JFEhJUz",
    "AVmoTthdrX6tKt4nDjco2D775W2YK3sDhxPcMmzUAmTY",
    "CebN5WGQ4jvEPvsVU4EoHEpgzq1VV7AbicfhtW4xC9iM",
    "FWsW1xNtWscwNmKv6wVsU1iTzRN6wmmk3MjxRP5tT7hz",
    "G5UZAVbAf46s7cKWoyKu8kYTip9DGTpbLZ2qa9Aq69dP",
)
BUYBACK_RECIPIENTS = (
    "5YxQFdt3Tr9zJLvkFccqXVUwhdTWJQc1fFg2YPbxvxeD",
    "9M4giFFMxmFGXtc3feFzRai56WbBqehoSeRE5GK7gf7",
    "GXPFM2caqTtQYC2cJ5yJRi9VDkpsYZXzYdwYpGnLmtDL",
    "3BpXnfJaUTiwXnJNe7Ej1rcbzqTTQUvLShZaWazebsVR",
    "5cjcW9wExnJJiqgLjq7DEG75Pm6JBgE1hNv4B2vHXUW6",
    "EHAAiTxcdDwQ3U4bU6YcMsQGaekdzLS3B5SmYo46kJtL",
    "5eHhjP8JaYkz83CWwvGU2uMUXefd3AazWGx4gpcuEEYD",
    "A7hAgCzFw14fejgCp387JUJRMNyz4j89JKnhtKU8piqW",
)

# What real transactions show as the lamports of these accounts; nothing ever moves them.
STANDING: dict[str, int] = {
    SYSTEM: 1, COMPUTE: 1, TOKEN: 5_598_856_254, TOKEN22: 70_128_637, ATA: 3_388_605_256,
    WSOL: 1_630_911_579_072, PUMP: 8_502_112_342, PUMPSWAP: 1_168_673_625,
    PUMP_FEES: 6_046_720, PUMP_GLOBAL: 4_089_612_038, AMM_CONFIG: 8_986_091,
    RAYDIUM: 5_669_202_214, RAYDIUM_AUTHORITY: 34_552_057_044, OPENBOOK: 1_141_440,
    JUPITER: 6_189_994_707, MAYHEM: 11_149_834,
}  # fmt: skip


@lru_cache(maxsize=131_072)
def raw(key: str) -> bytes:
    """Decode a base58 address to its 32 bytes."""
    return bytes(Pubkey.from_string(key))


def text(key: bytes) -> str:
    """Encode 32 bytes as a base58 address."""
    return str(Pubkey(key))


@lru_cache(maxsize=131_072)
def pda(program: str, *seeds: bytes) -> str:
    """Derive the program address of `seeds` under `program`."""
    return str(Pubkey.find_program_address(list(seeds), Pubkey.from_string(program))[0])


def ata(owner: str, mint: str, program: str) -> str:
    """Derive the associated token account of `owner` for `mint` under its token program."""
    return pda(ATA, raw(owner), raw(program), raw(mint))


def invented(label: str) -> str:
    """Give an address without a known key, always the same for a label."""
    return text(hashlib.sha256(label.encode()).digest())


PUMP_EVENTS = pda(PUMP, b"__event_authority")
PUMP_VOLUME = pda(PUMP, b"global_volume_accumulator")
PUMP_FEE_CONFIG = pda(PUMP_FEES, b"fee_config", raw(PUMP))
PUMP_MINT_AUTHORITY = pda(PUMP, b"mint-authority")
AMM_EVENTS = pda(PUMPSWAP, b"__event_authority")
AMM_VOLUME = pda(PUMPSWAP, b"global_volume_accumulator")
AMM_FEE_CONFIG = pda(PUMP_FEES, b"fee_config", raw(PUMPSWAP))
JUPITER_EVENTS = pda(JUPITER, b"__event_authority")
STANDING |= {PUMP_VOLUME: 17_016_138, AMM_VOLUME: 28_668_917, PUMP_FEE_CONFIG: 37_290_293,
             AMM_FEE_CONFIG: 22_239_416, PUMP_MINT_AUTHORITY: 1_020_235_880,
             PUMP_EVENTS: 168_261_371, AMM_EVENTS: 4_641_090,
             JUPITER_EVENTS: 6_711_052}  # fmt: skip
