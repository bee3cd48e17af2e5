"""Keys of the world's actors, derived from the seed, and signatures over messages."""

import hashlib
from functools import lru_cache

from solders.keypair import Keypair
from solders.signature import Signature

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@lru_cache(maxsize=4096)
def _keypair(secret: bytes) -> Keypair:
    return Keypair.from_seed(secret)


class Keyring:
    """Signs for every address it made; others get 64 bytes that only look like a signature."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.secrets: dict[str, bytes] = {}

    def make(self, label: str) -> str:
        """Create the actor `label` and return its address."""
        secret = hashlib.sha256(f"{self.seed}/{label}".encode()).digest()
        address = str(_keypair(secret).pubkey())
        self.secrets[address] = secret
        return address

    def sign(self, address: str, message: bytes) -> str:
        """Sign `message` (ed25519, deterministic) and return base58."""
        secret = self.secrets.get(address)
        if secret is not None:
            return str(_keypair(secret).sign_message(message))
        return str(Signature(hashlib.sha512(address.encode() + message).digest()))


def vanity(label: str, ending: str = "pump") -> str:
    """Give a 32-byte address ending in `ending`, as pump.fun mints do; nobody holds its key."""
    for attempt in range(64):
        digest = hashlib.sha256(f"{label}/{attempt}".encode()).digest()
        number = int.from_bytes(digest, "big")
        letters = []
        while number:
            number, rest = divmod(number, 58)
            letters.append(ALPHABET[rest])
        candidate = "".join(reversed(letters))[: -len(ending)] + ending
        value = 0
        for letter in candidate:
            value = value * 58 + ALPHABET.index(letter)
        if 2**248 <= value < 2**256:
            return candidate
    raise AssertionError("no vanity address found")
