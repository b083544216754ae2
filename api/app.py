"""The service: every route, put together over one shop, and over its people where it has any."""

from typing import TYPE_CHECKING

from fastapi import FastAPI

from api import (
    audit_log,
    flaws,
    keeping,
    page,
    product_changes,
    product_list,
    products,
    ready,
    regions,
    rules,
    search,
    signing_in,
    widget,
)
from api.back_office import post_porter
from api.counter import open_counter
from api.documenting import complete_document
from api.door import open_door
from api.meters import meter
from api.shop import Shop

if TYPE_CHECKING:
    from mirror.studio import Studio

DESCRIPTION = """Photo in, this store's most similar products out.

Errors are `application/problem+json` (RFC 9457) with a stable `code`.
"""


def create_app(shop: Shop, studio: "Studio | None" = None) -> FastAPI:
    """The ASGI application that serves `shop`; closing it closes the shop.

    With a `studio` it serves people and mirrors, too; whoever opened the studio tends and closes
    it, so that it outlives a change of the shop's model.
    """
    app = open_door("Vistazo", DESCRIPTION, closing=shop.close)
    post_porter(app, shop.office)
    app.include_router(search.routes(shop))  # first: routes are tried in turn, .1 ms for them all
    open_counter(app, shop)
    catalogue = (product_list, products, product_changes, rules, flaws)
    for room in (regions, keeping, *catalogue, ready, page, widget):
        app.include_router(room.routes(shop))
    for office_routes in (signing_in.routes, audit_log.routes):
        app.include_router(office_routes(shop.office))
    if studio is not None:
        from api import hers  # needs the mirror's extra, as people do; search does without
        from api.people import join

        join(app, studio)
        app.include_router(hers.routes(shop, studio))
    meter(app, shop)
    complete_document(app)
    return app
