"""A stand-in for the carrier, so that the shop runs on a laptop."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from aiprov_otel import provenance

BASE_CENTS = {"north": 490, "coast": 540, "south": 620, "east": 590, "islands": 1290}
CENTS_PER_KILO = 110

app = FastAPI(title="carrier")


@app.get("/rates")
async def rates(zone: str, grams: int) -> dict[str, int]:
    """The price of a parcel."""
    kilos = math.ceil(grams / 1000)
    return {"cents": price(zone, kilos), "box": box(kilos)}


class Pickup(BaseModel):
    """A parcel to fetch."""

    reference: str
    label: str
    zone: str


@app.post("/pickups", status_code=202)
async def pickups(pickup: Pickup) -> dict[str, str]:
    """Take the order for a pickup."""
    return {"accepted": pickup.reference}


@provenance
def price(zone: str, kilos: int) -> int:
    """What a parcel costs; above 30 kilos it needs a pallet, which is another contract."""
    if kilos > 30:
        raise ValueError(f"{kilos} kg are too heavy for a parcel")
    return BASE_CENTS[zone] + kilos * CENTS_PER_KILO


@provenance
def box(kilos: int) -> int:
    """The size of the smallest box that holds *kilos*."""
    sizes = {1: 2, 2: 5, 3: 10, 4: 20}
    return min(size for size, most in sizes.items() if kilos <= most)


@contextmanager
def running(address: str | None) -> Iterator[str]:
    """Give the *address* of a carrier; without one, run the stand-in on a free port."""
    if address:
        yield address
        return
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        host, port = server.servers[0].sockets[0].getsockname()
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)
