"""The tables."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """What the tables have in common."""


class Item(Base):
    """Something that we sell."""

    __tablename__ = "items"

    sku: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str]
    cents: Mapped[int]
    grams: Mapped[int]
    stock: Mapped[int]


class Order(Base):
    """What a customer bought, at the prices of that day."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    placed_at: Mapped[datetime]
    name: Mapped[str]
    postcode: Mapped[str]
    total: Mapped[int]
    lines: Mapped[list["Line"]] = relationship(back_populates="order", lazy="selectin")


class Line(Base):
    """One item of an order."""

    __tablename__ = "lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    sku: Mapped[str] = mapped_column(ForeignKey("items.sku"))
    quantity: Mapped[int]
    cents: Mapped[int]
    discount: Mapped[int] = mapped_column(default=0)
    refunded: Mapped[int] = mapped_column(default=0)
    order: Mapped[Order] = relationship(back_populates="lines")
