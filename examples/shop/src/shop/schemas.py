"""What goes in and out over HTTP."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Item(BaseModel):
    """An item of the catalog."""

    model_config = ConfigDict(from_attributes=True)

    sku: str
    name: str
    description: str
    cents: int


class Basket(BaseModel):
    """What somebody thinks of buying: how many of which item, and where it goes."""

    items: dict[str, int] = Field(min_length=1)
    postcode: str = Field(min_length=1)
    coupon: str | None = None
    slot: str = "morning"
    pickup: str = "17:00"


class NewOrder(Basket):
    """What somebody buys."""

    name: str = Field(min_length=1)
    address: str = "Mill Lane 5"
    phone: str = "+48 22 123 45 67"
    note: str = ""


class Quote(BaseModel):
    """What a basket costs."""

    model_config = ConfigDict(from_attributes=True)

    subtotal: int
    discount: int
    shipping: int
    tax: int
    total: int


class Return(BaseModel):
    """What a customer sends back."""

    items: dict[str, int]
    reason: str = "N"


class Row(BaseModel):
    """A row of a supplier's price list."""

    code: str = Field(min_length=2)
    stock: str
    delivery: str
    cost: int
    advised: int
    name: str
    price: str
    weight: str
    pack: str
    size: str
    barcode: str
    since: str
    country: str
    tiers: str
    text: str


class Refund(BaseModel):
    """What the customer gets for it."""

    cents: int


class Placed(BaseModel):
    """The answer to an order."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    total: int


class Receipt(Placed):
    """An order, as its customer sees it."""

    receipt: list[str]
    returnable_until: datetime
    level: str
