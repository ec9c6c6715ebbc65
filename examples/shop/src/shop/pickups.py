"""Have the carrier fetch a parcel."""

from aiprov_otel import provenance
from shop.shipping import carrier, zone_of


@provenance
def book(number: int, name: str, postcode: str) -> str:
    """Book the pickup of order *number*; runs after its customer has got the answer."""
    label = label_for(name)
    order = {"reference": f"order-{number}", "label": label, "zone": zone_of(postcode)}
    answer = carrier.post("/pickups", json=order)
    answer.raise_for_status()
    return label


@provenance
def label_for(name: str) -> str:
    """The name as the carrier's labels have it: `LOVELACE, Ada`."""
    first, last = name.split(" ")
    return f"{last.upper()}, {first}"
