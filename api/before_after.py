"""The same questions with known answers asked of the live space and of another model's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.expectations import Expectations, cells_of, read_queries
from api.live import follow
from api.reindexing import target_of
from api.settings import Settings
from api.shop import open_shop
from api.yardstick import judge_all, report
from index.catalogue import FIELDS, product_of
from index.shelf import Shelf

Step = Callable[[str, int, int], None]


def before_after(settings: Settings, name: str, queries: Path, step: Step) -> dict[str, Any]:
    """The yardstick's figures of both spaces, `now` and `then`, for the queries of a file.

    Raises BadQueries, BadModel, NoShop, ShopBroken.
    """
    asked = read_queries(queries)
    target = target_of(settings, name)
    place = settings.shop / target.folder if target.folder else settings.shop
    other = settings.model_copy(update={"shop": place, "model": target.model})
    told: dict[str, Any] = {"queries": len(asked.rows)}
    for when, which in (("now", follow(settings)), ("then", other)):
        shop = open_shop(which.model_copy(update={"decoders": 0}))
        try:
            expected = Expectations([cells_of(product) for product in _products(shop.shelf)])
            measured = []
            for one in judge_all(shop, asked.rows, expected):
                measured.append(one)
                step("asking", len(measured), len(asked.rows))
            told[when] = report(measured)
        finally:
            shop.close()
    return told


def _products(shelf: Shelf) -> list[Any]:
    with shelf.database.reading() as connection:
        return [product_of(row) for row in connection.execute(f"SELECT {FIELDS} FROM products")]
