"""Money is whole cents; rounding happens here and nowhere else."""

from decimal import ROUND_HALF_EVEN, Decimal

from aiprov_otel import provenance


def share(cents: int, percent: int) -> int:
    """*percent* of *cents*, rounded half to even as the accountant asks for."""
    exact = Decimal(cents) * percent / 100
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def display(cents: int) -> str:
    """What a receipt prints: `1,204.50`."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{whole:,}.{rest:02}"


@provenance
def convert(cents: int, currency: str) -> int:
    """*cents* in another *currency*."""
    rates = {"EUR": 100, "PLN": 427, "NOK": 1172, "GBP": 84}
    return cents * rates[currency] // 100
