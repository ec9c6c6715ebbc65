"""Pydantic: models with validators and serializers, settings of classes, validated calls."""

import inspect
import pickle
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
    computed_field,
    create_model,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
    validate_call,
)
from pydantic.dataclasses import dataclass


def positive(value: int) -> int:
    if value <= 0:
        raise ValueError("not positive")
    return value


Positive = Annotated[int, AfterValidator(positive)]
Stripped = Annotated[str, BeforeValidator(lambda text: text.strip())]


class Line(BaseModel):
    """A line of an order."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["line"] = "line"
    name: Stripped
    price: Positive = Field(default=1, description="in cents")
    tags: list[str] = Field(default_factory=lambda: ["new"])

    @field_validator("name")
    @classmethod
    def named(cls, value: str) -> str:
        assert value, "empty"
        return value.title()

    @field_serializer("price")
    def priced(self, price: int) -> str:
        return f"{price / 100:.2f}"

    @computed_field
    @property
    def double(self) -> int:
        return self.price * 2

    def describe(self, *, loud: bool = False) -> str:
        return self.name.upper() if loud else self.name


class Order(BaseModel):
    lines: list[Line]
    _seen: int = PrivateAttr(default_factory=lambda: 3)

    @model_validator(mode="before")
    @classmethod
    def wrapped(cls, data):
        return {"lines": data} if isinstance(data, list) else data

    @model_validator(mode="after")
    def checked(self) -> Self:
        if len(self.lines) > 2:
            raise ValueError("too many")
        return self

    def model_post_init(self, context) -> None:
        self._seen += 1

    @property
    def total(self):
        return sum(each.price for each in self.lines)

    def __len__(self):
        return len(self.lines)


class Tagged(Order):
    @model_serializer(mode="wrap")
    def tagged(self, handler):
        return {"tag": "t", **handler(self)}


@dataclass
class Point:
    x: Positive
    y: int = 0

    def moved(self, by: int) -> "Point":
        return Point(self.x + by, self.y)


@validate_call(validate_return=True)
def added(a: int, b: Positive = 2, *, note: str | None = None) -> int:
    """Adds."""
    return a + b


@validate_call
async def later(a: int) -> int:
    return a * 2


def refused(make):
    try:
        make()
    except ValidationError as error:
        return [(each["loc"], each["type"], each["msg"]) for each in error.errors()]


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def answer():
    order = Order.model_validate([{"name": " tea ", "price": 250}])
    made = create_model("Made", x=(int, 1), __validators__={"v": field_validator("x")(positive)})
    return {
        "order": (repr(order), order.total, len(order), order._seen),
        "dumped": (order.model_dump(), order.model_dump_json(), Tagged(lines=[]).model_dump()),
        "schema": Order.model_json_schema(),
        "refused": [
            refused(lambda: Line(name=" ", price=0)),
            refused(lambda: Order(lines=[{"name": "a"}] * 3)),
            refused(lambda: Point(0)),
            refused(lambda: added("x")),
            refused(lambda: setattr(order.lines[0], "name", "b")),
            refused(lambda: made(x=-1)),
        ],
        "described": order.lines[0].describe(loud=True),
        "pickled": pickle.loads(pickle.dumps(order)) == order,
        "copied": order.model_copy(deep=True) == order,
        "added": (added("1"), added(1, b="3", note="x"), str(inspect.signature(added))),
        "later": (run(later("4")), inspect.iscoroutinefunction(later)),
        "moved": (Point("3").moved(2), str(inspect.signature(Line)), str(inspect.signature(Point))),
        "fields": {name: str(field) for name, field in Line.model_fields.items()},
        "documented": (Line.__doc__, added.__doc__, added.__name__),
        "adapted": TypeAdapter(list[Positive]).validate_python(["1", 2]),
    }
