"""Groups of exceptions: the line that raised them, or those that raised their leaves."""

from __future__ import annotations

import asyncio

import pytest

from aiprov_otel import provenance_of
from support.application import AI, HUMAN

SHOP = """\
import asyncio

async def ai(item):
    await asyncio.sleep(0)
    raise KeyError(item)

async def human(item):
    await asyncio.sleep(0)
    raise LookupError(item)  # human

async def unknown(item):
    raise OSError(item)  # unknown

async def together(*coroutines):
    async with asyncio.TaskGroup() as group:  # human
        for coroutine in coroutines:
            group.create_task(coroutine)

async def nested(one, *others):
    async with asyncio.TaskGroup() as group:  # human
        group.create_task(one)
        group.create_task(together(*others))

def collect(*errors):
    raise ExceptionGroup("collected", errors)  # human

async def partly(*coroutines):
    try:
        await together(*coroutines)
    except* LookupError:
        pass

async def call(library, *given):
    await library(*given)
"""


@pytest.fixture
def shop(application):
    """The shop above, installed."""
    shop = application.module("shop.tasks", SHOP)
    application.install()
    return shop


def told(application, failing):
    """The error of a span that *failing*, a coroutine, failed, and what its event says."""

    async def run():
        with application.tracer.start_as_current_span("span"):
            await failing

    with pytest.raises(Exception) as raised:
        asyncio.run(run())
    (event,) = application.span().events
    return raised.value, dict(event.attributes)


def code(said):
    """The raising line, if one is named."""
    return said.get("code.function.name"), said.get("code.line.number")


def test_a_group_of_asyncio_is_of_the_line_that_failed_in_it(application, shop):
    """
    A task group hands on what a task did: the line of the task is told, not that of the block.
    """
    _, said = told(application, shop.together(shop.ai(1)))

    assert said["exception.type"] == "ExceptionGroup"
    assert said["aiprov.exception.origin"] == "ai"
    assert said["aiprov.exception.commit.id"] == AI.commit
    assert said["aiprov.file.path"] == "src/shop/tasks.py"
    assert code(said) == ("shop.tasks.ai", 5)
    assert application.span().attributes["aiprov.error.origin"] == "ai"


def test_leaves_that_agree_are_one_answer(application, shop):
    """
    Many tasks that fail on one line are that line.
    """
    group, said = told(application, shop.together(*(shop.human(n) for n in range(20))))

    assert len(group.exceptions) == 20
    assert said["aiprov.exception.origin"] == "human"
    assert code(said) == ("shop.tasks.human", 9)


def test_leaves_that_differ_are_decided_as_a_unit(application, shop):
    """
    Of an AI line and one of a person, the group is mixed, and no single line is named.
    """
    error, said = told(application, shop.together(shop.ai(1), shop.human(2)))

    assert said["aiprov.exception.origin"] == "mixed"
    assert said["aiprov.exception.agent.name"] == AI.agent
    assert said["aiprov.exception.commit.id"] == AI.commit
    assert said["aiprov.file.path"] == "src/shop/tasks.py"
    assert code(said) == (None, None)
    assert provenance_of(error).ai_ratio is None
    assert str(provenance_of(error).origin) == "mixed"


@pytest.mark.parametrize(
    ("names", "origin"),
    [
        (["ai"] * 4 + ["human"], "ai"),
        (["human"] * 4 + ["ai"], "human"),
        (["ai", "unknown"], "ai"),
        (["ai", "unknown", "unknown"], "unknown"),
    ],
)
def test_the_rule_is_that_of_a_unit(application, shop, names, origin):
    """
    Each leaf has a vote, as each line of a unit has: 80 % decide, and half may be unknown.
    """
    _, said = told(application, shop.together(*(getattr(shop, name)(1) for name in names)))

    assert said["aiprov.exception.origin"] == origin


def test_a_leaf_of_a_library_has_no_vote(application, shop):
    """
    What failed outside the application says nothing about whose lines failed in it.
    """

    async def library():
        await asyncio.sleep(0)
        raise OSError

    error, said = told(application, shop.together(library(), shop.ai(1)))

    assert len(error.exceptions) == 2
    assert said["aiprov.exception.origin"] == "ai"
    assert code(said) == ("shop.tasks.ai", 5)


