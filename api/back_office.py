"""What stands behind the counter of one shop: its keys, its audit log, its jobs, its demand."""

from dataclasses import dataclass
from pathlib import Path

from fastapi import Depends, FastAPI

from api.addresses import Addresses
from api.audit import Audit
from api.body import BodyLimits
from api.demand import Demand
from api.home import home_of
from api.jobs import Jobs
from api.keys import Keys
from api.limits import Rate
from api.porter import Judge, Porter, Rules, demand_row
from api.receipts import Receipts
from api.repeating import Repeating
from api.repeats import Repeats
from api.settings import Settings
from api.stockroom import Stockroom

TOLD_TO_JOBS = ("model", "store", "threads", "max_upload_bytes", "max_pixels")


@dataclass(frozen=True, slots=True)
class BackOffice:
    """Everything that belongs to the shop rather than to one of its spaces."""

    home: Path
    settings: Settings
    keys: Keys
    audit: Audit
    judge: Judge
    jobs: Jobs
    stockroom: Stockroom
    demand: Demand
    receipts: Receipts
    repeats: Repeats

    @property
    def home_settings(self) -> Settings:
        """The settings of the shop as a whole, whichever of its spaces is live."""
        return self.settings.model_copy(update={"shop": self.home})

    def close(self) -> None:
        """Let go of the files."""
        self.keys.close()
        self.audit.close()
        self.jobs.close()
        self.demand.close()
        self.repeats.close()


def open_back_office(settings: Settings) -> BackOffice:
    """The back office of the shop one of whose spaces is `settings.shop`. Raises DoorBroken."""
    home = home_of(settings.shop.resolve())
    keys = Keys(home)
    per_address = Rate(settings.rate_per_s, settings.rate_burst)
    judge = Judge(keys, Rules(demand_keys=settings.demand_keys, per_address=per_address))
    known = {f"VISTAZO_{name.upper()}": str(getattr(settings, name)) for name in TOLD_TO_JOBS}
    jobs, stockroom = Jobs(home, known), Stockroom(home, settings.max_catalogue_bytes)
    demand = Demand(home)
    receipts = Receipts(demand.signing_key())
    return BackOffice(
        home, settings, keys, Audit(home), judge, jobs, stockroom, demand, receipts, Repeats(home)
    )


def post_porter(app: FastAPI, office: BackOffice) -> None:
    """Put the porter before every route of `app`; call it before the routes are joined."""
    app.router.dependencies.append(Depends(demand_row))
    most_bytes = office.settings.max_upload_bytes
    wait_s = BodyLimits().wait_s
    app.add_middleware(Repeating, repeats=office.repeats, most_bytes=most_bytes, wait_s=wait_s)
    app.add_middleware(  # around it: who asks is known, and may, before anything is answered again
        Porter,
        judge=office.judge,
        keys=office.keys,
        audit=office.audit,
        addresses=Addresses(),
    )
