"""What can go wrong while watching.

MirrorError
├── NoVideoLibrary (ImportError)      the mirror's extra is not installed
├── BadSource (ValueError)            a camera's address that means nothing to us
├── CameraLost (ConnectionError)      the camera is gone, or sends nothing
├── BadStream (ValueError)            packets or parameters that no decoder takes
├── NothingRecorded (ValueError)      the asked span holds no frame
├── NoEncoder (LookupError)           an encoder that this installation does not have
├── BadOrder (RuntimeError)           start, stop or visit at the wrong moment
├── NoRoom (OSError)                  the disk is full or cannot be written
├── UnknownMirror (KeyError)          no mirror of this id
├── UnknownClip (KeyError)            no clip of this id
├── ClipConflict (ValueError)         another clip has this id
├── ClipBroken (RuntimeError)         a clip's file is missing, torn or altered
├── DeskAway (ConnectionError)        the server does not answer
└── DeskRefused (PermissionError)     the server does not want this clip
"""


class MirrorError(Exception):
    """Any failure to watch."""


class NoVideoLibrary(MirrorError, ImportError):
    """The mirror's libraries are not installed; `module` is the first one missed."""

    def __init__(self, module: str) -> None:
        self.module = module
        super().__init__(f"The mirror needs {module}. Install it: pip install 'vistazo[mirror]'.")


class BadSource(MirrorError, ValueError):
    """A camera's address that means nothing to us."""

    def __init__(self, source: str, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(
            f"The camera {source!r} cannot be used: {reason}. Give a device (/dev/video0), "
            "rtsp://…, http://… (MJPEG) or the path of a video file."
        )


class CameraLost(MirrorError, ConnectionError):
    """The camera is gone or sends nothing; the attendant looks for it by itself."""

    def __init__(self, camera: str, reason: str) -> None:
        self.camera, self.reason = camera, reason
        super().__init__(f"The camera {camera} is lost: {reason}. Check its power and network.")


class BadStream(MirrorError, ValueError):
    """Packets or parameter sets that no decoder takes; `reason` says what is wrong."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The camera's stream cannot be used: {reason}.")


class NothingRecorded(MirrorError, ValueError):
    """The asked span holds no frame; `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"There is nothing to make a clip of: {reason}.")


class NoEncoder(MirrorError, LookupError):
    """No encoder of this `name` here; `known` are the names that mean one."""

    def __init__(self, name: str, reason: str, known: tuple[str, ...]) -> None:
        self.name, self.known = name, known
        super().__init__(f"The encoder {name!r} cannot be used: {reason}. Try: {', '.join(known)}.")


class BadOrder(MirrorError, RuntimeError):
    """An order at the wrong moment: stop without start, a second visit, and the like."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"That cannot be done now: {reason}.")


class NoRoom(MirrorError, OSError):
    """The disk is full or cannot be written; what a customer kept is never deleted for it."""

    def __init__(self, folder: str, free_bytes: int, wanted_bytes: int) -> None:
        self.folder, self.free_bytes, self.wanted_bytes = folder, free_bytes, wanted_bytes
        super().__init__(
            f"There is no room for a clip in {folder}: {free_bytes:,} bytes are free, "
            f"{wanted_bytes:,} are wanted. Make room; nothing that was kept is touched."
        )


class UnknownMirror(MirrorError, KeyError):
    """No mirror of this `id`."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__(f"There is no mirror {id_!r}. An operator makes one.")

    def __str__(self) -> str:  # KeyError shows the repr otherwise
        return str(self.args[0])


class UnknownClip(MirrorError, KeyError):
    """No clip of this `id`, or it has been destroyed."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__(f"There is no clip {id_!r}. It may have been destroyed on demand.")

    def __str__(self) -> str:  # KeyError shows the repr otherwise
        return str(self.args[0])


class ClipConflict(MirrorError, ValueError):
    """Another clip has this `id` already."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__(f"Another clip {id_!r} is kept already, with other bytes.")


class ClipBroken(MirrorError, RuntimeError):
    """A clip's file is missing, torn or altered; `reason` says which."""

    def __init__(self, id_: str, reason: str) -> None:
        self.id, self.reason = id_, reason
        super().__init__(f"The clip {id_!r} is damaged: {reason}. Run `vistazo mirror check`.")


class DeskAway(MirrorError, ConnectionError):
    """The server does not answer; clips wait, sealed, until it does."""

    def __init__(self, url: str, reason: str) -> None:
        self.url, self.reason = url, reason
        super().__init__(f"The server {url} does not answer: {reason}. Clips wait for it.")


class DeskRefused(MirrorError, PermissionError):
    """The server does not want this; `code` is its stable word."""

    def __init__(self, code: str, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(f"The server refused ({code}): {reason}.")
