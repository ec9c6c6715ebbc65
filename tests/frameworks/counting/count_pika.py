"""Pika, on a blocking connection."""

import harness

harness.start()

import os

import pika
import work
from opentelemetry.instrumentation.pika import PikaInstrumentor

PikaInstrumentor().instrument()
connection = pika.BlockingConnection(
    pika.ConnectionParameters("127.0.0.1", int(os.environ["PORT"]))
)
channel = connection.channel()
channel.queue_declare("cases")


def take(channel, method, properties, body):
    channel.stop_consuming()
    work.WORK[body.decode()]()


def deliver(name):
    channel.basic_publish("", "cases", name)
    channel.basic_consume("cases", take, auto_ack=True)
    channel.start_consuming()


harness.run({name: lambda name=name: deliver(name) for name in work.MESSAGES})
connection.close()
