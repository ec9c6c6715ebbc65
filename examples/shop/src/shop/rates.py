"""A stand-in for the carrier, so that the shop runs on a laptop."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

BASE_CENTS = {"north": 490, "coast": 540, "south": 620, "east": 590, "islands": 1290}
CENTS_PER_KILO = 110

app = FastAPI(title="carrier")


@app.get("/rates")
async def rates(zone: str, grams: int) -> dict[str, int]:
    """The price of a parcel."""
    kilos = math.ceil(grams / 1000)
    return {"cents": BASE_CENTS[zone] + kilos * CENTS_PER_KILO}


class Pickup(BaseModel):
    """A parcel to fetch."""

    reference: str
    label: str
    zone: str


@app.post("/pickups", status_code=202)
async def pickups(pickup: Pickup) -> dict[str, str]:
    """Take the order for a pickup."""
    return {"accepted": pickup.reference}


@contextmanager
def running() -> Iterator[str]:
    """Run the stand-in on a free port of this machine and give its address."""
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
