"""What the doctor looks at where the mirror is installed: encoders, and where frames could leak."""

from importlib.util import find_spec

from api.finding import Finding
from mirror.memory import can_lock, open_swaps


def mirror_findings() -> list[Finding]:
    """Nothing where the mirror's extra is not installed."""
    if find_spec("av") is None or find_spec("cryptography") is None:
        return []
    return [_encoders(), _swap(open_swaps(), lockable=can_lock())]


def _encoders() -> Finding:
    from mirror.encoders import available

    found = available()
    said = ", ".join(f"{choice.name} ({choice.licence})" for choice in found)
    if found:
        return Finding("mirror", True, f"encoders: {said}")
    return Finding("mirror", False, "no encoder", "pip install --force-reinstall av")


def _swap(swaps: list[str], *, lockable: bool) -> Finding:
    """Frames of people who have not agreed live in memory: they must not reach a disk."""
    if not swaps:
        return Finding("swap", True, "no frame can reach a disk: off, in memory, or encrypted")
    said = f"in the clear: {', '.join(swaps)}"
    if lockable:
        return Finding("swap", True, f"{said}; the mirror locks its memory")
    cure = "switch it off or encrypt it, or let the mirror lock its memory (docs/mirror.md)"
    return Finding("swap", False, said, cure)
