"""What can go wrong while seeing.

VisionError
├── NotAPicture (ValueError)          the bytes are no picture that we read
├── PictureTooLarge (ValueError)      its header promises more than we decode
├── BoxOutside (ValueError)           the wanted box lies outside the picture
├── NotWords (ValueError)             empty, or more text than a query may hold
├── WrongSpace (ValueError)           two embeddings of different models met
├── DecodingStopped (ValueError)      the decoder crashed on the picture or took too long
├── DecoderBusy (RuntimeError)        too many large pictures are being decoded: come back later
├── DecoderBroken (RuntimeError)      no picture can be decoded at all
├── EncoderBusy (RuntimeError)        the bounded entry is full: come back later
├── EncoderBroken (RuntimeError)      encoding fails or hangs
├── BadModel (ValueError)             a model's files are missing, changed or malformed
└── NoRegions (LookupError)           the finder of things was left out of this installation
"""


class VisionError(Exception):
    """Any failure to see."""


class NotAPicture(VisionError, ValueError):
    """The bytes are no picture that we read; `reason` says what was found instead."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"This is not a picture we can read: {reason}. "
            "Send a JPEG, PNG, WebP, AVIF, HEIC, GIF, TIFF or BMP file."
        )


class PictureTooLarge(VisionError, ValueError):
    """The picture (or its file) is larger than we decode; `found` and `limit` say by how much."""

    def __init__(self, what: str, found: int, limit: int) -> None:
        self.what, self.found, self.limit = what, found, limit
        super().__init__(
            f"The picture has {found:,} {what}; at most {limit:,} are accepted. Send a smaller one."
        )


class BoxOutside(VisionError, ValueError):
    """The wanted box does not lie inside the picture."""

    def __init__(self, box: tuple[int, int, int, int], width_px: int, height_px: int) -> None:
        self.box, self.width_px, self.height_px = box, width_px, height_px
        super().__init__(
            f"The box x,y,w,h = {','.join(map(str, box))} does not lie inside the picture of "
            f"{width_px} × {height_px} px. Give it in pixels of the upright picture."
        )


class NotWords(VisionError, ValueError):
    """The query text is empty or too long; `reason` says which."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"These words cannot be searched: {reason}.")


class WrongSpace(VisionError, ValueError):
    """An embedding of one space met another space."""

    def __init__(self, found: str, wanted: str) -> None:
        self.found, self.wanted = found, wanted
        super().__init__(
            f"This embedding lives in the space {found!r}, the other side in {wanted!r}. "
            "Vectors of two models cannot be compared: have the model in use index the shop anew "
            "(`vistazo models use builtin --shop SHOP`, or its name), or name the shop's own model."
        )


class DecodingStopped(VisionError, ValueError):
    """The decoder crashed on the picture, or was ended because it took too long: `reason`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"Decoding the picture was stopped: {reason}. Send it as JPEG, or a smaller one."
        )


class DecoderBusy(VisionError, RuntimeError):
    """Pictures of `pixels` are being decoded already; try again after `retry_after_s`."""

    def __init__(self, pixels: int, retry_after_s: float) -> None:
        self.pixels, self.retry_after_s = pixels, retry_after_s
        super().__init__(
            f"Pictures of {pixels:,} pixels are being decoded already. "
            f"Try again in {retry_after_s:.0f} s, or send a smaller picture."
        )


class DecoderBroken(VisionError, RuntimeError):
    """No picture can be decoded; `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Pictures cannot be decoded: {reason}. Run `vistazo doctor`.")


class EncoderBusy(VisionError, RuntimeError):
    """Too many requests wait for the encoder; try again after `retry_after_s`."""

    def __init__(self, waiting: int, retry_after_s: float) -> None:
        self.waiting, self.retry_after_s = waiting, retry_after_s
        super().__init__(
            f"{waiting} requests already wait for the encoder. Try again in {retry_after_s:.0f} s."
        )


class EncoderBroken(VisionError, RuntimeError):
    """The encoder failed on input that it should take, or hangs; `reason` says how."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The encoder does not work: {reason}. Run `vistazo doctor`.")


class BadModel(VisionError, ValueError):
    """A model's files are missing, altered or malformed."""

    def __init__(self, model: str, reason: str) -> None:
        self.model, self.reason = model, reason
        super().__init__(f"The model {model!r} cannot be used: {reason}. Run `vistazo doctor`.")


class NoRegions(VisionError, LookupError):
    """The finder of things was left out of this installation."""

    def __init__(self) -> None:
        super().__init__(
            "This shop does not look for things in pictures: regions.onnx was left out. Search "
            "works without it; send a `box` to search for a part of the picture."
        )
