"""Celery, whose worker runs in this process and takes messages from its memory."""

import harness

harness.start()

import work
from celery import Celery
from celery.contrib.testing.worker import start_worker
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor

CeleryInstrumentor().instrument()
SQLite3Instrumentor().instrument()
app = Celery("shop", broker="memory://", backend="cache+memory://")


@app.task
def do(name):
    work.WORK[name]()


@app.task(bind=True, max_retries=2, default_retry_delay=0)
def again(task, times):
    try:
        return work.fail() if task.request.retries < times else None
    except KeyError as error:
        raise task.retry(exc=error, countdown=0)


with start_worker(app, perform_ping_check=False, pool="solo"):
    harness.run(
        {name: lambda name=name: do.delay(name).get(timeout=60) for name in work.WORK}
        | {
            "task_retry": lambda: again.delay(2).get(timeout=60),
            "task_retry_gives_up": lambda: again.delay(3).get(timeout=60),
        }
    )
