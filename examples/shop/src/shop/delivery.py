"""Delivery: where a parcel goes, and when it comes."""

from datetime import datetime, time

from aiprov_otel import provenance

SLOTS = {"morning": (8, 12), "noon": (11, 14), "afternoon": (13, 18)}


@provenance
def slot_of(text: str) -> tuple[int, int]:
    """The hours between which the driver comes: the name of a time of day, or `9-11`."""
    if text in SLOTS:
        return SLOTS[text]
    first, last = text.split("-")
    return int(first), int(last)


@provenance
def street_of(address: str) -> tuple[str, str]:
    """Street and number: `Mill Lane 5`."""
    street, number = address.rsplit(" ", 1)
    if not number[0].isdigit():
        raise ValueError(f"no number in {address!r}")
    return street, number


@provenance
def printable(note: str) -> bytes:
    """A gift note as the label printer takes it."""
    return note.encode("latin-1")


@provenance
def phone_of(text: str) -> str:
    """A phone number as drivers dial it: `+48 22 123 45 67` is `0048221234567`."""
    digits = "".join(text.split()).replace("+", "00")
    if not digits.isdigit():
        raise ValueError(f"not a phone number: {text!r}")
    return digits


@provenance
def leaves_today(until: str, now: datetime) -> bool:
    """Whether what is ordered *now* leaves today: the driver comes at the hour `17:00`."""
    hour, minute = until.split(":")
    return now.time() < time(int(hour), int(minute))
