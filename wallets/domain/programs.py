"""The programs we know by name, and what part each plays in a trade."""

from typing import Final, Literal, NamedTuple

Kind = Literal["amm", "router", "bot", "keeper", "system"]

SYSTEM: Final = "11111111111111111111111111111111"
COMPUTE_BUDGET: Final = "ComputeBudget111111111111111111111111111111"
STAKE: Final = "Stake11111111111111111111111111111111111111"
VOTE: Final = "Vote111111111111111111111111111111111111111"
SPL: Final = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
SPL_2022: Final = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
ATA: Final = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"
TOKEN_PROGRAMS: Final = frozenset({SPL, SPL_2022})

PUMP: Final = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"
PUMP_SWAP: Final = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"
RAYDIUM_V4: Final = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
RAYDIUM_CPMM: Final = "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C"
RAYDIUM_CLMM: Final = "CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK"
LAUNCHLAB: Final = "LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj"
WHIRLPOOL: Final = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
METEORA_DLMM: Final = "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo"
METEORA_DAMM: Final = "Eo7WjKq67rjJQSZxS6z3YkapzY3eMj6Xy8X5EQVn5UaB"
METEORA_DAMM_V2: Final = "cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG"
METEORA_DBC: Final = "dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN"
METEORA_VAULT: Final = "24Uqj9JCLxUeoC3hGfh5W3s9FM9uCHDS2SG3LYwBpyTi"
SANCTUM: Final = "stkitrT1Uoy18Dk1fTrgPw8W6MVzoCfYoAFT4MLsmhq"
SANCTUM_INFINITY: Final = "5ocnV1qiCgaQR8Jb8xWnVbApfaygJ8tNoZfgPwsgx9kx"
MOONIT: Final = "MoonCVVNZFSYkqNXP6bxHLPL6QQJiMagDL3qcqUQTrG"
BOOP: Final = "boop8hVGQGqehUK2iVEMEnMrL5RbjywRzHKBmBE7ry4"
HEAVEN: Final = "HEAVENoP2qxoeuF8Dj2oT1GHEnu49U5mJYkdeC8BAX2o"
GAMMA: Final = "GAMMA7meSFWaBXF25oSUgmGRwaW6sCMFLmBNiMSdbHVT"
BYREAL: Final = "REALQqNEomY6cQGZJUGwywTBD2UmDT32rZcNnfxQ5N2"
JUPITER: Final = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"
DFLOW: Final = "DF1ow4tspfHX9JwWJsAb9epbkA8hmpSEAtxXy1V27QBH"
OKX: Final = "6m2CDdhRgxpH4WjvdzxAYbGxwdGUz5MziiL5jek2kBma"
OKX_V2: Final = "proVF4pMXVaYqmy4NjniPh4pqKNfMmsihgd4wdkCX3u"
PHOENIX: Final = "PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY"
JUPITER_DCA: Final = "DCA265Vj8a9CEuX1eb1LWRnDT7uK6q1xMipnNyatn23M"

WSOL: Final = "So11111111111111111111111111111111111111112"
USDC: Final = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
USDT: Final = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"
USD1: Final = "USD1ttGY1N17NEEHLmELoaybftRBUSErhqYiQzvEmuB"
PYUSD: Final = "2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo"
USDG: Final = "2u1tszSeqZ3qBWF3uNGPFc8TzMk2tdiwknnRMWGWjGWH"
STABLES: Final = frozenset({USDC, USDT, USD1, PYUSD, USDG})


class Program(NamedTuple):
    """A known program: its published name and its part in a trade."""

    name: str
    kind: Kind


