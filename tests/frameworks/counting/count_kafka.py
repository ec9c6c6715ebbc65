"""kafka-python: the span of a message ends before it is handled, by a function with its own."""

import harness

harness.start()

import os

import work
from kafka import KafkaConsumer, KafkaProducer
from opentelemetry.instrumentation.kafka import KafkaInstrumentor

KafkaInstrumentor().instrument()
broker = {"bootstrap_servers": "127.0.0.1:" + os.environ["PORT"]}
producer = KafkaProducer(**broker)
consumer = KafkaConsumer("kafka", auto_offset_reset="earliest", **broker)


@work.provenance
def handle(message):
    work.WORK[message.value.decode()]()


def deliver(name):
    producer.send("kafka", name.encode()).get(60)
    handle(next(consumer))


harness.run({name: lambda name=name: deliver(name) for name in work.MESSAGES})
consumer.close()
producer.close()
