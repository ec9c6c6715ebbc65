"""Many requests at once, over connections that are kept alive."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from support.origins import handler
from support.service import Answer, Service


def assert_none_has_a_neighbour_s(
    service: Service, module: str, handlers: Mapping[str, str | None]
) -> None:
    """Each of many requests for the paths in *handlers* names its own function of *module*."""

    def ask(start: int) -> list[tuple[str, Answer]]:
        paths = itertools.islice(itertools.cycle(handlers), start, start + 10)
        connection = service.connection()
        try:
            return [(path, service.request(path, connection=connection)) for path in paths]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        asked = [each for answers in pool.map(ask, range(8)) for each in answers]
    for path, answer in asked:
        found, name = handler(answer.entry), handlers[path]
        assert (found and found[0]) == (name and f"{module}.{name}"), path
