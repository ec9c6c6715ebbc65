"""aio-pika."""

import harness

harness.start()

import asyncio
import os

import aio_pika
import work
from opentelemetry.instrumentation.aio_pika import AioPikaInstrumentor

AioPikaInstrumentor().instrument()


async def deliver(name):
    taken = asyncio.Event()

    async def take(message):
        await message.ack()
        try:
            work.WORK[message.body.decode()]()
        finally:
            taken.set()

    async with await aio_pika.connect("amqp://127.0.0.1:" + os.environ["PORT"]) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("aio.cases")
        await channel.default_exchange.publish(aio_pika.Message(name.encode()), "aio.cases")
        await queue.consume(take)
        await taken.wait()


harness.run({name: lambda name=name: asyncio.run(deliver(name)) for name in work.MESSAGES})
