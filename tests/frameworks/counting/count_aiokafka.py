"""aiokafka: as kafka-python, in asyncio."""

import harness

harness.start()

import asyncio
import os

import work
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from opentelemetry.instrumentation.aiokafka import AIOKafkaInstrumentor

AIOKafkaInstrumentor().instrument()
BROKER = {"bootstrap_servers": "127.0.0.1:" + os.environ["PORT"]}


@work.provenance
async def handle(message):
    work.WORK[message.value.decode()]()


async def deliver(name):
    topic = f"aiokafka.{name}"
    async with AIOKafkaProducer(**BROKER) as producer:
        await producer.send_and_wait(topic, name.encode())
    async with AIOKafkaConsumer(topic, auto_offset_reset="earliest", **BROKER) as consumer:
        await handle(await consumer.getone())


harness.run({name: lambda name=name: asyncio.run(deliver(name)) for name in work.MESSAGES})
