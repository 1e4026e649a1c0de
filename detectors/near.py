"""Which texts are nearly the same: numbers that near-duplicates share, for an index, and how like two texts really are.

It compares how texts are worded, after folding, and nothing else; a signature for grouping offers is in `likeness`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.normal import probe

BANDS, ROWS = 16, 4
GRAM = 3  # characters
READ_AT_MOST = 4_000  # characters: what an offer says is said sooner, and no text may hold up the index
BAND_BITS = 36  # of a band's digest; its place stands above them
# Bands are kept: another seed or mixing would make every kept one incomparable.
_SEED = 20240601
_DRAWN = np.random.RandomState(_SEED).randint(0, 2**32, (2, BANDS * ROWS, 1), dtype=np.uint32)
_TIMES, _PLUS = _DRAWN[0] | np.uint32(1), _DRAWN[1]
_PLACES = np.arange(BANDS, dtype=np.uint64) << np.uint64(BAND_BITS)
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_CODE = np.uint64(21)  # bits of a code point


def bands(title: str, text: str) -> tuple[int, ...]:
    """`BANDS` numbers below 2⁴⁰, each from `ROWS` values of a MinHash over 3-grams; texts that share one may be alike.

    Of two texts whose 3-grams overlap by 0.6 some nine in ten share a number, by 0.8 nearly all. Empty for a text
    without a letter.
    """
    grams = _grams(title, text)
    if not grams.size:
        return ()
    least = (_mixed(grams).astype(np.uint32) * _TIMES + _PLUS).min(axis=1).reshape(BANDS, ROWS).astype(np.uint64)
    digest = _PLACES
    for row in range(ROWS):
        digest = _mixed(digest ^ least[:, row])
    return tuple(((digest & np.uint64((1 << BAND_BITS) - 1)) | _PLACES).tolist())


class Likeness:
    """How like other texts are to this one: the share of the 3-grams of both that both have."""

    def __init__(self, title: str, text: str) -> None:
        self._grams = np.unique(_grams(title, text))

    def __call__(self, title: str, text: str) -> float:
        """0 to 1; a text without a letter is like nothing."""
        grams = np.unique(_grams(title, text))
        both = np.intersect1d(self._grams, grams, assume_unique=True).size
        either = self._grams.size + grams.size - both
        return both / either if either else 0.0


def _grams(title: str, text: str) -> NDArray[np.uint64]:
    """Three code points in one number each, exactly; a shorter text is one gram."""
    letters = probe(f"{title}\n{text}"[:READ_AT_MOST])
    codes = np.frombuffer(letters.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    if 0 < codes.size < GRAM:
        codes = np.concatenate((codes, np.zeros(GRAM - codes.size, dtype=np.uint64)))
    return ((codes[:-2] << _CODE | codes[1:-1]) << _CODE) | codes[2:]


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Every bit of the result hangs on every bit of a value (the finalizer of SplitMix64)."""
    values = values + _MIX[0]
    values = (values ^ values >> np.uint64(30)) * _MIX[1]
    values = (values ^ values >> np.uint64(27)) * _MIX[2]
    return values ^ values >> np.uint64(31)