# Ids as each project publishes them, and as the routers' public list of venues names them
# (https://lite-api.jup.ag/swap/v1/program-id-to-label).
_NAMES: Final[dict[Kind, dict[str, str]]] = {
    "router": {
        JUPITER: "Jupiter v6",
        "JUP4Fb2cqiRUcaTHdrPC8h2gNsA2ETXiPDD33WcGuJB": "Jupiter v4",
        "JUP2jxvXaqu7NQY1GmNF4m1vodw12LVXYxbFL2uJvfo": "Jupiter v2",
        OKX: "OKX DEX",
        "HV1KXxWFaSeriyFvXyx48FqG9BoFbfinB8njCJonqP7K": "OKX router",
        "routeUGWgWzqBWFcrCfv8tritsqukccJPu3q5GPP3xS": "Raydium route",
        OKX_V2: "OKX router v2",
        "T1TANpTeScyeqVzzgNViGDNrkQ6qHz9KrSBS4aNXvGT": "Titan",
        DFLOW: "DFlow",
    },
    "amm": {
        RAYDIUM_V4: "Raydium AMM v4",
        "5quBtoiQqxF9Jv6KYKctB59NT3gtJD2Y65kdnB1Uev3h": "Raydium stable",
        RAYDIUM_CPMM: "Raydium CPMM",
        RAYDIUM_CLMM: "Raydium CLMM",
        LAUNCHLAB: "Raydium LaunchLab",
        WHIRLPOOL: "Orca Whirlpool",
        "9W959DqEETiGZocYWCQPaJ6sBmUzgfxXfqGeTEdp3aQP": "Orca v2",
        "DjVE6JNiYqPL2QXyCUUh8rNjHrbz9hXHNYt99MQ59qw1": "Orca v1",
        METEORA_DLMM: "Meteora DLMM",
        METEORA_DAMM: "Meteora DAMM v1",
        METEORA_DAMM_V2: "Meteora DAMM v2",
        METEORA_DBC: "Meteora DBC",
        METEORA_VAULT: "Meteora vault",
        PUMP: "pump.fun",
        PUMP_SWAP: "PumpSwap",
        MOONIT: "Moonit",
        BOOP: "boop.fun",
        HEAVEN: "Heaven",
        PHOENIX: "Phoenix",
        "opnb2LAfJYbRMAHHvqjCwQxanZn7ReEHp1k81EohpZb": "OpenBook v2",
        "srmqPvymJeFKQ4zGQed1GFppgkRHL9kaELCbyksJtPX": "OpenBook v1",
        "EewxydAPCCVuNEyrVN68PuSYdQ7wKn27V9Gjeoi8dy3S": "Lifinity v1",
        "2wT8Yq49kHgDzXuPxZSaeLaH1qbmGXtEyPy64bL7aD3c": "Lifinity v2",
        "SoLFiHG9TfgtdUXUjWAxi3LtvYuFyDLVhBWxdMZxyCe": "SolFi",
        "ZERor4xhbUycZ6gb9ntrhqscUcZmAbQDjEAtCf4hbZY": "ZeroFi",
        GAMMA: "GooseFX GAMMA",
        "SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ": "Saber",
        SANCTUM: "Sanctum",
        SANCTUM_INFINITY: "Sanctum Infinity",
        "swapNyd8XiQwJ6ianp9snpu4brUqFxadzvHebnAXjJZ": "Stabble",
        "MNFSTqtC93rEfYHB6hF82sKdZpUDFWkViLByLd1k1Ms": "Manifest",
        "FLUXubRmkEi2q6K3Y9kBPg9248ggaZVsoSFhtJHSrm1X": "FluxBeam",
        "SV2EYYJyRz2YhfXwXnhNAevDEui5Q6yrfyo13WtupPF": "SolFi V2",
        "9H6tua7jkLhdm3w8BvgpTn5LZNU7g4ZynDmCiNN3q6Rp": "HumidiFi",
        "BiSoNHVpsVZW2F7rx2eQ59yQwKxzU5NvBcmKshCSUypi": "BisonFi",
        "TessVdML9pBGgG9yGks7o4HewRaXVAMuoVj4x83GLQH": "TesseraV",
        "goonERTdGsjnkZqWuVjs73BZ3Pb9qoCUdBUL17BnS5j": "GoonFi",
        "goonuddtQRrWqqn5nFyczVKaie28f3kDkHWkHtURSLE": "GoonFi V2",
        "ALPHAQmeA7bjrVuccPsYPiCvsi428SNwte66Srvs4pHA": "AlphaQ",
        "AQU1FRd7papthgdrwPTTq5JacJh8YtwEXaBfKU3bTz45": "Aquifer",
        BYREAL: "Byreal",
        "DEXYosS6oEGvk8uCDayvwEZz4qEyDJRf9nFgYCaqPMTm": "1DEX",
        "MERLuDFBMmsHnsBPZw2sDQZHvXFMwp8EdjudcU2HKky": "Mercurial",
        "AMM55ShdkoGRB5jVYPjWziwk8m5MpwyDgsMWHaMSQWH6": "Aldrin",
        "CURVGoZn8zycx6FXwwevgBTB2gVvdbGTEpvMJDbgs2t4": "Aldrin V2",
    },
    "bot": {
        "BSfD6SHZigAfDWSjzD5Q41jw8LmKwtmjskPH9XW1mrRW": "Photon",
        "BANANAjs7FJiPQqJTGFzkZJndT9o7UmKiYYGaJz6frGu": "BananaGun",
        "b1oomGGqPKGD6errbyfbVMBuzSC8WtAAYo8MwNafWW1": "Bloom",
        "MaestroAAe9ge5HTc64VbBQZ6fP77pwvrhM8i1XWSAx": "Maestro",
        "NoVA1TmDUqksaj2hB1nayFkPysjJbFiU76dT4qPw2wm": "Nova",
        "minTcHYRLVPubRK8nt6sqe2ZpWrGDLQoNLipDJCGocY": "Mintech",
        "FLASHX8DrLbgeR8FcfNV1F5krxYcYMUdBkrP1EPBtxB9": "Axiom",
    },
    "keeper": {
        JUPITER_DCA: "Jupiter DCA",
        "VALaaymxQh2mNy2trH9jUqHT1mTow76wpTcGmSWSwJe": "Jupiter VA",
        "jupoNjAxXgZ4rjzxzPMP4oxduvQsQtZzyknqvzYNrNu": "Jupiter limit v1",
        "j1o2qRpjcyUwEvwtcfhEQefh773ZgjxcVRry7LDqg5X": "Jupiter limit v2",
        "61DFfeTKM7trxYcPQCM78bJ794ddZprZpAwAnLiwTpYH": "Jupiter order engine",
    },
    "system": {
        SYSTEM: "System",
        COMPUTE_BUDGET: "ComputeBudget",
        SPL: "SPL Token",
        SPL_2022: "Token-2022",
        ATA: "ATA",
        "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr": "Memo",
        "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo": "Memo v1",
    },
}
PROGRAMS: Final = {
    address: Program(name, kind)
    for kind, group in _NAMES.items()
    for address, name in group.items()
}
AMMS: Final = frozenset(_NAMES["amm"])
KEEPERS: Final = frozenset(_NAMES["keeper"])
INTERMEDIARIES: Final = frozenset(_NAMES["router"]) | frozenset(_NAMES["bot"])
SYSTEM_PROGRAMS: Final = frozenset(_NAMES["system"])

# Place of the pool among the accounts of the program's swap instruction, as its IDL orders them.
POOL_ACCOUNT: Final = {
    PUMP: 3,
    PUMP_SWAP: 0,
    RAYDIUM_V4: 1,
    RAYDIUM_CPMM: 3,
    RAYDIUM_CLMM: 2,
    LAUNCHLAB: 4,
    METEORA_DLMM: 0,
    METEORA_DAMM: 0,
    METEORA_DAMM_V2: 1,
    METEORA_DBC: 2,
    PHOENIX: 2,
    MOONIT: 2,
    BOOP: 1,
    HEAVEN: 4,
}

# Place of the trader, where the program moves the pool's coins before his.
TRADER_ACCOUNT: Final = {PHOENIX: 3, PUMP_SWAP: 1, MOONIT: 0, BOOP: 6, HEAVEN: 5}

# Curves that take SOL itself: the places of the account that holds it and of the one that holds
# the curve's coins.
NATIVE_VAULTS: Final = {MOONIT: (2, 3), BOOP: (4, 3)}
