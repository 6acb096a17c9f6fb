"""Finds what identifies a person or can be misused: cards, accounts, addresses, numbers.

Every pattern repeats a bounded number of times, so that time grows with the length of the text
only; the costly ones run only where a cheap one has found digits.
"""

import re
from collections.abc import Iterator

from careline.plugin import Evidence, Facet

SCORES = {
    "card": 0.95,
    "iban": 0.95,
    "address": 0.6,
    "phone": 0.8,
    "email": 0.95,
    "order_number": 0.7,
}
"""How sure a find of each sort is; the most sensitive first. Cards and IBANs prove themselves."""

_MAIL_SIGN = re.compile(r"@[\w-]{1,63}\.\w")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_DIGITS = re.compile(r"\d+", re.ASCII)
_NUMBER = re.compile(r"\d(?:[ ./()-]{0,2}\d){6,18}(?![\w@])", re.ASCII)
_PHONE = re.compile(r"[+0(].*|\d{3}[ .-]\d{3}[ .-]\d{4}", re.ASCII)
_IBAN = re.compile(
    r"\b[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?\b", re.ASCII
)
_ORDERS = (
    "order|booking|reservation|confirmation|tracking|ticket|case|reference|customer|account"
    "|bestelling|bestelnummer|klantnummer|dossier|commande|client|suivi"
    "|bestellung|bestellnummer|kundennummer|auftrag|sendung|pedido|reserva"
)
_ORDER_WORDS = _ORDERS.split("|")
_ORDER = re.compile(
    rf"\b(?:{_ORDERS}|ordernummer)"
    r"\s{0,2}(?:number|no\.?|nr\.?|id|num[eé]ro|nummer|n°|code|ref)?\s{0,2}(?:is|:|=|#|-)?"
    r"\s{0,2}#?((?=[a-z-]{0,8}\d)[a-z0-9-]{5,24})\b",
    re.IGNORECASE,
)
_STREET_AFTER = re.compile(
    r"[A-Za-z]?,? (?:(?:[A-Z][\w'.-]{0,20} ){1,3}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Square|Terrace)\b"
    r"|(?:[Rr]ue|[Aa]venue|[Bb]oulevard|[Cc]haussée)(?: (?:d[eu]s?|la|les)){0,2} [A-Z]\w{1,25})"
)
_STREET_BEFORE = re.compile(
    r"\b(?:[A-Z]\w{1,25}(?:straat|laan|steenweg|plein|straße|strasse|str\.|gasse|allee)"
    r"|(?:[Rr]ue|[Aa]venue|[Bb]oulevard|[Cc]haussée|[Cc]alle|[Aa]venida)"
    r"(?: (?:d[eu]s?|el|las?|les|los)){0,2} [A-Z]\w{1,25}),? $"
)
_LEFT = 60  # characters before a house number in which its street is looked for
_LONGEST_HOUSE = 5  # digits
_FEWEST = 4  # digits in a text, below which it holds no number worth a look


def personal_data(text: str) -> Facet | None:
    """Return the facet `pii` of `text`; None where nothing is found."""
    evidence: list[Evidence] = []
    if _MAIL_SIGN.search(text):
        evidence += [Evidence("email", "email", *mail.span()) for mail in _MAIL.finditer(text)]
    if runs := [run.span() for run in _DIGITS.finditer(text)]:
        evidence += _addresses(text, runs)
        if sum(end - start for start, end in runs) >= _FEWEST:
            evidence += _numbers(text)
    return _facet(evidence) if evidence else None


def _facet(evidence: list[Evidence]) -> Facet:
    found = {proof.value for proof in evidence}
    values = {value: score for value, score in SCORES.items() if value in found}
    return Facet(next(iter(values)), values, tuple(evidence))


def _addresses(text: str, runs: list[tuple[int, int]]) -> Iterator[Evidence]:
    for start, end in runs:
        if end - start > _LONGEST_HOUSE:
            continue
        if after := _STREET_AFTER.match(text, end):
            yield Evidence("address", "street and number", start, after.end())
        elif before := _street_before(text, start):
            yield Evidence("address", "street and number", before, end)


def _street_before(text: str, house: int) -> int | None:
    """Return where the street begins whose number is at `house`; None where there is none."""
    left = max(0, house - _LEFT)
    name = text[left:house].rstrip(" ,").rpartition(" ")[2]
    found = _STREET_BEFORE.search(text, left, house) if name[:1].isupper() else None
    return found.start() if found else None


def _numbers(text: str) -> Iterator[Evidence]:
    yield from _runs(text)
    for match in _IBAN.finditer(text):
        if code := _iban(match.group()):
            yield Evidence("iban", "iban checksum", match.start(), match.start() + len(code))
    lower = text.lower()
    if any(word in lower for word in _ORDER_WORDS):
        for match in _ORDER.finditer(text):
            yield Evidence("order_number", "order number", *match.span(1))


def _runs(text: str) -> Iterator[Evidence]:
    """Find the cards and phone numbers among the long runs of digits."""
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        while start and text[start - 1] in "+(":
            start -= 1
        apart = start == 0 or not (text[start - 1].isalnum() or text[start - 1] in "_.,")
        if apart and (sort := _sort(text[start:end])):
            yield Evidence(*sort, start, end)


def _sort(number: str) -> tuple[str, str] | None:
    """Return what a run of digits is, and the cue that says so."""
    digits = [int(sign) for sign in number if sign.isdigit()]
    if len(digits) >= 13 and "+" not in number and _luhn(digits):
        return "card", "card checksum"
    if 8 <= len(digits) <= 15 and _PHONE.fullmatch(number):
        return "phone", "phone number"
    return None


def _luhn(digits: list[int]) -> bool:
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _iban(text: str) -> str:
    """Return the account number that `text` starts with: the words after it may look alike."""
    while text and not _checks(text):
        text = text.rpartition(" ")[0]
    return text


def _checks(text: str) -> bool:
    code = text.replace(" ", "").upper()
    turned = code[4:] + code[:4]
    return len(code) >= 15 and int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1
