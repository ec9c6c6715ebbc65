"""What goes to a process that was spawned, and back."""

import functools
import multiprocessing
from concurrent.futures import ProcessPoolExecutor


class Cart:
    def __init__(self, x):
        self.x = x

    def total(self, y=0):
        return self.x + y

    def __call__(self):
        return self.x


def double(x):
    return x * 2


def failing(x):
    raise KeyError(x)


def sending(connection):
    connection.send(double(4))


def answer():
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=double, initargs=(1,)) as pool:
        found = list(pool.map(double, [1, 2]))
        found += [pool.submit(Cart(3).total, y=1).result(), pool.submit(Cart(5)).result()]
        found.append(pool.submit(functools.partial(double, 6)).result())
        error = pool.submit(failing, 7).exception()
        found += [repr(error), "in failing" in str(error.__cause__)]
    ours, theirs = context.Pipe()
    process = context.Process(target=sending, args=(theirs,))
    process.start()
    found.append(ours.recv())
    process.join()
    return found
