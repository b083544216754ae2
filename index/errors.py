"""What can go wrong while remembering products.

CatalogueError
├── NoShop (FileNotFoundError)         there is no shop in this folder
├── ShopBroken (RuntimeError)          the shop's files contradict one another
├── ShopBusy (RuntimeError)            another writer holds the shop
│   └── ShopMoved                      it lives in another model's space from now on
├── UnknownProduct (KeyError)          no product of this SKU
├── ChangedMeanwhile (RuntimeError)    the product is not what the caller thinks it is
├── BadProduct (ValueError)            a product's fields make no sense
├── BadSource (ValueError)             a catalogue file cannot be read at all
├── BadRow (ValueError)                one row of it cannot be taken
├── BadLink (ValueError)               no picture can be had from a link
├── BadMapping (ValueError)            columns that were said cannot be so
├── EmptySource (ValueError)           applying it would remove too much: confirm first
├── BadSnapshot (ValueError)           a snapshot is damaged, or none at all
├── BadFilter (ValueError)             a filter cannot be understood
├── BadRule (ValueError)               a merchandiser's rule makes no sense
├── UnknownRule (KeyError)             no rule of this name
└── StrangeVector (ValueError)         a vector of another dimension or model
"""


class CatalogueError(Exception):
    """Any failure to remember."""


class NoShop(CatalogueError, FileNotFoundError):
    """There is no shop in `folder`."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        super().__init__(
            f"There is no shop in {folder}. "
            f"Make one with `vistazo index CATALOGUE --shop {folder}`."
        )


class ShopBroken(CatalogueError, RuntimeError):
    """The shop's files contradict one another; `reason` says where."""

    def __init__(self, folder: str, reason: str) -> None:
        self.folder, self.reason = folder, reason
        super().__init__(f"The shop in {folder} is damaged: {reason}. Run `vistazo doctor`.")


class ShopBusy(CatalogueError, RuntimeError):
    """Another process writes to the shop."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        super().__init__(f"Another process is writing to {folder}. Wait for it, or stop it first.")


class ShopMoved(ShopBusy):
    """The shop lives in another model's space from now on; this one is only read."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.args = (
            "The shop is moving to another model and nothing was changed: send it again in a "
            "second. If that goes on, run `vistazo models use` again.",
        )


class UnknownProduct(CatalogueError, KeyError):
    """No product of this SKU."""

    def __init__(self, sku: str) -> None:
        self.sku = sku
        super().__init__(f"There is no product {sku!r} in this shop.")

    def __str__(self) -> str:  # KeyError shows the repr otherwise
        return str(self.args[0])


class ChangedMeanwhile(CatalogueError, RuntimeError):
    """The product is not the version that the caller wants to change."""

    def __init__(self, sku: str) -> None:
        self.sku = sku
        super().__init__(
            f"The product {sku!r} was changed since you read it. Read it again, then change it."
        )


class BadProduct(CatalogueError, ValueError):
    """A product's field makes no sense."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"The product's {field} cannot be used: {reason}.")


class BadSource(CatalogueError, ValueError):
    """A catalogue source cannot be read at all."""

    def __init__(self, source: str, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(f"The catalogue {source} cannot be read: {reason}.")


class BadRow(CatalogueError, ValueError):
    """One row of a catalogue cannot be taken; its neighbours can."""

    def __init__(self, line: int, sku: str | None, code: str, reason: str) -> None:
        self.line, self.sku, self.code, self.reason = line, sku, code, reason
        super().__init__(f"line {line}{f' ({sku})' if sku else ''}: {reason}")


class BadLink(CatalogueError, ValueError):
    """No picture can be had from a link; `code` says why in one word, `reason` in a sentence.

    `retry_after_s` is set where the host asked to be left alone for so long, `passing` where trying
    again may help. The link is told without its query, which may hold a secret.
    """

    def __init__(
        self,
        url: str,
        code: str,
        reason: str,
        *,
        retry_after_s: float | None = None,
        passing: bool = False,
    ) -> None:
        self.url = url.partition("?")[0][:200]
        self.code, self.reason = code, reason
        self.retry_after_s, self.passing = retry_after_s, passing
        super().__init__(f"There is no picture to be had from {self.url}: {reason}.")


class BadMapping(CatalogueError, ValueError):
    """What was said of a table's columns cannot be so; `column` is the one."""

    def __init__(self, column: str, reason: str) -> None:
        self.column, self.reason = column, reason
        super().__init__(f"The column {column!r} cannot be mapped: {reason}.")


class EmptySource(CatalogueError, ValueError):
    """Applying the source would remove `removing` of `present` products: confirm first."""

    def __init__(self, removing: int, present: int) -> None:
        self.removing, self.present = removing, present
        super().__init__(
            f"This source would remove {removing:,} of the shop's {present:,} products. "
            "If that is meant, run again with --allow-removals; nothing was changed."
        )


class BadSnapshot(CatalogueError, ValueError):
    """A file is no whole snapshot; nothing was replaced."""

    def __init__(self, file: str, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(f"{file} cannot be put back: {reason}. Nothing was changed.")


class BadFilter(CatalogueError, ValueError):
    """A filter cannot be understood."""

    def __init__(self, text: str, reason: str) -> None:
        self.text, self.reason = text, reason
        super().__init__(
            f"The filter {text!r} cannot be understood: {reason}. "
            "Write it like: category=Bags price<100 stock>0 colour='navy blue'."
        )


class BadRule(CatalogueError, ValueError):
    """A merchandiser's rule makes no sense; `reason` says what is wanted."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"The rule's {field} cannot be used: {reason.rstrip('.')}.")


class UnknownRule(CatalogueError, KeyError):
    """No rule of this name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is no rule {name!r} in this shop.")

    def __str__(self) -> str:  # KeyError shows the repr otherwise
        return str(self.args[0])


class StrangeVector(CatalogueError, ValueError):
    """A vector of another dimension, length or model."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"This vector does not belong into this shop: {reason}.")
