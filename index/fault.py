"""What can be wrong with a shop: the kinds of faults, by their stable codes.

`says` is shown with the subjects it was found at; `cure` is what the user does about a kind that
`vistazo check --repair` cannot mend.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

EXAMPLES_SHOWN = 5
RESTORE = "Put the shop back from a snapshot: vistazo restore FILE SHOP."
INDEX = "Run `vistazo index` with the catalogue again, or put the product again through the API."


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault. `repair` says what --repair does about it, "" for nothing."""

    says: str
    repair: str = ""
    cure: str = ""


KINDS: dict[str, Kind] = {
    # the folder
    "manifest-missing": Kind("the sign on the folder is missing", cure=INDEX),
    "manifest-broken": Kind("the sign on the folder cannot be read", cure=RESTORE),
    "catalogue-missing": Kind("the catalogue itself is missing", cure=RESTORE),
    "wrong-catalogue": Kind("manifest and catalogue are of different shops", cure=RESTORE),
    # the catalogue's file
    "catalogue-damaged": Kind("SQLite finds its file damaged", cure=RESTORE),
    "lookup-damaged": Kind("an index inside the catalogue is damaged", "it is built anew"),
    # its rows
    "picture-of-nobody": Kind("a picture belongs to no product", "it is removed"),
    "vector-of-nobody": Kind("a vector belongs to no picture", "it is removed"),
    "term-of-nobody": Kind("a filter's term belongs to no product", "it is removed"),
    "no-vector": Kind(
        "a picture has no vector, so no search finds it",
        "its picture is looked at again",
        INDEX,
    ),
    "no-picture": Kind("a product has no picture, so no search finds it", cure=INDEX),
    "vector-damaged": Kind(
        "a vector is not what was written",
        "its picture is looked at again",
        INDEX,
    ),
    "product-damaged": Kind("a product's row makes no sense", cure=INDEX),
    "terms-differ": Kind("filters and facets see another product than its page", "made anew"),
    "back-from-the-dead": Kind("a picture is both shown and removed", "it gets a new number"),
    "number-behind": Kind(
        "a change bears a higher number than the shop's last", "the shop's number is raised"
    ),
    # the pictures' files
    "picture-missing": Kind(
        "the file of a product's picture is gone", cure="Put it back, or index the catalogue again."
    ),
    "upload-missing": Kind("an uploaded picture is gone", cure=RESTORE),
    "upload-damaged": Kind("an uploaded picture is not what was uploaded", cure=RESTORE),
    "needless-file": Kind("a file that no product needs", "it is removed"),
    "half-written": Kind("a file that was never finished", "it is removed"),
    "thumbnail-damaged": Kind("a thumbnail is no whole JPEG", "it is removed, and drawn anew"),
    "not-yet-gone": Kind("a deleted picture's files still wait to go", "they go"),
    # the cache of vectors
    "cache-damaged": Kind("the cache of vectors is damaged", "it is removed, and made anew"),
    "cache-differs": Kind(
        "the vectors in memory are not the catalogue's", "their cache is removed, and made anew"
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its code, what it was found at in words, and the row's id or the file's path."""

    code: str
    subject: str
    key: int | str = ""


@dataclass(slots=True)
class Found:
    """All faults of one code."""

    code: str
    subjects: list[str] = field(default_factory=list)
    keys: list[int | str] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        """What the code means."""
        return KINDS[self.code]

    @property
    def count(self) -> int:
        """How often it was found."""
        return len(self.keys)


def tally(faults: Iterable[Fault]) -> list[Found]:
    """Faults by code, in the order of KINDS, with the first few subjects in words."""
    by_code: dict[str, Found] = {}
    for fault in faults:
        found = by_code.setdefault(fault.code, Found(fault.code))
        found.keys.append(fault.key)
        if len(found.subjects) < EXAMPLES_SHOWN:
            found.subjects.append(fault.subject)
    return [by_code[code] for code in KINDS if code in by_code]
