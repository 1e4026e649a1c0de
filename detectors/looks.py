"""What a picture looks like, in 64 bits that change little when it is scaled, cut down or compressed again.

A look is a reason to compare two pictures, never proof that they are the same. It decodes nothing itself.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

PLAIN = "0" * 16  # no look: a picture of one colour is like every other
SMALL = 256  # pixels of a side; more detail changes no look
_FLAT = 3.0  # standard deviation of brightness, of 255 steps


def look_of(image: Image.Image) -> str:
    """The perceptual hash of an RGB picture, 16 hex digits; `PLAIN` where there is hardly anything to see."""
    # It brings SciPy along, which takes longer to load than most commands take.
    import imagehash

    grey = image.convert("L").resize((min(image.width, SMALL), min(image.height, SMALL)), Image.Resampling.BOX)
    if float(np.asarray(grey).std()) < _FLAT:
        return PLAIN
    return str(imagehash.phash(grey))
