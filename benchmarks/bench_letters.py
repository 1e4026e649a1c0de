"""What a letter costs, and that it grows with its leads and no faster; prints JSON lines.

The four files of one letter with 50 to 500 leads, drawn and checked, in CPU seconds: milliseconds a lead, beside the
letter of 50 leads in the same run. Beside that, what WeasyPrint alone takes for a plain table of as many rows.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from casework.letters.papers import drawn
from crawler.tables import Letters

SIZES = (50, 100, 250, 500)
CELLS = 11


def cpu(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def plain(rows: int) -> None:
    """The same PDF variant of a table without any letter around it."""
    import weasyprint

    cells = "".join(f"<td>https://shop.xinghe.example/{at} 示例</td>" for at in range(CELLS))
    style = (
        "@page { size: A4 landscape } td { border: 1pt solid; font: 7pt 'Noto Serif CJK SC'; overflow-wrap: anywhere }"
    )
    table = (
        f"<style>{style}</style><table style='table-layout: fixed; width: 100%'>{f'<tr>{cells}</tr>' * rows}</table>"
    )
    weasyprint.HTML(string=table).write_pdf(pdf_variant="pdf/a-3u")


def told(name: str, value: float, baseline: float, goal: str, note: str) -> None:
    figures = {"value": round(value, 1), "baseline": round(baseline, 1), "ratio": round(value / baseline, 2)}
    print(json.dumps({"name": name, **figures, "goal": goal, "note": note}, ensure_ascii=False), flush=True)


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "casework"))
    from letter_paper_specimens import letter, listed

    def draw(size: int) -> None:
        drawn(letter(size), [listed(at) for at in range(1, size + 1)], Letters(), None)

    draw(1)  # what is loaded once
    plain(1)
    spent = {size: cpu(lambda size=size: draw(size)) * 1000 / size for size in SIZES}  # type: ignore[misc]
    for size in SIZES[1:]:
        told(f"letter of {size} leads, CPU-ms/lead", spent[size], spent[SIZES[0]], "≤ 1.2", "beside one of 50 leads")
    most = SIZES[-1]
    alone = cpu(lambda: plain(most)) * 1000 / most
    told(
        f"letter of {most} leads, CPU-ms/lead",
        spent[most],
        alone,
        "",
        "beside a plain table of as many rows, as PDF alone",
    )


if __name__ == "__main__":
    main()
