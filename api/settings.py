"""What an operator may set, from the environment (VISTAZO_…) or the command line."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.choice import MEGABYTE, Wish

DEFAULT_SHOP = Path("shop")
MOST_THREADS = 4
"""Past four, a picture of a small model is not seen faster, and decoding wants cores too."""


def default_store() -> Path:
    """Where a user's published models lie unless VISTAZO_STORE says otherwise."""
    return Path.home() / ".local" / "share" / "vistazo" / "models"


def built_in() -> Path:
    """Where the files lie that come with the service."""
    from models.registry import BUILTIN

    return BUILTIN


def default_threads() -> int:
    """A thread per core that this process may use, four at most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(MOST_THREADS, cores or 1)


def default_workers() -> int:
    """One more request at once than cores: more would only make each other late."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(64, (cores or 1) + 1)


class Settings(BaseSettings):
    """Every setting has a default that serves a small shop on a small machine.

    Each can be given as an environment variable, for example VISTAZO_SHOP=/srv/shop or
    VISTAZO_THREADS=4. Raises pydantic's ValidationError for a value out of range.
    """

    model_config = SettingsConfigDict(env_prefix="VISTAZO_", extra="ignore", frozen=True)

    shop: Path = DEFAULT_SHOP
    """The folder that holds the catalogue, its vectors and the thumbnails."""
    name: str = Field("", max_length=80)
    """The shop's name as the page shows it; empty: the page's own title."""
    currency: str = Field("", pattern="^([A-Z]{3})?$")
    """ISO 4217 code of prices whose catalogue row names none; empty: shown as bare numbers."""
    model: str = "builtin"
    """A model's name (NAME or NAME@VERSION of the store), or the folder of its card."""
    store: Path = Field(default_factory=default_store)
    """The folder of published models."""
    regions: Path = Field(default_factory=built_in)
    """The folder of regions.onnx and regions.json, which find the things in a picture; where the
    folder has none, everything else works without."""
    index_memory_mb: int = Field(2_000, ge=1, le=10_000_000)
    """Memory that the vectors of a process may take, in millions of bytes."""
    index_kind: Literal["auto", "flat", "lists"] = "auto"
    """How vectors are searched: `flat` compares all, `lists` approximates; `auto` chooses by size
    and memory, and `vistazo doctor` says why."""
    threads: int = Field(default_factory=default_threads, ge=1, le=64)
    """Threads of a run of the encoder that is alone; by default a thread per core, four at most.
    Runs side by side have one each."""
    lanes: int = Field(default_factory=default_threads, ge=1, le=64)
    """Runs of the encoder that go on at once, by default one per core, four at most."""
    batch: int = Field(8, ge=1, le=256)
    """Pictures or texts of one run at most, when requests arrive together; 1 for no batching."""
    workers: int = Field(default_factory=default_workers, ge=1, le=64)
    """Requests that are worked on at once, by default one more than cores; the rest waits."""
    writers: int = Field(24, ge=1, le=64)
    """Changes of products that are worked on at once. More than cores: they wait for the disk, and
    their pictures and titles for company at the encoder, which shoppers' pictures always pass: with
    24 its batches are full, with 12 half full, which costs a fifth more for each product."""
    waiting: int = Field(32, ge=0, le=10_000)
    """Requests that may wait for a worker; those beyond are told to come back (503)."""
    max_upload_bytes: int = Field(20_000_000, ge=100_000, le=500_000_000)
    max_held_bytes: int = Field(256_000_000, ge=1_000_000)
    """All requests under way together; beyond that they are told to come back (503)."""
    max_upload_wait_s: float = Field(30.0, gt=0, le=600)
    fetch_queries: bool = True
    """Whether a shopper may search by the address of a picture."""
    fetch_hosts: str = ""
    """Hosts of your own, by commas, that pictures may be fetched from although they are not public:
    pim.example, pim.example:9000, 10.1.2.0/24."""
    fetch_wait_s: float = Field(10.0, gt=0, le=120)
    """The time that fetching the picture of a search may take; of a catalogue, twice that."""
    max_pixels: int = Field(80_000_000, ge=1_000_000, le=1_000_000_000)
    saved_most_bytes: int = Field(5_000_000_000, ge=0)
    """Pictures of all saved snaps together; beyond, none is taken (507)."""
    decoders: int = Field(4, ge=0, le=64)
    """Processes that decode strangers' pictures; 0 decodes them in the server's own process."""
    decode_s: float = Field(1.5, gt=0, le=60)
    """The time that decoding one picture may take; then its process is ended (422)."""
    decode_memory_bytes: int = Field(1_000_000_000, ge=100_000_000)
    """The memory that a decoding process may take."""
    max_catalogue_bytes: int = Field(20_000_000_000, ge=1_000_000)
    """A table or a zip of pictures that a merchandiser uploads."""
    demand_keys: bool = False
    """Whether searching and reading need a key, too. The shopper's page then needs a sign-in."""
    rate_per_s: float = Field(50.0, gt=0, le=100_000)
    """Requests a second of one address in the long run, this machine's own excepted (429)."""
    rate_burst: int = Field(1_000, ge=1, le=1_000_000)
    """Requests of one address at once: a page of results asks for a picture of every hit."""

    def wish(self) -> Wish:
        """How the vectors are to be held."""
        return Wish(self.index_kind, self.index_memory_mb * MEGABYTE)
