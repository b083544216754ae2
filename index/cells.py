"""What people write into the cells of a catalogue, understood: prices, pieces, lists, paths."""

import math
import re

from index.errors import BadProduct

SYMBOLS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY", "₹": "INR", "₩": "KRW", "zł": "PLN"}
AVAILABLE = {"in stock": 1, "instock": 1, "yes": 1, "true": 1, "available": 1}
UNAVAILABLE = {"out of stock": 0, "outofstock": 0, "no": 0, "false": 0, "sold out": 0}
PRICE = re.compile(
    r"(?P<before>[^\d.,+-]*)(?P<number>[\d][\d.,' \u00a0\u202f]*|[.,]\d+)(?P<after>\D*)\Z"
)
GROUPED = re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}\Z")  # 1,299,000 and the Indian 12,99,000
CODE = re.compile(r"[A-Za-z]{3}\Z")
CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_price(text: str) -> tuple[float | None, str]:
    """The price and its currency ("" if it names none): 34, $1,299.00, 34,50, 1.299,00 €, USD 20.

    A single comma before exactly three digits groups thousands, any other is a decimal comma.
    Raises BadProduct.
    """
    text = text.strip()
    if not text:
        return None, ""
    match = PRICE.match(text)
    if match is None:
        raise BadProduct("price", f"{text[:40]!r} is not a price")
    price = _decimal(re.sub(r"['\s]", "", match["number"]))
    if price is None:
        raise BadProduct("price", f"{text[:40]!r} is not a price")
    return price, _currency(match["before"].strip() or match["after"].strip(), text)


def _decimal(digits: str) -> float | None:
    if "," in digits and "." in digits:
        grouping, point = (",", ".") if digits.rfind(".") > digits.rfind(",") else (".", ",")
        digits = digits.replace(grouping, "").replace(point, ".")
    elif GROUPED.match(digits):
        digits = digits.replace(",", "")
    elif digits.count(".") > 1 and GROUPED.match(digits.replace(".", ",")):
        digits = digits.replace(".", "")
    else:
        digits = digits.replace(",", ".")
    try:
        number = float(digits)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _currency(mark: str, text: str) -> str:
    if not mark:
        return ""
    if mark in SYMBOLS:
        return SYMBOLS[mark]
    if CODE.match(mark):
        return mark.upper()
    for symbol, code in SYMBOLS.items():  # US$, C$
        if mark.endswith(symbol) and re.fullmatch(r"[A-Z]{1,2}", mark[: -len(symbol)]):
            return code if mark.startswith("US") else ""
    raise BadProduct("price", f"{text[:40]!r} is not a price")


def read_currency(text: str) -> str:
    """The ISO code that a currency column means by a code or a sign; "" for anything else."""
    text = text.strip()
    return text.upper() if CODE.match(text) else SYMBOLS.get(text, "")


def read_stock(text: str) -> int | None:
    """The pieces in stock: a whole number, or words such as "in stock" (1) and "sold out" (0).

    A negative number (sold more than there was) means 0. Raises BadProduct.
    """
    folded = text.strip().casefold()
    if not folded:
        return None
    word = AVAILABLE.get(folded, UNAVAILABLE.get(folded))
    if word is not None:
        return word
    try:
        number = float(folded.replace(",", ""))
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number != int(number):
        raise BadProduct("stock", f"{text[:40]!r} is not a number of pieces")
    return max(0, int(number))


def split_list(text: str) -> tuple[str, ...]:
    """The parts of a cell that holds several values, split at | if there is one, else at commas."""
    parts = text.split("|") if "|" in text else text.split(",")
    return tuple(dict.fromkeys(p for p in (tidy(part) for part in parts) if p))


def tidy(text: str) -> str:
    """`text` without outer blanks and with stray control characters as blanks.

    Raises BadProduct for NUL and broken Unicode, which mean that the file is damaged.
    """
    if text.isprintable():
        return text.strip()
    if "\0" in text:
        raise BadProduct("text", "it holds NUL characters: the file is damaged or not text")
    try:
        text.encode()
    except UnicodeEncodeError as broken:
        raise BadProduct("text", "it holds half a Unicode character") from broken
    return CONTROL.sub(" ", text).strip()
