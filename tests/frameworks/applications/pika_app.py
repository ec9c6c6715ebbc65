"""A consumer of RabbitMQ on a blocking connection."""

import functools
import os

import pika
import stock


def plain(channel, method, properties, body):
    channel.basic_ack(method.delivery_tag)


def decorated(function):
    @functools.wraps(function)
    def around(*args, **kwargs):
        return function(*args, **kwargs)

    return around


@decorated
def wrapped(channel, method, properties, body):  # human
    channel.basic_ack(method.delivery_tag)  # human


def configured(word, channel, method, properties, body):
    channel.basic_ack(method.delivery_tag)


class Consumer:
    def take(self, channel, method, properties, body):
        channel.basic_ack(method.delivery_tag)

    def __call__(self, channel, method, properties, body):  # human
        channel.basic_ack(method.delivery_tag)  # human


def work(channel, method, properties, body):
    channel.basic_ack(method.delivery_tag)
    stock.work()


def chain(channel, method, properties, body):
    channel.basic_ack(method.delivery_tag)
    channel.basic_publish("", "plain", b"again")


def failing(channel, method, properties, body):
    channel.basic_ack(method.delivery_tag)
    try:
        nested()
    except KeyError:
        channel.stop_consuming()
        raise


def nested():
    stock.fail()


CALLBACKS = {
    "plain": plain,
    "wrapped": wrapped,
    "configured": functools.partial(configured, "x"),
    "Consumer.take": Consumer().take,
    "Consumer.__call__": Consumer(),
    "work": work,
    "chain": chain,
    "failing": failing,
}


def main():
    parameters = pika.ConnectionParameters("127.0.0.1", int(os.environ["PORT"]))
    connection = pika.BlockingConnection(parameters)
    channel = connection.channel()
    for name, callback in CALLBACKS.items():
        channel.queue_declare(name, durable=True)
        channel.basic_consume(name, callback)
    while True:
        try:
            channel.start_consuming()
        except KeyError:
            for name, callback in CALLBACKS.items():
                channel.basic_consume(name, callback)


if __name__ == "__main__":
    import pika_app

    pika_app.main()
