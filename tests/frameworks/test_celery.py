"""Celery's workers, forked and in threads, with Redis between."""

from __future__ import annotations

import pytest

from support.brokers import redis
from support.origins import assert_failed_by_a_person, assert_work_is_named, caller, handler
from support.service import Messages, executable, service

celery = pytest.importorskip("celery")


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """The address of a Redis."""
    with redis(tmp_path_factory.mktemp("redis")) as port:
        yield f"redis://127.0.0.1:{port}"


@pytest.fixture(scope="module", params=["prefork", "threads"])
def tasks(request, broker, tmp_path_factory):
    """The tasks in workers of one kind."""
    queue = request.param
    sender = celery.Celery(broker=broker)

    def send(name, header):
        sender.send_task(f"celery_app.{name}", headers={"traceparent": header}, queue=queue)

    with service(
        tmp_path_factory.mktemp("celery"),
        *(executable("celery"), "-A", "celery_app", "worker", "--pool", request.param),
        *("--concurrency", "2", "--queues", queue, "--without-mingle", "--without-gossip"),
        files=["celery_app.py", "stock.py"],
        instrumented=["celery", "sqlite3", "threading"],
        BROKER=broker,
    ) as running:
        found = Messages(running.received, send)
        found.take("plain")
        yield found
    sender.close()


@pytest.mark.parametrize(
    ("name", "function", "origin"),
    [
        ("plain", "plain", "ai"),
        ("wrapped", "wrapped", "human"),
        ("bound", "bound", "ai"),
        ("retrying", "retrying", "human"),
        ("classed", "Classed.run", "ai"),
    ],
)
def test_the_task_is_named(tasks, name, function, origin):
    """
    Functions, decorated, bound or retried, and the `run` of a class.
    """
    assert handler(tasks.take(name).entry) == (f"celery_app.{function}", origin)


def test_what_a_task_does_is_named(tasks):
    """
    Client and internal spans below a task name the functions that they are of.
    """
    assert_work_is_named(tasks.take("work", spans=4))


def test_a_task_that_sends_a_task(tasks):
    """
    The producer's span names the function that sent it.
    """
    answer = tasks.take("chain", spans=2)

    assert caller(answer.span("apply_async/")) == ("celery_app.chain", "ai")
    assert handler(answer.span("run/celery_app.chain")) == ("celery_app.chain", "ai")


def test_a_failing_task(tasks):
    """
    The exception names the line that raised, and so does the consumer's span that it failed.
    """
    entry = tasks.take("failing").entry

    assert handler(entry) == ("celery_app.failing", "ai")
    assert_failed_by_a_person(entry)


def test_tasks_at_once_do_not_mix(tasks):
    """
    Tasks in the same few workers each name their own function.
    """
    names = ["plain", "wrapped", "bound"] * 10
    found = [handler(tasks.take(name).entry)[0] for name in names]
    assert found == [f"celery_app.{name}" for name in names]
