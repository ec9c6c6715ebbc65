"""What it costs to bring a parcel to its customer."""

import httpx

from aiprov_otel import provenance

carrier = httpx.Client(timeout=10, trust_env=False)

ZONES = {
    "0": "north",
    "1": "north",
    "2": "coast",
    "3": "coast",
    "4": "south",
    "5": "south",
    "6": "south",
    "7": "east",
    "8": "east",
    "9": "islands",
}


@provenance
def zone_of(postcode: str) -> str:
    """The carrier's zone for *postcode*, which its first digit decides."""
    first = postcode.replace(" ", "")[0]
    return ZONES[first]


@provenance
def rate(zone: str, grams: int) -> int:
    """What the carrier takes for a parcel of *grams* to *zone*, in cents."""
    answer = carrier.get("/rates", params={"zone": zone, "grams": grams})
    answer.raise_for_status()
    cents: int = answer.json()["cents"]
    return cents
