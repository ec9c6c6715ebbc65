"""How a process ends, with a fault in ours, and without us; prints what differs."""

from __future__ import annotations

import atexit
import json
import os
import random
import sys
import tempfile

import aiprov_otel
from support.faults import FAULTS, Site, Trace


def fail():
    raise ValueError("the end")


def leave():
    sys.exit(3)


def finish():
    return None


def ended(end, fault=None, at=None):
    """The status of a process that calls *end*, what it prints, and the sites that it passed."""
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as passed:
        if (child := os.fork()) == 0:
            os.dup2(printed.fileno(), 2)
            traced = Trace(fault, at)
            atexit.register(lambda: os.write(number, json.dumps(list(traced.passed)).encode()))
            number = os.dup(passed.fileno())
            traced.start()
            try:
                end()
            finally:
                if fault is not None and not fault.is_ours:
                    sys.settrace(None)  # what arrives in a hook of Python's, Python prints
            sys.exit()
        status = os.waitpid(child, 0)[1]
        printed.seek(0)
        passed.seek(0)
        lines = [line for line in printed.read().decode().splitlines() if line[:1].strip()]
        return status, lines, [Site(*each) for each in json.load(passed)]


def raising(fault):
    """What ends as *fault* does."""

    def end():
        raise fault.make()

    return end


ENDS = (fail, leave, finish)
bare = {end: ended(end)[:2] for end in ENDS}
arrived = {fault: ended(raising(fault))[:2] for fault in FAULTS}
aiprov_otel.install()
chosen, fallen, tried = random.Random("ends"), [], 0
for end in ENDS:
    ours = aiprov_otel.provenance(end)
    for fault in FAULTS:
        sites = [site for site in ended(ours, fault)[2] if fault.can_arrive(site)]
        status, lines = bare[end] if fault.is_ours else arrived[fault]
        for site in chosen.sample(sites, min(2, len(sites))):
            got, printed, _ = ended(ours, fault, (site, 1))
            tried += 1
            if got != status or not set(lines) <= set(printed):
                fallen.append(f"{end.__name__} {fault.name} {site}: {got} {printed}")
sys.stdout.write(json.dumps([tried, fallen]))
