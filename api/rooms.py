"""How long a request spent in each room of the straight line."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Rooms:
    """Milliseconds per room. One Rooms belongs to one request; it is not shared."""

    def __init__(self) -> None:
        self._ms: dict[str, float] = {}
        self._entered = perf_counter()

    @contextmanager
    def room(self, name: str) -> Iterator[None]:
        """Count the time spent inside the `with` block as `name`'s, added to earlier visits."""
        start = perf_counter()
        try:
            yield
        finally:
            self._ms[name] = self._ms.get(name, 0.0) + (perf_counter() - start) * 1000

    def add(self, took_ms: dict[str, float]) -> None:
        """Take over figures that another wing measured itself (its `total` excepted)."""
        self._ms |= {name: ms for name, ms in took_ms.items() if name != "total"}

    def took_ms(self) -> dict[str, float]:
        """A figure per room and the `total` since this Rooms was made, in milliseconds."""
        total = (perf_counter() - self._entered) * 1000
        return {name: round(ms, 3) for name, ms in (self._ms | {"total": total}).items()}


def server_timing(took_ms: dict[str, float]) -> str:
    """`took_ms` as a Server-Timing header, which browsers show beside the request."""
    return ", ".join(f"{name};dur={ms:.1f}" for name, ms in took_ms.items())
