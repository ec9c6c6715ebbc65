"""Pika and aio-pika, with RabbitMQ between."""

from __future__ import annotations

import sys

import pytest

from support.brokers import rabbitmq
from support.origins import assert_failed_by_a_person, assert_work_is_named, caller, handler
from support.service import Messages, service

pika = pytest.importorskip("pika")
pytest.importorskip("aio_pika")

APPLICATIONS = {"pika_app": "", "aio_pika_app": "aio."}


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """The port of a RabbitMQ."""
    with rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as port:
        yield port


@pytest.fixture(scope="module")
def channel(broker):
    """A channel that messages are sent on."""
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", broker))
    yield connection.channel()
    connection.close()


@pytest.fixture(scope="module", params=APPLICATIONS)
def application(request):
    """The module of a consumer."""
    return request.param


@pytest.fixture(scope="module")
def queues(application, broker, channel, tmp_path_factory):
    """The queues of that consumer."""

    def send(name, header):
        queue = APPLICATIONS[application] + name
        channel.queue_declare(queue, durable=True)
        channel.basic_publish("", queue, b"", pika.BasicProperties(headers={"traceparent": header}))

    with service(
        tmp_path_factory.mktemp(application),
        *(sys.executable, f"{application}.py"),
        files=[f"{application}.py", "stock.py"],
        instrumented=["pika", "aio-pika", "sqlite3", "threading"],
        PORT=str(broker),
    ) as running:
        found = Messages(running.received, send)
        found.take("plain")
        yield found


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("plain", "ai"),
        ("wrapped", "human"),
        ("configured", "ai"),
        ("Consumer.take", "ai"),
        ("Consumer.__call__", "human"),
    ],
)
def test_the_callback_is_named(application, queues, name, origin):
    """
    Functions, decorated or partial, methods and objects.
    """
    assert handler(queues.take(name).entry) == (f"{application}.{name}", origin)


def test_what_a_callback_does_is_named(queues):
    """
    Client and internal spans, in whatever thread they begin, name their functions.
    """
    assert_work_is_named(queues.take("work", spans=4))


def test_a_callback_that_publishes(application, queues):
    """
    The producer's span names the function that published; the next consumer's, its own.
    """
    twice = application == "pika_app"  # its instrumentation does so on a blocking connection
    answer = queues.take("chain", spans=4 if twice else 3)

    sent = {caller(span) for span in answer.spans if span.span_kind == "Producer"}
    assert sent == {(f"{application}.chain", "ai")}
    served = [handler(span)[0] for span in answer.spans if span.span_kind == "Consumer"]
    assert sorted(served) == [f"{application}.chain", f"{application}.plain"]


def test_a_failing_callback(application, queues):
    """
    The exception names the line that raised, and so does the consumer's span that it failed.
    """
    entry = queues.take("failing").entry

    assert handler(entry) == (f"{application}.failing", "ai")
    assert_failed_by_a_person(entry)


def test_an_iterator_is_no_handler(application, queues):
    """
    A span that only puts a message by, for whoever asks for the next, names no function.
    """
    if application == "pika_app":
        pytest.skip("only aio-pika's iterators are callbacks")
    assert handler(queues.take("iterate").entry) is None
