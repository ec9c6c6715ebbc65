"""A stand-in for the carrier, so that the shop runs on a laptop."""

import math
import socket
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
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)
