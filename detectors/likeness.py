"""How like two offers are: a MinHash over what they say, by which near-duplicates are found without comparing all.

It reads what the listing offers, not who offers it or at what price, and it groups nothing itself.
"""

from __future__ import annotations

from crawler.items import Listing
from detectors.normal import canonical, squeezed

VALUES = 128
GRAM = 3  # characters
READ_AT_MOST = 4_000  # characters; an offer is told sooner, and a signature must not hold up a round
# Signatures are kept: another scheme or seed would make every kept one incomparable.
SCHEME, SEED = "affine32", 1


def signature(listing: Listing) -> tuple[int, ...]:
    """`VALUES` numbers of 32 bits; the share in which two agree estimates how much their 3-grams overlap.

    Empty for a listing without a letter, which is like nothing.
    """
    view = squeezed(canonical(f"{listing.title}\n{listing.text}"[:READ_AT_MOST]))
    text = "".join(one for one in view.text if one.isalnum())
    if not text:
        return ()
    grams = {text[start : start + GRAM] for start in range(max(1, len(text) - GRAM + 1))}
    # It brings SciPy along, which takes longer to load than most commands take.
    from datasketch import MinHash

    sketch = MinHash(num_perm=VALUES, seed=SEED, scheme=SCHEME)
    sketch.update_batch([gram.encode("utf-8", "surrogatepass") for gram in sorted(grams)])
    return tuple(int(value) for value in sketch.hashvalues)
