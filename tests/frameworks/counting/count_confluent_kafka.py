"""confluent-kafka: the span of a message lasts until the next is polled for."""

import harness

harness.start()

import os

import confluent_kafka
import work
from opentelemetry.instrumentation.confluent_kafka import ConfluentKafkaInstrumentor

ConfluentKafkaInstrumentor().instrument()
broker = {"bootstrap.servers": "127.0.0.1:" + os.environ["PORT"]}
producer = confluent_kafka.Producer(broker)
settings = {**broker, "group.id": "cases", "auto.offset.reset": "earliest"}


def deliver(name):
    topic = f"confluent.{name}"
    producer.produce(topic, name.encode())
    producer.flush()
    consumer = confluent_kafka.Consumer(settings)
    consumer.subscribe([topic])
    try:
        while (message := consumer.poll(1)) is None or message.error():
            pass
        work.WORK[message.value().decode()]()
    finally:
        consumer.close()


harness.run({name: lambda name=name: deliver(name) for name in work.MESSAGES})
