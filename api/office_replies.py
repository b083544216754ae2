"""What callers of the back office read: jobs, keys, uploads, spaces, demand, the audit log."""

from typing import Any

from pydantic import BaseModel, Field

from api.replies import ProductReply

_MOMENT = "2026-11-22T09:00:00+00:00"


class JobReply(BaseModel):
    """A job: what was wished and where it stands; `done` of `total` steps of `stage`."""

    id: str = Field(examples=["19a8c2d4e5f0a1b2"])
    kind: str = Field(examples=["index"], description="index, unpack, reindex or compare")
    wish: dict[str, Any] = Field(examples=[{"source": "spring/catalogue.csv", "dry_run": False}])
    by: str = Field(examples=["Ana"])
    created_at: str = Field(examples=[_MOMENT])
    status: str = Field(
        examples=["running"],
        description="waiting, running, paused, done, failed, cancelled or interrupted",
    )
    wanted: str = Field(examples=["run"], description="run, pause or cancel")
    stage: str = Field(examples=["seeing"])
    done: int = Field(examples=[120])
    total: int = Field(examples=[452], description="0 while it is not known")
    said: str = Field(description="Why it failed")
    started_at: str | None = Field(examples=[_MOMENT])
    ended_at: str | None
    ended: bool


class OneJobReply(JobReply):
    """A job with what it did, or would do."""

    report: dict[str, Any] | None = Field(examples=[{"added": 3, "changed": 1, "rejected": 2}])


class JobsReply(BaseModel):
    """Every job, youngest first."""

    jobs: list[JobReply]


class SpaceReply(BaseModel):
    """A model's space of the shop."""

    folder: str = Field(examples=[""])
    model: str = Field(examples=["vistazo-lite@0.1"])
    products: int = Field(examples=[452])
    live: bool


class SpacesReply(BaseModel):
    """Every space, the live one first."""

    spaces: list[SpaceReply]


class DeliveryReply(BaseModel):
    """What was uploaded under one name."""

    name: str = Field(examples=["spring"])
    files: list[str] = Field(examples=[["catalogue.csv", "pictures.zip"]])
    pictures: int = Field(examples=[452])
    at: str = Field(examples=[_MOMENT])


class UploadsReply(BaseModel):
    """Every delivery, youngest first."""

    uploads: list[DeliveryReply]


class UploadReply(BaseModel):
    """Under which name a job finds what was uploaded."""

    source: str = Field(examples=["spring/catalogue.csv"])


class TrialReply(BaseModel):
    """The first rows of a table, and what its columns were taken for."""

    columns: list[dict[str, Any]] = Field(
        examples=[[{"name": "Artikelnummer", "field": "sku", "samples": ["mb01-blue"]}]]
    )
    rows: list[dict[str, Any]]
    notes: list[str]
    missing: list[str]
    size_bytes: int = Field(examples=[48_213])


class GroupReply(BaseModel):
    """What more than `group_above` devices have looked for: a kind, a colour or a word."""

    what: str = Field(examples=["word"])
    value: str = Field(examples=["kaftan"])
    devices: int = Field(examples=[23])
    searches: int = Field(examples=[41])
    missed: int = Field(examples=[38], description="Searches that found nothing like it")


class DemandReply(BaseModel):
    """What shoppers looked for and what came of it, counted over `months`."""

    months: list[str] = Field(examples=[["2026-11"]])
    totals: dict[str, int] = Field(
        examples=[{"searches": 900, "refused": 40, "empty": 3, "shown": 850, "opened": 310,
                   "saved": 22, "added_to_cart": 12, "bought": 5, "clicked": 240}]
    )  # fmt: skip
    rates: dict[str, float] = Field(
        examples=[{"refused": 0.0444, "empty": 0.0033, "opened": 0.3444, "click_through": 0.2824}]
    )
    groups: list[GroupReply]
    group_above: int = Field(examples=[10])


class SessionReply(BaseModel):
    """Who asks and what is open to her; `keyed` once the shop has its first key."""

    role: str | None = Field(examples=["merchandiser"])
    name: str = Field(examples=["Ana"])
    expires_at: str | None
    local: bool
    keyed: bool
    acts: list[str] = Field(examples=[["search", "see_product"]])


class KeyReply(BaseModel):
    """A key without its secret."""

    id: str = Field(examples=["5f0e4c53"])
    role: str = Field(examples=["shopper"])
    name: str = Field(examples=["Web shop"])
    origins: list[str] = Field(examples=[["https://shop.example"]])
    created_at: str = Field(examples=[_MOMENT])
    expires_at: str | None
    revoked_at: str | None
    used_on: str | None = Field(examples=["2026-11-22"])


class NewKeyReply(KeyReply):
    """A key that was just made; its secret is shown this once, null where this is told again."""

    key: str | None = Field(examples=["vistazo_pk_…"])


class KeysReply(BaseModel):
    """Every key ever made, oldest first."""

    keys: list[KeyReply]


class NoteReply(BaseModel):
    """One write."""

    id: int
    at: str | None = Field(examples=[_MOMENT])
    who: str = Field(examples=["5f0e4c53"], description="A key's id, this machine, or cli:USER")
    name: str = Field(examples=["Ana"])
    act: str = Field(examples=["write_product"])
    method: str = Field(examples=["PUT"])
    subject: str = Field(examples=["mb01-blue"])
    status: int = Field(examples=[200])


class AuditReply(BaseModel):
    """A page of the audit log, youngest first."""

    notes: list[NoteReply]
    next: int | None = Field(description="The `before` of the next page")


class KeptProductReply(ProductReply):
    """A product as its keepers see it: how many pictures it has, and the first."""

    pictures: int = Field(examples=[2])
    image: str | None = Field(examples=["/v1/products/mb01-blue/pictures/0"])


class CatalogueReply(BaseModel):
    """A page of the catalogue, by SKU."""

    products: list[KeptProductReply]
    total: int = Field(examples=[452])
    next: str | None = Field(description="The `after` of the next page")


class DeviceReply(BaseModel):
    """An app's device: a secret that it keeps and sends as `X-Vistazo-Device`."""

    device: str = Field(examples=["vzd_…"])


class AliveReply(BaseModel):
    """The process lives."""

    status: str = Field(examples=["alive"])


class ReadyReply(BaseModel):
    """Searches succeed."""

    status: str = Field(examples=["ready"])
    products: int = Field(examples=[452])
