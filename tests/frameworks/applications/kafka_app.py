"""Consumers of Kafka that ask for messages, with each of three libraries."""

import asyncio
import os
import sys

import stock

SERVERS = "127.0.0.1:" + os.environ["PORT"]


def kafka_python():
    import kafka

    consumer = kafka.KafkaConsumer(
        "kafka_python", bootstrap_servers=SERVERS, auto_offset_reset="earliest"
    )
    producer = kafka.KafkaProducer(bootstrap_servers=SERVERS)
    for _ in consumer:
        producer.send("after", b"done").get(10)


def confluent_kafka():  # human
    import confluent_kafka  # human

    settings = {  # human
        "bootstrap.servers": SERVERS,  # human
        "group.id": "confluent_kafka",  # human
        "auto.offset.reset": "earliest",  # human
    }  # human
    consumer = confluent_kafka.Consumer(settings)  # human
    consumer.subscribe(["confluent_kafka"])  # human
    while True:  # human
        if consumer.poll(0.2) is not None:  # human
            stock.reckon()  # human


async def aiokafka():
    import aiokafka

    consumer = aiokafka.AIOKafkaConsumer(
        "aiokafka", bootstrap_servers=SERVERS, auto_offset_reset="earliest"
    )
    await consumer.start()
    async for _ in consumer:
        stock.reckon()


if __name__ == "__main__":
    import kafka_app

    if sys.argv[1] == "aiokafka":
        asyncio.run(kafka_app.aiokafka())
    else:
        getattr(kafka_app, sys.argv[1])()
