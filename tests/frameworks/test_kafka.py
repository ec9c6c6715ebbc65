"""kafka-python, confluent-kafka and aiokafka, with Kafka between."""

from __future__ import annotations

import sys
from contextlib import contextmanager

import pytest

from support.brokers import kafka
from support.origins import caller
from support.service import Messages, service
from support.waiting import PATIENCE

library = pytest.importorskip("kafka")
pytest.importorskip("confluent_kafka")
pytest.importorskip("aiokafka")

INSTRUMENTED = {
    "kafka_python": "kafka",
    "confluent_kafka": "confluent_kafka",
    "aiokafka": "aiokafka",
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """The port of a Kafka."""
    with kafka(tmp_path_factory.mktemp("kafka")) as port:
        yield port


@pytest.fixture(scope="module")
def producer(broker):
    """What messages are sent with."""
    made = library.KafkaProducer(bootstrap_servers=f"127.0.0.1:{broker}")
    yield made
    made.close()


@pytest.fixture
def consuming(broker, producer, tmp_path):
    """A consumer with one of the libraries."""

    def send(name, header):
        headers = [("traceparent", header.encode())]
        producer.send(name, b"apple", headers=headers).get(PATIENCE)

    @contextmanager
    def start(name):
        with service(
            tmp_path,
            *(sys.executable, "kafka_app.py", name),
            files=["kafka_app.py", "stock.py"],
            instrumented=[INSTRUMENTED[name]],
            PORT=str(broker),
        ) as running:
            yield Messages(running.received, send)

    return start


@pytest.mark.parametrize("name", ["kafka_python", "aiokafka"])
def test_a_received_message_names_who_asked_for_it(consuming, name):
    """
    The span ends before the message is handled: it names the function that asked, as a caller.
    """
    with consuming(name) as messages:
        received = messages.take(name).span(f"{name} receive")

    assert received.span_kind == "Consumer"
    assert caller(received) == (f"kafka_app.{name}", "ai")


def test_a_span_until_the_next_message_names_who_asked(consuming):
    """
    The span of confluent-kafka lasts until the next is asked for, and is named in the same way.
    """
    with consuming("confluent_kafka") as messages:
        process = messages.take("confluent_kafka").span("confluent_kafka process")

    assert caller(process) == ("kafka_app.confluent_kafka", "human")


def test_a_sent_message_names_who_sent_it(consuming):
    """
    The producer's span names the function that sent the message.
    """
    with consuming("kafka_python") as messages:
        messages.take("kafka_python")
        sent = messages.received.named("after send")

    assert caller(sent) == ("kafka_app.kafka_python", "ai")
