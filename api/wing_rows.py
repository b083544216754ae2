"""How failures of the eyes and of the shelf are answered: their part of api/errors' one table."""

from api.row import Row
from index import errors as index_errors
from vision import errors as vision_errors

WINGS: dict[type[Exception], Row] = {
    vision_errors.VisionError: Row(500, "cannot-see", "The picture was not searched", private=True),
    vision_errors.NotAPicture: Row(415, "not-a-picture", "Not a picture we can read", ("reason",)),
    vision_errors.PictureTooLarge: Row(
        413, "picture-too-large", "The picture is too large", ("what", "found", "limit")
    ),
    vision_errors.BoxOutside: Row(
        422, "box-outside", "The box lies outside the picture", ("box", "width_px", "height_px")
    ),
    vision_errors.NotWords: Row(422, "not-words", "These words cannot be searched", ("reason",)),
    vision_errors.WrongSpace: Row(
        500, "wrong-space", "The shop was indexed with another model", ("found", "wanted")
    ),
    vision_errors.DecodingStopped: Row(
        422, "decoding-stopped", "Decoding the picture was stopped", ("reason",)
    ),
    vision_errors.DecoderBroken: Row(
        503, "decoder-broken", "Pictures cannot be decoded", private=True, retry=True
    ),
    vision_errors.DecoderBusy: Row(
        503, "decoder-busy", "Too many large pictures at once", ("retry_after_s",), retry=True
    ),
    vision_errors.EncoderBusy: Row(
        503, "encoder-busy", "Too many searches at once", ("waiting", "retry_after_s"), retry=True
    ),
    vision_errors.EncoderBroken: Row(
        503, "encoder-broken", "The encoder does not work", private=True, retry=True
    ),
    vision_errors.BadModel: Row(500, "bad-model", "The model cannot be used", private=True),
    vision_errors.NoRegions: Row(404, "no-regions", "Things are not looked for here"),
    index_errors.CatalogueError: Row(
        500, "cannot-remember", "The catalogue failed", private=True
    ),
    index_errors.NoShop: Row(503, "no-shop", "There is no shop yet", private=True, retry=True),
    index_errors.ShopBroken: Row(503, "shop-broken", "The shop is damaged", private=True),
    index_errors.ShopBusy: Row(
        503, "shop-busy", "Another process writes to the shop", private=True, retry=True
    ),
    index_errors.ShopMoved: Row(
        503, "shop-moved", "The shop is moving to another model", retry=True
    ),
    index_errors.UnknownProduct: Row(404, "unknown-product", "No such product", ("sku",)),
    index_errors.ChangedMeanwhile: Row(
        412, "changed-meanwhile", "The product was changed meanwhile", ("sku",)
    ),
    index_errors.BadProduct: Row(
        422, "bad-product", "The product cannot be taken", ("field", "reason")
    ),
    index_errors.BadSource: Row(
        422, "bad-source", "The catalogue cannot be read", private=True, reasoned=True
    ),
    index_errors.BadRow: Row(
        422, "bad-row", "A row cannot be taken", ("line", "sku", "reason")
    ),
    index_errors.BadLink: Row(
        422, "bad-link", "No picture can be had from this link", ("url", "reason")
    ),
    index_errors.BadMapping: Row(
        422, "bad-mapping", "A column cannot be mapped", ("column", "reason")
    ),
    index_errors.EmptySource: Row(
        409, "would-remove-products", "This would remove products", ("removing", "present")
    ),
    index_errors.BadSnapshot: Row(422, "bad-snapshot", "No whole snapshot", private=True),
    index_errors.BadFilter: Row(
        422, "bad-filter", "The filter cannot be understood", ("text", "reason")
    ),
    index_errors.BadRule: Row(
        422, "bad-rule", "The rule cannot be used", ("field", "reason")
    ),
    index_errors.UnknownRule: Row(404, "unknown-rule", "No such rule", ("name",)),
    index_errors.StrangeVector: Row(
        500, "strange-vector", "A vector of another model", private=True
    ),
}  # fmt: skip
