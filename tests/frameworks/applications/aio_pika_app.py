"""A consumer of RabbitMQ in asyncio."""

import asyncio
import functools
import os

import aio_pika
import stock


async def plain(message):
    await message.ack()


def decorated(function):
    @functools.wraps(function)
    async def around(*args, **kwargs):
        return await function(*args, **kwargs)

    return around


@decorated
async def wrapped(message):  # human
    await message.ack()  # human


async def configured(word, message):
    await message.ack()


class Consumer:
    async def take(self, message):
        await message.ack()

    async def __call__(self, message):  # human
        await message.ack()  # human


async def work(message):
    await message.ack()
    await asyncio.to_thread(stock.work)


async def failing(message):
    await message.ack()
    stock.fail()


async def chain(channel, message):
    await message.ack()
    await channel.default_exchange.publish(aio_pika.Message(b"again"), "aio.plain")


async def iterate(queue):
    async with queue.iterator() as messages:
        async for message in messages:
            await message.ack()


async def main():
    connection = await aio_pika.connect("amqp://127.0.0.1:" + os.environ["PORT"])
    channel = await connection.channel()
    callbacks = {
        "plain": plain,
        "wrapped": wrapped,
        "configured": functools.partial(configured, "x"),
        "Consumer.take": Consumer().take,
        "Consumer.__call__": Consumer(),
        "work": work,
        "failing": failing,
        "chain": functools.partial(chain, channel),
    }
    for name, callback in callbacks.items():
        queue = await channel.declare_queue("aio." + name, durable=True)
        await queue.consume(callback)
    await iterate(await channel.declare_queue("aio.iterate", durable=True))


if __name__ == "__main__":
    import aio_pika_app

    asyncio.run(aio_pika_app.main())
