"""Builds everything once, by hand: a shop with its eye, its shelf and what the door needs."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from api.back_office import BackOffice, open_back_office
from api.body import BodyLimits
from api.courier import Courier
from api.entrance import SPARED, Entrance, Intake
from api.eye import open_encoder
from api.fetching import of_queries
from api.health import Heart
from api.home import home_of
from api.pictures import Thumbnails
from api.saved import Saved
from api.settings import Settings
from api.spotting import Spotter
from index.disposal import THUMBNAILS_FOLDER
from index.shelf import Shelf
from vision.batching import BatchingEncoder
from vision.budget import PixelBudget
from vision.darkroom import Darkroom
from vision.decode import Limits
from vision.decoder import Decoder, InPlace
from vision.encoder import Encoder
from vision.lexicon import Lexicon


@dataclass(frozen=True, slots=True)
class Shop:
    """One open shop and everything that serves it. Whoever builds it closes it."""

    name: str
    currency: str
    shelf: Shelf
    encoder: Encoder
    lexicon: Lexicon | None
    thumbnails: Thumbnails
    entrance: Entrance
    dock: Entrance
    """The entrance of changes: they wait for other things than searches do."""
    intake: Intake
    heart: Heart
    body_limits: BodyLimits
    picture_limits: Limits
    decoder: Decoder
    new_id: Callable[[], str]
    office: BackOffice
    courier: Courier
    saved: Saved
    spotter: Spotter

    def model_json(self) -> dict[str, str]:
        """The model's name and version, as every answer tells them."""
        return {"name": self.encoder.spec.name, "version": self.encoder.spec.version}

    def close(self) -> None:
        """Let go of the shop's files."""
        self.decoder.close()
        self.saved.close()
        self.shelf.close()
        self.office.close()


def read_lexicon(encoder: Encoder) -> Lexicon | None:
    """The model's lexicon, or None for one that understands any language by itself."""
    path = encoder.spec.lexicon
    return None if path is None else Lexicon.load(path)


def open_shop(settings: Settings) -> Shop:
    """The shop that `settings` describe, ready to serve.

    Raises NoShop, ShopBroken, ShopBusy, WrongSpace or BadModel.
    """
    encoder = open_encoder(settings, threads=settings.threads, lanes=settings.lanes)
    shelf = Shelf.open(settings.shop, encoder.spec, wish=settings.wish())
    shelf.tend()
    shelf.disposal.sweep(time.time())
    return shop_of(settings, shelf, _together(encoder, settings))


def _together(encoder: Encoder, settings: Settings) -> Encoder:
    """`encoder`, so that requests which arrive together are encoded together."""
    if settings.batch == 1:
        return encoder
    return BatchingEncoder(
        encoder, lanes=settings.lanes, most=settings.batch, max_waiting=settings.waiting
    )


def decoder_of(settings: Settings, limits: Limits) -> Decoder:
    """Workers apart, as many as `settings` say; for none, or off Linux, this process itself."""
    if not settings.decoders or sys.platform != "linux":
        return InPlace(limits)
    return Darkroom(
        limits,
        workers=settings.decoders,
        decode_s=settings.decode_s,
        memory_bytes=settings.decode_memory_bytes,
    )


def shop_of(settings: Settings, shelf: Shelf, encoder: Encoder) -> Shop:
    """A Shop around an open shelf and an encoder."""
    limits = Limits(
        max_bytes=settings.max_upload_bytes,
        max_pixels=settings.max_pixels,
        budget=PixelBudget(settings.max_pixels),
    )
    decoder = decoder_of(settings, limits)
    office = open_back_office(settings)
    return Shop(
        name=settings.name,
        currency=settings.currency,
        shelf=shelf,
        encoder=encoder,
        lexicon=read_lexicon(encoder),
        thumbnails=Thumbnails(shelf.folder / THUMBNAILS_FOLDER, decoder, shelf.disposal.is_shown),
        entrance=Entrance(settings.workers, settings.waiting, spared=SPARED),
        dock=Entrance(settings.writers, settings.waiting),
        intake=Intake(settings.max_held_bytes),
        heart=Heart(encoder),
        body_limits=BodyLimits(settings.max_upload_bytes, wait_s=settings.max_upload_wait_s),
        picture_limits=limits,
        decoder=decoder,
        new_id=office.receipts.new_id,
        office=office,
        courier=Courier(of_queries(settings)),
        saved=Saved(home_of(settings.shop.resolve()), settings.saved_most_bytes),
        spotter=Spotter(settings.regions, threads=settings.threads, max_waiting=settings.waiting),
    )
