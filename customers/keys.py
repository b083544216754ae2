"""One key pair per customer; destroying it makes everything of hers unreadable, backups included.

Promise: `destroy` returns only after the key's bytes are overwritten, unlinked and the folder is
synced; it can be repeated. This folder must never go into a backup that keeps old versions.

Whoever seals something for her needs only her public key, so a mirror can seal what it can never
open again. A data key is wrapped as in ECIES: X25519 with an ephemeral key, HKDF-SHA256, AES-GCM.
"""

import os
import re
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from customers.errors import KeyDestroyed, PeopleBroken, SealBroken
from customers.files import sync_folder, write_whole

KEY_BYTES = 32
WRAPPED_BYTES = KEY_BYTES + KEY_BYTES + 16  # ephemeral public key, data key, tag
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NONCE = bytes(12)  # each wrapping key is used once


class Keys:
    """The folder of private keys, one file each, readable by its owner only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def make(self, customer_id: str) -> bytes:
        """Make her key if there is none; the public half comes back. It is on the disk then."""
        path = self._path(customer_id)
        if not path.exists():
            write_whole(path, X25519PrivateKey.generate().private_bytes_raw(), mode=0o600)
        return self.public(customer_id)

    def public(self, customer_id: str) -> bytes:
        """The public half; raises KeyDestroyed."""
        return self._private(customer_id).public_key().public_bytes_raw()

    def unwrap(self, customer_id: str, wrapped: bytes) -> bytes:
        """The data key inside `wrapped`; raises KeyDestroyed, or SealBroken where not for her."""
        private = self._private(customer_id)
        if len(wrapped) != WRAPPED_BYTES:
            raise SealBroken(customer_id, "its wrapped key is torn")
        ephemeral = X25519PublicKey.from_public_bytes(wrapped[:KEY_BYTES])
        secret = private.exchange(ephemeral)
        public = private.public_key().public_bytes_raw()
        try:
            return _wrapping(secret, wrapped[:KEY_BYTES], public).decrypt(
                _NONCE, wrapped[KEY_BYTES:], None
            )
        except InvalidTag as cause:
            raise SealBroken(customer_id, "it was sealed for another key") from cause

    def destroy(self, customer_id: str) -> None:
        """Overwrite, sync, unlink, sync; nothing happens where it is gone already."""
        path = self._path(customer_id)
        if path.exists():
            with path.open("r+b") as file:
                file.write(os.urandom(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        sync_folder(self._folder)

    def fingerprint(self, customer_id: str) -> str:
        """SHA-256 (hex) of the public half: names a key without giving anything away."""
        return sha256(self.public(customer_id)).hexdigest()

    def exists(self, customer_id: str) -> bool:
        """True until her key is destroyed."""
        return self._path(customer_id).exists()

    def _private(self, customer_id: str) -> X25519PrivateKey:
        try:
            raw = self._path(customer_id).read_bytes()
        except FileNotFoundError as cause:
            raise KeyDestroyed(customer_id) from cause
        if len(raw) != KEY_BYTES:
            raise PeopleBroken(str(self._folder), f"the key of {customer_id} is torn")
        return X25519PrivateKey.from_private_bytes(raw)

    def _path(self, customer_id: str) -> Path:
        if not _ID.fullmatch(customer_id):
            raise KeyDestroyed(customer_id)  # no such id was ever given out
        return self._folder / f"{customer_id}.key"


def wrap(public: bytes, data_key: bytes) -> bytes:
    """`data_key` for the holder of `public` alone; WRAPPED_BYTES long."""
    ephemeral = X25519PrivateKey.generate()
    secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
    mine = ephemeral.public_key().public_bytes_raw()
    return mine + _wrapping(secret, mine, public).encrypt(_NONCE, data_key, None)


def _wrapping(secret: bytes, ephemeral: bytes, public: bytes) -> AESGCM:
    kdf = HKDF(hashes.SHA256(), KEY_BYTES, salt=ephemeral + public, info=b"vistazo wrap 1")
    return AESGCM(kdf.derive(secret))
