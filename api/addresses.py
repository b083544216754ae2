"""Which act each address is: the door's route table against the acts of api/roles.

A test compares this with every route that the application has; and what stands in no row here is
refused when it is asked for, so that a forgotten row closes a door instead of opening one.
"""

import re
from dataclasses import dataclass

from api.roles import Act

PEOPLE_PREFIXES = (
    "/v1/mirrors", "/v1/visits", "/v1/consents", "/v1/recordings", "/v1/clips", "/v1/customers",
)  # fmt: skip
"""What lies below belongs to people: customers/access decides there."""

ADDRESSES: tuple[tuple[str, Act], ...] = (
    ("GET /", Act.ENTER),
    ("GET /pages/{file:path}", Act.ENTER),
    ("GET /healthz", Act.ENTER),
    ("GET /readyz", Act.ENTER),
    ("GET /v1/openapi.json", Act.ENTER),
    ("GET /console", Act.ENTER),
    ("GET /v1/session", Act.ENTER),
    ("POST /v1/session", Act.ENTER),
    ("DELETE /v1/session", Act.ENTER),
    ("GET /v1/shop", Act.SEE_SHOP),
    ("GET /v1/search", Act.SEARCH),
    ("POST /v1/search", Act.SEARCH),
    ("POST /v1/regions", Act.SEARCH),
    ("GET /v1/products/{sku:path}/pictures/{ordinal}", Act.SEE_PRODUCT),
    ("GET /v1/products/{sku:path}", Act.SEE_PRODUCT),
    ("PUT /v1/products/{sku:path}", Act.WRITE_PRODUCT),
    ("PATCH /v1/products/{sku:path}", Act.WRITE_PRODUCT),
    ("POST /v1/products:stock", Act.WRITE_PRODUCT),
    ("DELETE /v1/products/{sku:path}", Act.DELETE_PRODUCT),
    ("GET /v1/products", Act.BROWSE),
    ("GET /saved", Act.ENTER),
    ("GET /v1/widget.js", Act.ENTER),
    ("GET /metrics", Act.SEE_METRICS),
    ("POST /v1/devices", Act.KEEP_SAVED),
    ("GET /v1/saved", Act.KEEP_SAVED),
    ("DELETE /v1/saved", Act.KEEP_SAVED),
    ("PUT /v1/saved/products/{sku:path}", Act.KEEP_SAVED),
    ("DELETE /v1/saved/products/{sku:path}", Act.KEEP_SAVED),
    ("POST /v1/saved/snaps", Act.KEEP_SAVED),
    ("GET /v1/saved/{item_id}", Act.KEEP_SAVED),
    ("GET /v1/saved/{item_id}/picture", Act.KEEP_SAVED),
    ("DELETE /v1/saved/{item_id}", Act.KEEP_SAVED),
    ("GET /v1/flaws", Act.BROWSE),
    ("GET /v1/rules", Act.BROWSE),
    ("GET /v1/rules/{name}", Act.BROWSE),
    ("POST /v1/rules/preview", Act.BROWSE),
    ("PUT /v1/rules/{name}", Act.WRITE_RULES),
    ("DELETE /v1/rules/{name}", Act.WRITE_RULES),
    ("GET /v1/keys", Act.MANAGE_KEYS),
    ("POST /v1/keys", Act.MANAGE_KEYS),
    ("POST /v1/keys/{key_id}/rotate", Act.MANAGE_KEYS),
    ("DELETE /v1/keys/{key_id}", Act.MANAGE_KEYS),
    ("POST /v1/events", Act.TELL_EVENT),
    ("GET /v1/demand", Act.SEE_DEMAND),
    ("GET /v1/catalogue", Act.BROWSE),
    ("PUT /v1/products/{sku:path}/pictures", Act.WRITE_PRODUCT),
    ("POST /v1/spaces/search", Act.BROWSE),
    ("GET /v1/jobs", Act.SEE_JOBS),
    ("POST /v1/jobs", Act.RUN_JOBS),
    ("GET /v1/jobs/{job_id}", Act.SEE_JOBS),
    ("GET /v1/jobs/{job_id}/events", Act.SEE_JOBS),
    ("GET /v1/jobs/{job_id}/rejected.csv", Act.SEE_JOBS),
    ("POST /v1/jobs/{job_id}/pause", Act.RUN_JOBS),
    ("POST /v1/jobs/{job_id}/resume", Act.RUN_JOBS),
    ("POST /v1/jobs/{job_id}/cancel", Act.RUN_JOBS),
    ("GET /v1/spaces", Act.SEE_JOBS),
    ("GET /v1/uploads", Act.SEE_JOBS),
    ("POST /v1/uploads/trial", Act.SEE_JOBS),
    ("PUT /v1/uploads/{delivery}/{file}", Act.RUN_JOBS),
    ("DELETE /v1/uploads/{delivery}/{file:path}", Act.RUN_JOBS),
    ("GET /v1/audit", Act.SEE_AUDIT),
)


@dataclass(frozen=True, slots=True)
class Place:
    """One row of the table that a request fits: what it does, and to what (a SKU, a job …)."""

    act: Act
    subject: str


class Addresses:
    """The table, ready to be asked."""

    def __init__(self, rows: tuple[tuple[str, Act], ...] = ADDRESSES) -> None:
        self._rows: dict[str, list[tuple[re.Pattern[str], Act]]] = {}
        for place, act in rows:
            method, _, template = place.partition(" ")
            self._rows.setdefault(method, []).append((_pattern(template), act))

    def find(self, method: str, path: str) -> Place | None:
        """What `method` at `path` is, None where the table has no row."""
        if any(path == prefix or path.startswith(prefix + "/") for prefix in PEOPLE_PREFIXES):
            return Place(Act.PEOPLE, "")
        for pattern, act in self._rows.get(method, ()):
            found = pattern.fullmatch(path)
            if found:
                return Place(act, " ".join(found.groups()))
        return None


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+(?::path)?\})", template)
    text = "".join(
        (("(.*)" if part.endswith(":path}") else "([^/]+)") if part.startswith("{")
         else re.escape(part)) for part in parts
    )  # fmt: skip
    return re.compile(text, re.DOTALL)
