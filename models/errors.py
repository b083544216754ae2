"""What can go wrong in the workshop.

ModelError
├── UnknownModel (LookupError)     no model of this name is here
├── NoData (FileNotFoundError)     a photo set of the shared data folder is missing
├── CannotExport (ValueError)      an architecture or its weights cannot become our graphs
├── TooFewPictures (ValueError)    too few to calibrate and to gate a graph
├── LicenceRefused (PermissionError)  its licence may not allow a shop to use it
├── NoNetwork (ConnectionError)    a model hub cannot be reached
├── BadTable (ValueError)          a shop's table cannot be adapted to
├── BadName (ValueError)           a model cannot be published under this name
└── ParityLost (ValueError)        an exported graph differs from its reference: not published

A model whose files are missing or altered is vision.errors.BadModel: the eye meets it too.
"""

from pathlib import Path


class ModelError(Exception):
    """Any failure to make or find a model."""


class UnknownModel(ModelError, LookupError):
    """No model of this name is here; `known` lists those that are."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name, self.known = name, known
        super().__init__(
            f"There is no model {name!r}. Known: {', '.join(known) or 'none'}; "
            "or give the folder of a model card."
        )


class NoData(ModelError, FileNotFoundError):
    """A file of the shared data folder is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} is missing. Give the folder that holds snaps, street and catalogues."
        )


class ParityLost(ModelError, ValueError):
    """An exported graph differs from its reference by more than its gate allows."""

    def __init__(self, what: str, found: float, wanted: float) -> None:
        self.what, self.found, self.wanted = what, found, wanted
        super().__init__(f"{what}: {found:.4f}, wanted at least {wanted:.4f}. Nothing was written.")


class CannotExport(ModelError, ValueError):
    """An architecture or its weights cannot become our graphs; `reason` says why."""

    def __init__(self, what: str, reason: str) -> None:
        self.what, self.reason = what, reason
        super().__init__(f"{what} cannot be exported: {reason}.")


class TooFewPictures(ModelError, ValueError):
    """A folder holds too few readable, distinct pictures to calibrate and to gate a graph."""

    def __init__(self, folder: Path, found: int, wanted: int) -> None:
        self.folder, self.found, self.wanted = folder, found, wanted
        super().__init__(
            f"{folder} holds {found} distinct pictures that can be read; at least {wanted} are "
            "needed. Name a folder of your own catalogue's pictures."
        )


class BadTable(ModelError, ValueError):
    """A shop's exported table cannot be learned from; `reason` says why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}. `vistazo export` writes a table that can be.")


class BadName(ModelError, ValueError):
    """A model cannot be published under this name."""

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"No model can be published as {name!r}: {reason}.")


class LicenceRefused(ModelError, PermissionError):
    """The weights' licence is not known to allow commercial use."""

    def __init__(self, name: str, licence: str) -> None:
        self.name, self.licence = name, licence
        super().__init__(
            f"The weights of {name} come under {licence!r}, which is not known to allow a shop to "
            "use them. Read it; if you may use them, say so with --accept-licence."
        )


class NoNetwork(ModelError, ConnectionError):
    """A model hub cannot be reached, and what was asked for is not in the cache."""

    def __init__(self, what: str, reason: str) -> None:
        self.what, self.reason = what, reason
        super().__init__(
            f"{what} cannot be fetched ({reason}). Without a network you can use the built-in "
            "model (--model builtin), a checkpoint on disk (vistazo models export ARCH "
            "--checkpoint FILE) or a draft made elsewhere (vistazo models publish FOLDER)."
        )
