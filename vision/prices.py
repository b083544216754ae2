"""Takes prices out of a shopper's words: "under 50", "bajo 50", "moins de 50", "unter 50"."""

import re

_MONEY = r"(?:€|\$|£|euros?|eur|dollars?|dolares|dollar|usd|pounds?|gbp|libras?|pesos?|bucks)"
_NUMBER = rf"{_MONEY}?\s*(\d{{1,3}}(?:[.,]\d{{3}})+|\d{{1,6}}(?:[.,]\d{{1,2}})?)\s*{_MONEY}?"
# A bare number after "under" is a price, but not where it measures something else.
_NO_MEASURE = (
    r"(?![\d.,]*\d|\s*(?:years?|anos?|months?|meses|cm|mm|m\b|kg|g\b|ml|l\b|inch|inches|pulgadas|"
    r"%|percent|degrees|grados|denier|colou?rs?|colores|pieces?|piezas?|pockets?|bolsillos?|"
    r"pairs?|pares|pack|th\b|st\b|ans?\b|mois|pouces?|couleurs?|pieces?|poches?|paires?|"
    r"jahren?|monaten?|zoll|grad|farben|teile|taschen|paare?|stuck))"
)
_BETWEEN = re.compile(
    rf"\b(?:between|from|entre|desde|zwischen|von|de)\s+{_NUMBER}\s*"
    rf"(?:and|to|y|e|hasta|a|et|und|bis|-|–)\s*{_NUMBER}{_NO_MEASURE}"
)
_BELOW = re.compile(
    rf"(?:\b(?:under|below|less than|cheaper than|up to|at most|maximum|bajo|debajo de|"
    rf"por debajo de|menos de|mas barat[oa]s? que|hasta|maximo|como mucho|inferior a|"
    rf"a? ?moins de|moins che(?:re?s?) que|jusqu'a|au plus|au maximum|en dessous de|"
    rf"unter|bis(?: zu)?|hochstens|maximal|weniger als|billiger als|gunstiger als)|<=?)"
    rf"\s*(?:de\s+)?{_NUMBER}{_NO_MEASURE}"
)
_ABOVE = re.compile(
    rf"(?:\b(?:over|above|more than|at least|minimum|mas de|por encima de|encima de|"
    rf"desde|minimo|como minimo|superior a|plus de|au moins|a partir de|au-dessus de|"
    rf"uber|ab|mindestens|mehr als|teurer als)|>=?)\s*(?:de\s+)?{_NUMBER}{_NO_MEASURE}"
)
_OR_LESS = re.compile(
    rf"{_NUMBER}\s*(?:or less|or under|or below|max|o menos|como maximo|maximo|ou moins|maximum|"
    rf"au plus|oder weniger|hochstens)\b"
)
_OR_MORE = re.compile(
    rf"{_NUMBER}\s*(?:or more|or over|and up|o mas|como minimo|minimo|ou plus|oder mehr)\b"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")


def take_prices(text: str) -> tuple[str, float | None, float | None]:
    """Folded `text` without its price phrases, and the bounds that they set: below, above."""
    below = above = None
    if found := _BETWEEN.search(text):
        low, high = sorted(_amount(g) for g in found.groups())
        return _without(text, found), high, low
    if found := _OR_LESS.search(text) or _BELOW.search(text):
        below, text = _amount(found.group(1)), _without(text, found)
    if found := _OR_MORE.search(text) or _ABOVE.search(text):
        above, text = _amount(found.group(1)), _without(text, found)
    return text, below, above


def _amount(digits: str) -> float:
    if _THOUSANDS.fullmatch(digits):
        return float(re.sub("[.,]", "", digits))
    return float(digits.replace(",", "."))


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"
