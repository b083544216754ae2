"""Receipts: a search's id is signed, so that only what came of real searches is counted, and once.

The key is the shop's, so that several servers of one shop know each other's searches; each of them
counts for itself. Memory is bounded: where too much is remembered, the oldest search is forgotten,
and ids as old as it count nothing from then on, so that none is counted twice; so do those of
before the start.
"""

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256

GOOD_S = 6 * 3600
"""So long after a search what came of it is counted: a shopper's evening."""
MOST_OF_ONE = 200
"""Of one search: more than anybody opens; a single search cannot be milked with made-up SKUs."""
MOST_MARKS = 100_000
_AT_BYTES, _DRAWN_BYTES, _SIGN_BYTES = 4, 6, 6


class Receipts:
    """The receipts of one server, signed with the shop's `key`; for any thread."""

    def __init__(
        self, key: bytes, clock: Callable[[], float] = time.time, most_marks: int = MOST_MARKS
    ) -> None:
        self._key, self._clock, self._most_marks = key, clock, most_marks
        self._lock = threading.Lock()
        self._marks: OrderedDict[bytes, set[tuple[str, str]]] = OrderedDict()
        self._held = 0
        self._forgotten_at = int(clock()) - 1

    def new_id(self) -> str:
        """A search's id: 32 hexadecimal digits, no two alike."""
        at = int(self._clock()).to_bytes(_AT_BYTES)
        bare = at + secrets.token_bytes(_DRAWN_BYTES)
        return (bare + self._sign(bare)).hex()

    def is_first(self, search_id: str, event: str, sku: str) -> bool:
        """Whether this is to be counted: it came of a search that this server answered in the last
        GOOD_S, and was not told before. Whatever `search_id` is, nothing is raised."""
        try:
            told = bytes.fromhex(search_id)
        except ValueError:
            return False
        bare, sign = told[:-_SIGN_BYTES], told[-_SIGN_BYTES:]
        if len(bare) != _AT_BYTES + _DRAWN_BYTES or not hmac.compare_digest(sign, self._sign(bare)):
            return False
        at = int.from_bytes(bare[:_AT_BYTES])
        if self._clock() - at > GOOD_S:
            return False
        with self._lock:
            return self._mark(bare, at, (event, sku))

    def _mark(self, bare: bytes, at: int, mark: tuple[str, str]) -> bool:
        marks = self._marks.get(bare)
        if marks is None:
            if at <= self._forgotten_at:
                return False
            marks = self._marks[bare] = set()
        if mark in marks or len(marks) >= MOST_OF_ONE:
            return False
        marks.add(mark)
        self._held += 1
        while self._held > self._most_marks:
            oldest, gone = self._marks.popitem(last=False)
            self._held -= len(gone)
            self._forgotten_at = max(self._forgotten_at, int.from_bytes(oldest[:_AT_BYTES]))
        return True

    def _sign(self, bare: bytes) -> bytes:
        return hmac.new(self._key, bare, sha256).digest()[:_SIGN_BYTES]
