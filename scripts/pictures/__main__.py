"""
Draw what the dashboards show of a staged incident, from the real results of their queries.

    python -m pictures FOLDER

writes a PNG for each dashboard over the Collector's metrics, ours, and ClickHouse; those over
Tempo's metrics look the same.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image

from aiprov_otel.backends import texts
from pictures.drawing import canvas, why_not
from pictures.staging import results

WIDTH: Final = 1600


def main(folder: Path) -> None:
    """Draw all of them into *folder*."""
    if reason := why_not():
        sys.exit(reason)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, results() as found, canvas(Path(work)) as page:
        for name, text in texts().items():
            if name.startswith("grafana/") and name.endswith(".json") and "-tempo" not in name:
                seen = page.draw(found.given(json.loads(text)), "dark", WIDTH)
                picture = page.photograph(WIDTH, seen["height"])
                save(picture, folder / f"{Path(name).stem}.png")


def save(picture: bytes, to: Path) -> None:
    """Write it with fewer colors, those of small texts among them, in a third of the size."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(128, method=Image.Quantize.MAXCOVERAGE).save(to, optimize=True)
    print(f"{to}: {to.stat().st_size // 1_000} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
