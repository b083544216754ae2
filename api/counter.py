"""The routes of the back office: jobs, deliveries, demand, and what the console needs."""

from fastapi import FastAPI

from api import browsing, console, events, job_desk, second_sight, uploads
from api.shop import Shop


def open_counter(app: FastAPI, shop: Shop) -> None:
    """Add them to `app`. Browsing comes before the routes of one product, whose SKU may be
    anything."""
    for routes in (job_desk.routes, uploads.routes, events.routes):
        app.include_router(routes(shop.office))
    for shop_routes in (browsing.routes, second_sight.routes, console.routes):
        app.include_router(shop_routes(shop))