def test_a_group_of_a_library_alone_is_of_the_block(application, shop):
    """
    Where no leaf has a line in the application, the line that the group passed is told.
    """

    async def library():
        raise OSError

    _, said = told(application, shop.together(library()))

    assert said["aiprov.exception.origin"] == "human"
    assert code(said) == ("shop.tasks.together", 15)


def test_groups_in_groups_are_walked(application, shop):
    """
    Leaves count wherever they hang.
    """
    _, said = told(application, shop.nested(shop.human(1), shop.human(2), shop.human(3)))

    assert said["aiprov.exception.origin"] == "human"
    assert code(said) == ("shop.tasks.human", 9)


def test_a_group_that_the_application_raises_is_of_that_line(application, shop):
    """
    `raise ExceptionGroup(…)` in the application is an exception like any other.
    """

    async def fail():
        shop.collect(*errors)

    errors = []
    for one in (shop.ai(1), shop.ai(2)):
        try:
            asyncio.run(one)
        except KeyError as error:
            errors.append(error)
    _, said = told(application, fail())

    assert said["aiprov.exception.origin"] == "human"
    assert said["aiprov.exception.commit.id"] == HUMAN.commit
    assert code(said) == ("shop.tasks.collect", 25)


def test_such_a_group_is_one_leaf_of_another(application, shop):
    """
    Within a group of a library it has one vote, that of the line that raised it.
    """

    async def fail():
        shop.collect(KeyError())

    _, said = told(application, shop.together(shop.call(fail)))

    assert said["aiprov.exception.origin"] == "human"
    assert code(said) == ("shop.tasks.collect", 25)


def test_what_an_except_star_leaves_is_of_its_leaves(application, shop):
    """
    The part of a group that goes on is told by the leaves that are left in it.
    """
    error, said = told(application, shop.partly(shop.unknown(1), shop.human(2)))

    assert [type(each) for each in error.exceptions] == [OSError]
    assert code(said) == ("shop.tasks.unknown", 12)
    assert said["aiprov.exception.origin"] == "unknown"


def test_a_group_that_was_never_raised_is_of_its_leaves(application, shop):
    """
    A span may record a group that somebody only made.
    """
    with pytest.raises(KeyError) as raised:
        asyncio.run(shop.ai(1))
    span = application.tracer.start_span("span")
    span.record_exception(ExceptionGroup("made", [ExceptionGroup("inner", [raised.value])]))

    assert span.events[0].attributes["aiprov.exception.origin"] == "ai"


def test_a_group_as_a_cause_is_walked_too(application, shop):
    """
    Raised `from` a group, an exception names what the leaves of that group have in common.
    """

    async def library():
        try:
            await shop.together(shop.ai(1))
        except ExceptionGroup as group:
            raise OSError from group

    _, said = told(application, shop.call(library))

    assert said["aiprov.exception.origin"] == "ai"
    assert said["aiprov.exception.cause.origin"] == "ai"
    assert said["aiprov.exception.cause.commit.id"] == AI.commit


class Loop(ExceptionGroup):
    """A group that says that it is a member of itself."""

    exceptions = property(lambda self: (self, *self.args[1]))


class Endless(ExceptionGroup):
    """A group with another one in it each time that it is asked."""

    exceptions = property(lambda self: (Endless("e", [OSError()]), Endless("e", [OSError()])))


def test_cycles_come_to_an_end(application, shop):
    """
    A group in itself is looked at once, and one without an end not for ever.
    """
    with pytest.raises(KeyError) as raised:
        asyncio.run(shop.ai(1))

    assert provenance_of(Loop("loop", [raised.value])).commit == AI.commit
    assert provenance_of(Endless("endless", [raised.value])).commit == AI.commit


def test_a_group_with_very_many_members_is_decided_over_some(application, shop):
    """
    Looking at a group has an end, however large it is.
    """
    with pytest.raises(KeyError) as raised:
        asyncio.run(shop.ai(1))
    members = [KeyError().with_traceback(raised.value.__traceback__) for _ in range(50_000)]

    assert provenance_of(ExceptionGroup("large", members)).commit == AI.commit


def test_a_task_group_of_anyio(application, shop):
    """
    So it is with the task groups of anyio.
    """
    anyio = pytest.importorskip("anyio")

    async def library():
        async with anyio.create_task_group() as group:
            group.start_soon(shop.human, 1)
            group.start_soon(shop.human, 2)

    _, said = told(application, shop.call(library))

    assert said["exception.type"] == "ExceptionGroup"
    assert code(said) == ("shop.tasks.human", 9)
