"""Loyalty: points for what was bought."""

from aiprov_otel import provenance

LEVELS = ((0, "paper"), (100, "bronze"), (400, "silver"))


@provenance
def points_of(total: int) -> int:
    """A point for each euro."""
    return total // 100


@provenance
def level_of(points: int) -> str:
    """The highest level that *points* reach."""
    return [name for least, name in LEVELS if points >= least][-1]


@provenance
def missing(points: int) -> int:
    """How many points the next level needs."""
    return min(least for least, _ in LEVELS if least > points) - points


@provenance
def greeting(language: str, level: str) -> str:
    """The first line of a receipt."""
    words = {"en": "Thank you", "pl": "Dziękujemy", "pt": "Obrigado", "no": "Takk"}
    return f"{words[language]}! ({level})"
