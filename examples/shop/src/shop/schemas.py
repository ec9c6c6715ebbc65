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


class NewOrder(Basket):
    """What somebody buys."""

    name: str = Field(min_length=1)


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
