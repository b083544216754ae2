"""The pictures of a report: drawn small and anew, each once, and nothing but their pixels."""

import hashlib
import re
from html import escape
from pathlib import Path

from vision.decode import Limits, decode
from vision.errors import VisionError
from vision.thumbnail import thumbnail_of

WIDTH_PX = 200
NAME = re.compile(r"[0-9a-f]{24}\.jpg")


class Pictures:
    """Thumbnails in one folder, named by what they were made of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[Path, str | None] = {}

    def tag(self, path: Path | None) -> str:
        """An img element of the picture at `path`; a blank one where it cannot be shown."""
        if path is None:
            return ""
        if path not in self._names:
            self._names[path] = self._draw(path)
        name = self._names[path]
        if name is None:
            return f'<div class=blank title="{escape(path.name)}">no picture</div>'
        return f'<img loading="lazy" src="{self._folder.name}/{name}" alt="">'

    def drop_others(self) -> None:
        """Delete the pictures of earlier reports; a file of another name is not touched."""
        shown = set(self._names.values())
        for path in self._folder.glob("*.jpg"):
            if NAME.fullmatch(path.name) and path.name not in shown:
                path.unlink(missing_ok=True)

    def _draw(self, path: Path) -> str | None:
        try:
            data = path.read_bytes()
            name = f"{hashlib.sha256(data).hexdigest()[:24]}.jpg"
            if not (self._folder / name).exists():
                photo = decode(data, box=None, side_px=WIDTH_PX, limits=Limits())
                self._folder.mkdir(exist_ok=True)
                (self._folder / name).write_bytes(thumbnail_of(photo, WIDTH_PX))
        except (VisionError, OSError):
            return None
        return name
