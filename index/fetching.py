"""The pictures of a catalogue's rows that lie on other machines, had before anything is compared.

Promise: a link that fails costs itself only. Where a copy was had earlier it goes on being shown,
so a host that is down for an hour takes no product out of the shop.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.courtesy import Courtesy, Tally, fetch_all
from index.errors import BadLink, BadRow
from index.fetch import FetchLimits
from index.links import FETCHED_FOLDER, Links
from index.row import Row


@dataclass(frozen=True, slots=True)
class Fetching:
    """Within which bounds pictures are fetched, and how politely."""

    limits: FetchLimits = field(default_factory=FetchLimits)
    courtesy: Courtesy = field(default_factory=Courtesy)


def copies_of(shop: Path) -> Path:
    """Where the copies of a shop's remote pictures lie."""
    return shop / FETCHED_FOLDER


def fetch_pictures(
    shop: Path,
    rows: dict[str, Row],
    fetching: Fetching,
    on_progress: Callable[[int, int], None],
) -> tuple[Tally, list[BadRow]]:
    """Have a copy of every link in `rows`; what failed, row by row.

    `rows` is changed: pictures that cannot be had leave their row, and a row without pictures goes,
    so that its product stays as it was. Raises ShopBroken, OSError.
    """
    wanted = [(url, sku) for sku, row in rows.items() for url in row.links.values()]
    if not wanted:
        return Tally(), []
    links = Links(shop)
    try:
        tally = fetch_all(
            links, wanted, fetching.limits, fetching.courtesy, on_progress=on_progress
        )
    finally:
        links.close()
    bad: list[BadRow] = []
    for sku, row in list(rows.items()):
        failed = {p: tally.failed[url] for p, url in row.links.items() if url in tally.failed}
        if not failed:
            continue
        bad += [_told(row, link, has_copy=place.is_file()) for place, link in failed.items()]
        images = tuple(image for image in row.images if image not in failed or image.is_file())
        if images:
            rows[sku] = replace(row, images=images)
        else:
            del rows[sku]
    return tally, bad


def links_in(rows: Mapping[str, Row]) -> set[str]:
    """Every link that `rows` name."""
    return {url for row in rows.values() for url in row.links.values()}


def forget_needless(shop: Path, named: set[str], shown: set[str]) -> None:
    """Remove copies, with their notes, of links that the source has not `named` and that no product
    of the shop shows (their paths are not in `shown`). Raises ShopBroken."""
    folder = copies_of(shop)
    if not folder.is_dir():
        return
    links = Links(shop)
    try:
        links.prune(lambda url, place: url not in named and str(place) not in shown)
    finally:
        links.close()


def _told(row: Row, link: BadLink, *, has_copy: bool) -> BadRow:
    stays = "; the copy of earlier is shown" if has_copy else ""
    reason = f"{link.url}: {link.reason}{stays}"
    return BadRow(row.line, row.product.sku, "dead_link", reason)
