"""Which Vistazo this is."""

from importlib.metadata import PackageNotFoundError, version


def own_version() -> str:
    """The installed version, or "0" from a bare checkout."""
    try:
        return version("vistazo")
    except PackageNotFoundError:
        return "0"
