"""Celery: tasks by decorator and class, bound, retried, in chains, with signals."""

from functools import partial

from celery import Celery, Task, chain, group, signals

app = Celery("shop", broker="memory://", backend="cache+memory://", set_as_current=False)
app.conf.update(task_always_eager=True, task_eager_propagates=False, task_store_eager_result=False)
log = []
task = partial(app.task, shared=False)  # of this application alone


class Logged(Task):
    def on_success(self, retval, task_id, args, kwargs):
        log.append(("success", self.name.rpartition(".")[2], retval))

    def on_failure(self, exc, task_id, args, kwargs, einfo):
        log.append(("failure", repr(exc)))


@task()
def add(x, y=1):
    """Adds."""
    return x + y


@task(bind=True, base=Logged, max_retries=2, default_retry_delay=0)
def retried(self, until):
    if self.request.retries < until:
        raise self.retry(exc=ValueError(self.request.retries))
    return self.request.retries


@task(autoretry_for=(KeyError,), retry_backoff=False, max_retries=1, default_retry_delay=0)
def automatic():
    log.append("tried")
    raise KeyError("x")


@task(name="named", ignore_result=False)
def total(numbers):
    return sum(numbers)


@task(typing=True, pydantic=False)
def strict(a, *, b):
    return a, b


class Counting(Logged):
    name = "counting"

    def run(self, n):
        return list(range(n))


counting = app.register_task(Counting())


def prerun(sender=None, task_id=None, **kwargs):
    log.append(("prerun", sender.name.rpartition(".")[2]))


def wrong():
    try:
        strict.delay(1)
    except TypeError as error:
        return str(error)


def answer():
    log.clear()
    signals.task_prerun.connect(prerun)
    try:
        return {
            "add": (add(1), add.delay(2, y=3).get(), add.apply_async((1,)).state),
            "retried": [retried.delay(each).state for each in (1, 5)],
            "automatic": repr(automatic.delay().result),
            "chained": chain(add.s(1), add.s(10))().get(),
            "grouped": group(add.s(each) for each in range(3))().get(),
            "counted": counting.delay(3).get(),
            "wrong": wrong(),
            "names": sorted(each for each in app.tasks if each.startswith(f"{__name__}.")),
            "about": (add.__name__, add.__doc__, add.__wrapped__.__qualname__, add.max_retries),
            "log": list(log),
        }
    finally:
        signals.task_prerun.disconnect(prerun)
