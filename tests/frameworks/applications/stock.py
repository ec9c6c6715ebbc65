"""What every application does below its handlers."""

import sqlite3
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

from opentelemetry import trace
from opentelemetry.propagate import extract, inject

tracer = trace.get_tracer("stock")


def look_up():  # human
    connection = sqlite3.connect(":memory:")  # human
    connection.cursor().execute("select 1")  # human
    connection.close()  # human


def reckon(name="reckon"):
    with tracer.start_as_current_span(name):
        return 6 * 7


def in_thread():
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(reckon, "in a thread").result()


def in_process():
    carrier = {}
    inject(carrier)
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        pool.submit(elsewhere, carrier).result()


def elsewhere(carrier):
    with tracer.start_as_current_span("in a process", context=extract(carrier)):
        pass
    trace.get_tracer_provider().force_flush()


def work():
    look_up()
    reckon()
    in_thread()


def fail():
    raise KeyError("apple")  # human
