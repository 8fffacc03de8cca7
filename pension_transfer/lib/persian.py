"""Persian text: what is stored, what is searched, what is shown. Sources: CLDR `fa`, Unicode NFKC."""

import re
import unicodedata
from collections.abc import Iterable

from django.utils.translation import get_language

ASCII, FA, AR = "0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩"
TO_ASCII = str.maketrans(FA + AR, ASCII * 2)
TO_PERSIAN = str.maketrans(ASCII + AR, FA * 2)
LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "\u00a0": " "})
FOLDS = (
    dict.fromkeys("يىئے", "ی")
    | dict.fromkeys("كڪ", "ک")
    | dict.fromkeys("ةۀہەھ", "ه")
    | dict.fromkeys("أإٱآ", "ا")
    | {"ؤ": "و", "ء": "", "ـ": ""}
)
INVISIBLE = "\x00\u0654\u064b-\u065f\u0670\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u00ad"
UNSEEN = re.compile(f"[{INVISIBLE}\\s]+")
BMP = [chr(code) for code in range(0xFFFF)]
# One sign for one sign, or for none: so it can stand in SQL, too (lib.names).
KEYS: dict[str, str] = (
    {sign: " " for sign in BMP if sign.isspace()}
    | {sign: "" for sign in BMP if re.match(f"[{INVISIBLE}]", sign)}
    | {capital: capital.lower() for capital in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    | dict(zip(FA + AR, ASCII * 2, strict=True))
    | FOLDS
)
SPACED = str.maketrans(KEYS)
LATIN_MARKS = {"،": ",", "؛": ";"}
ALPHABET = "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"
RANK = {letter: chr(ord("A") + i) for i, letter in enumerate(ALPHABET)}
VARIANTS = str.maketrans("ئيىكةۀأإؤ", "یییکههااو")


def to_ascii_digits(text: str) -> str:
    """Persian and Arabic digits as 0–9; everything else untouched."""
    return text.translate(TO_ASCII)


def to_persian_digits(value: object) -> str:
    """0–9 as ۰–۹, for showing."""
    return str(value).translate(TO_PERSIAN)


def is_persian() -> bool:
    """Whether the reader's language is Persian."""
    return (get_language() or "fa").startswith("fa")


def show_digits(value: object) -> str:
    """Any value with its digits in the reader's script."""
    return to_persian_digits(value) if is_persian() else to_ascii_digits(str(value))


def listed(items: Iterable[object], mark: str = "،") -> str:
    """Things named one after the other, with the reader's own comma (or semicolon) between them."""
    return f"{shown_mark(mark)} ".join(isolated(str(item)) for item in items)


def isolated(text: str) -> str:
    """Text that keeps its own direction among left-to-right text: a letter's number with a Persian letter in it."""
    return text if is_persian() or text.isascii() else f"\u2068{text}\u2069"


def shown_mark(mark: str) -> str:
    """A Persian comma or semicolon as the reader writes it."""
    return mark if is_persian() else LATIN_MARKS[mark]


def clean(text: str) -> str:
    """The form text is stored in: NFC, Persian ye and kaf, single spaces; half-space and hamza stay."""
    text = unicodedata.normalize("NFC", text).translate(LETTERS)
    return re.sub(r"[ \t]+", " ", text).strip()


def spaced(text: str) -> str:
    """The search key of each word; half-spaces join, spaces stay."""
    return unicodedata.normalize("NFKC", text).translate(SPACED)


def fold(text: str) -> str:
    """Search key: «علي رضا», «علیرضا» and «علی‌رضا» fold alike; digits become ASCII, Latin letters small."""
    return spaced(text).replace(" ", "")


def sort_key(text: str) -> str:
    """A key whose byte order is the Persian alphabet's (the embedded server has no ICU collation)."""
    text = unicodedata.normalize("NFC", text).translate(VARIANTS)
    return "".join(RANK.get(letter, letter) for letter in UNSEEN.sub(" ", text)).strip()


def grouped(amount: int) -> str:
    """An amount of Rials with thousands grouped, in Persian digits: ۱۰۳٬۹۰۹٬۶۸۰."""
    return to_persian_digits(f"{amount:,}".replace(",", "٬"))
