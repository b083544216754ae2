"""Fetching many pictures without being a nuisance: few at a time of each host, slower when asked.

Promises: no host is asked more than `per_host` questions at once, none at all before a moment that
it named with Retry-After; what was had an hour ago is not asked for again, so a run that was killed
goes on where it stopped; a host that is down costs a few questions, not one for each picture.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from index.address import Resolve
from index.errors import BadLink
from index.fetch import Fetched, FetchLimits, fetch_picture
from index.links import LinkNote, Links, place_of


@dataclass(frozen=True, slots=True)
class Courtesy:
    """How many at once, in all and of one host; how often a passing failure is tried again, first
    after `back_off_s`, then twice that and so on, at most `wait_most_s`; for how long an answer
    counts as `fresh_s`; how many failures in a row mean that a host is down."""

    at_once: int = 16
    per_host: int = 4
    tries: int = 4
    back_off_s: float = 1.0
    wait_most_s: float = 120.0
    fresh_s: float = 3_600.0
    down_after: int = 8


@dataclass(slots=True)
class Tally:
    """What became of the links: fetched, the same as before, not asked as too fresh, failed."""

    fetched: int = 0
    unchanged: int = 0
    fresh: int = 0
    size_bytes: int = 0
    failed: dict[str, BadLink] = field(default_factory=dict)


@dataclass(slots=True)
class _Wish:
    url: str
    sku: str
    tries: int = 0


@dataclass(slots=True)
class _Host:
    waiting: deque[_Wish] = field(default_factory=deque)
    running: int = 0
    not_before_s: float = 0.0
    failures: int = 0


def fetch_all(
    links: Links,
    wanted: Sequence[tuple[str, str]],
    limits: FetchLimits,
    courtesy: Courtesy,
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    resolve: Resolve | None = None,
    clock: Callable[[], float] = time.time,
) -> Tally:
    """Have a copy of each (url, SKU) in `wanted`, once; `failed` says which could not be had anew.

    A copy that is there already stays when its link fails. Raises ShopBroken, OSError.
    """
    return _Round(links, limits, courtesy, resolve, clock).run(wanted, on_progress)


class _Round:
    def __init__(
        self,
        links: Links,
        limits: FetchLimits,
        courtesy: Courtesy,
        resolve: Resolve | None,
        clock: Callable[[], float],
    ) -> None:
        self._links, self._limits, self._courtesy = links, limits, courtesy
        self._resolve, self._clock = resolve, clock
        self._hosts: dict[str, _Host] = {}
        self._tally = Tally()

    def run(
        self, wanted: Sequence[tuple[str, str]], on_progress: Callable[[int, int], None]
    ) -> Tally:
        skus = dict(reversed(wanted))  # the first that names a link is told
        for url in dict.fromkeys(url for url, _ in wanted):
            self._queue(_Wish(url, skus[url]))
        total, running = len(skus), dict[Future[Fetched], tuple[str, _Wish]]()
        with ThreadPoolExecutor(self._courtesy.at_once, thread_name_prefix="fetch") as pool:
            try:
                while True:
                    self._start(pool, running)
                    waiting = sum(len(host.waiting) for host in self._hosts.values())
                    on_progress(total - waiting - len(running), total)
                    if not waiting and not running:
                        return self._tally
                    self._finish(running)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _queue(self, wish: _Wish) -> None:
        note = self._links.find(wish.url)
        fresh = note is not None and self._clock() - note.checked_at < self._courtesy.fresh_s
        if fresh and note is not None and not note.code and self._has_copy(wish.url):
            self._tally.fresh += 1
            return
        name = urlsplit_host(wish.url)
        self._hosts.setdefault(name, _Host()).waiting.append(wish)

    def _start(
        self, pool: ThreadPoolExecutor, running: dict[Future[Fetched], tuple[str, _Wish]]
    ) -> None:
        for name, host in self._hosts.items():
            self._give_up_on(host)
            while (
                host.waiting
                and host.running < self._courtesy.per_host
                and len(running) < self._courtesy.at_once
                and self._clock() >= host.not_before_s
            ):
                wish = host.waiting.popleft()
                wish.tries += 1
                host.running += 1
                running[pool.submit(self._fetch, wish)] = (name, wish)

    def _give_up_on(self, host: _Host) -> None:
        """A host that is down: what waits for it fails without being asked for."""
        if host.failures < self._courtesy.down_after:
            return
        while host.waiting:
            wish = host.waiting.popleft()
            down = BadLink(wish.url, "host_down", "its host does not answer", passing=True)
            self._failed(wish, down)

    def _finish(self, running: dict[Future[Fetched], tuple[str, _Wish]]) -> None:
        """Take what is ready, or wait until a host may be asked again."""
        if not running:
            until_s = min(h.not_before_s for h in self._hosts.values() if h.waiting)
            time.sleep(min(1.0, max(0.01, until_s - self._clock())))
            return
        ready, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
        for future in ready:
            name, wish = running.pop(future)
            host = self._hosts[name]
            host.running -= 1
            try:
                self._had(wish, future.result())
                host.failures = 0
            except BadLink as bad:
                self._again_or_failed(host, wish, bad)

    def _fetch(self, wish: _Wish) -> Fetched:
        note = self._links.find(wish.url) if self._has_copy(wish.url) else None
        return fetch_picture(
            wish.url,
            self._limits,
            etag="" if note is None else note.etag,
            modified="" if note is None else note.modified,
            resolve=self._resolve,
        )

    def _had(self, wish: _Wish, found: Fetched) -> None:
        now = self._clock()
        if found.data is None:
            self._tally.unchanged += 1
            held = self._links.find(wish.url) or LinkNote(wish.url, wish.sku)
            same = replace(held, sku=wish.sku, code="", reason="", checked_at=now, copied=True)
            self._links.keep(same)
            return
        note = LinkNote(wish.url, wish.sku, found.etag, found.modified, checked_at=now, copied=True)
        if self._holds(wish.url, found.data):  # a host without ETags: an untouched file is cheaper
            self._tally.unchanged += 1
            self._links.keep(note)
            return
        self._tally.fetched += 1
        self._tally.size_bytes += len(found.data)
        self._links.keep(note, found.data)

    def _again_or_failed(self, host: _Host, wish: _Wish, bad: BadLink) -> None:
        if bad.code in ("connection", "timeout", "unknown_host"):
            host.failures += 1
        if not bad.passing or wish.tries >= self._courtesy.tries:
            self._failed(wish, bad)
            return
        pause_s = bad.retry_after_s
        if pause_s is None:
            pause_s = self._courtesy.back_off_s * 2 ** (wish.tries - 1)
        pause_s = min(pause_s, self._courtesy.wait_most_s)
        host.not_before_s = max(host.not_before_s, self._clock() + pause_s)
        host.waiting.append(wish)

    def _failed(self, wish: _Wish, bad: BadLink) -> None:
        self._tally.failed[wish.url] = bad
        held = self._links.find(wish.url) or LinkNote(wish.url, wish.sku)
        self._links.keep(
            replace(
                held,
                sku=wish.sku,
                code=bad.code,
                reason=bad.reason,
                checked_at=self._clock(),
                copied=self._has_copy(wish.url),
            )
        )

    def _has_copy(self, url: str) -> bool:
        return place_of(self._links.folder, url).is_file()

    def _holds(self, url: str, data: bytes) -> bool:
        place = place_of(self._links.folder, url)
        try:
            return place.stat().st_size == len(data) and place.read_bytes() == data
        except OSError:
            return False


def urlsplit_host(url: str) -> str:
    """What links of one host have in common; "" for what is no link."""
    try:
        return urlsplit(url).netloc.casefold()
    except ValueError:
        return ""
