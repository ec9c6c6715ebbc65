"""Tasks of Celery."""

import functools
import os

import stock
from celery import Celery, Task

app = Celery("shop", broker=os.environ["BROKER"])
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_hijack_root_logger = False


@app.task
def plain():
    return "ok"


def decorated(function):
    @functools.wraps(function)
    def around(*args, **kwargs):
        return function(*args, **kwargs)

    return around


@app.task
@decorated
def wrapped():  # human
    return "ok"  # human


@app.task(bind=True)
def bound(self):
    return self.name


@app.task(autoretry_for=(ZeroDivisionError,), max_retries=0)
def retrying():  # human
    return "ok"  # human


class Classed(Task):
    name = "celery_app.classed"

    def run(self):
        return "ok"


app.register_task(Classed())


@app.task
def work():
    stock.work()


@app.task
def chain():
    plain.delay()


@app.task
def failing():
    stock.fail()
