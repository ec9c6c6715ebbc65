"""SQLAlchemy: mapped classes, hybrid properties, events, validators, types of one's own."""

from sqlalchemy import ForeignKey, String, create_engine, event, func, select
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.hybrid import hybrid_method, hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    Session,
    column_property,
    declared_attr,
    mapped_column,
    reconstructor,
    relationship,
    validates,
)
from sqlalchemy.types import TypeDecorator

log = []


class Cents(TypeDecorator):
    impl = String
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else str(value * 100)

    def process_result_value(self, value, dialect):
        return None if value is None else int(value) // 100


class Base(DeclarativeBase):
    @declared_attr.directive
    def __tablename__(cls):
        return cls.__name__.lower()

    id: Mapped[int] = mapped_column(primary_key=True)


class Stamped:
    @declared_attr
    def note(cls) -> Mapped[str | None]:
        return mapped_column(default=lambda: f"made for {cls.__name__}")


class Order(Stamped, Base):
    customer: Mapped[str]
    lines: Mapped[list["Line"]] = relationship(
        back_populates="order", cascade="all, delete-orphan", order_by=lambda: Line.price
    )
    names = association_proxy("lines", "name")

    @validates("customer")
    def checked(self, key, value):
        log.append((key, value))
        if not value:
            raise ValueError("nobody")
        return value.title()

    @reconstructor
    def loaded(self):
        log.append("loaded")

    @hybrid_property
    def total(self):
        return sum(line.price for line in self.lines)

    @total.inplace.expression
    @classmethod
    def _total(cls):
        of_it = select(func.count(Line.id)).where(Line.order_id == cls.id)
        return of_it.label("total")

    @hybrid_method
    def named(self, name):
        return self.customer == name


class Line(Base):
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    name: Mapped[str]
    price: Mapped[int] = mapped_column(Cents)
    order: Mapped[Order] = relationship(back_populates="lines")

    @hybrid_property
    def shout(self):
        return self.name.upper()

    @shout.inplace.setter
    def _set_shout(self, value):
        self.name = value.lower()

    @shout.inplace.expression
    @classmethod
    def _shout(cls):
        return func.upper(cls.name)


class Point(MappedAsDataclass, Base, kw_only=True):
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    x: Mapped[int] = mapped_column(default=1)
    y: Mapped[int] = mapped_column(default_factory=lambda: 2)

    def __post_init__(self):
        log.append("made")


@event.listens_for(Line, "before_insert")
def numbered(mapper, connection, target):
    log.append(("insert", target.name))
    target.name = target.name.strip()


@event.listens_for(Order.customer, "set", retval=True)
def stripped(target, value, old, initiator):
    return value.strip()


class Shop(Session):
    """Of this module alone, as its events are."""


@event.listens_for(Shop, "after_commit")
def committed(session):
    log.append("commit")


def refused():
    try:
        Order(customer="")
    except ValueError as error:
        return str(error)


def answer():
    log.clear()
    engine = create_engine("sqlite://")
    Order.__mapper__.add_property("length", column_property(func.length(Order.customer)))

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def said(connection, cursor, statement, parameters, context, many):
        log.append(statement.split()[0])
        return statement, parameters

    Base.metadata.create_all(engine)
    with Shop(engine) as session:
        order = Order(customer=" ada ", lines=[Line(name=" tea ", price=3), Line(name="b", price=1)])
        session.add_all([order, Point(x=5)])
        session.commit()
        found = session.scalars(select(Order).where(Order.named("Ada"), Order.total == 2)).one()
        line = session.scalars(select(Line).where(Line.shout == "TEA")).one()
        line.shout = "COFFEE"
        seen = [found.total, list(found.names), found.note, found.length, line.name]
        seen += [repr(session.scalars(select(Point)).one()), str(select(Order.total))]
    with Shop(engine) as session:
        again = session.get(Order, 1)
        del again.lines[0]
        session.commit()
        seen.append((len(again.lines), again.customer))
    engine.dispose()
    return seen, refused(), sorted(Base.metadata.tables), log
