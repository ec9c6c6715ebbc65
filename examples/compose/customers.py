"""
Customers of the shop at an address, a few at a time, for as long as there is somebody to watch.

    python customers.py http://localhost:8000
"""

from __future__ import annotations

import sys
import time
from itertools import count

from aiprov_otel.demo import customers, load
from aiprov_otel.errors import AiprovError

PAUSE = 5  # seconds

for seed in count():
    try:
        print(dict(load.drive(sys.argv[1], customers.plan(20, seed))), flush=True)
    except AiprovError as error:  # it is not there yet
        print(error, flush=True)
    time.sleep(PAUSE)
