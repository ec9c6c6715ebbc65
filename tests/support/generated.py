"""Counters that were generated, and what they say, worked out without PromQL."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product

ORIGINS = ("ai", "human", "mixed", "unknown")
MODELS = {"ai": "claude-opus-4-6"}
SECONDS_OF_HALF = {"ai": 0.1, "human": 0.25, "mixed": 0.5, "unknown": 1.0}
"""Half of the requests to a handler of an origin take that long or less, all others twice that."""

DRAWN = random.Random(7)
Key = tuple[str, ...]
Counts = dict[Key, float]


def drawn_each() -> Counts:
    """A number for each service and origin."""
    return {key: DRAWN.randrange(100, 900) for key in product(("shop", "mail"), ORIGINS)}


REQUESTS = {
    (service, origin, raised): DRAWN.randrange(1_000, 9_000) * (1 if raised is None else 0.02)
    for service, origin, raised in product(("shop", "mail"), ORIGINS, (None, "", "ai", "human"))
}
"""Requests of a service whose handler is of an origin: answered, or failed by what was raised."""

CALLS = {
    (job, origin, error): DRAWN.randrange(10_000, 90_000)
    for job, origin, error in product(("shop", "mail"), ORIGINS, ("", "KeyError", "OSError"))
}
EXCEPTIONS: Counts = drawn_each()
SECONDS: Counts = drawn_each()
LINES: Counts = drawn_each()


def series(name: str, **labels: str) -> str:
    """The name of a series; an empty label is none."""
    said = ",".join(f'{key}="{value}"' for key, value in labels.items() if value)
    return f"{name}{{{said}}}"


def of_tempo(labels: dict[str, str]) -> dict[str, str]:
    """The *labels* of a series of the Collector as Tempo's metrics-generator has them."""
    return {"service" if key == "service_name" else key: value for key, value in labels.items()}


def buckets() -> Iterator[tuple[str, float]]:
    """The histogram of how long requests and functions take."""
    kinds = (("SPAN_KIND_SERVER", "GET /{}"), ("SPAN_KIND_INTERNAL", "{}.function"))
    for (origin, half), (kind, name) in product(SECONDS_OF_HALF.items(), kinds):
        labels = {
            "service_name": "shop",
            "span_name": name.format(origin),
            "span_kind": kind,
            "aiprov_origin": origin,
            "aiprov_model_name": MODELS.get(origin, ""),
        }
        for le, number in ((half / 2, 0), (half, 600), (half * 2, 1_200), ("+Inf", 1_200)):
            yield (
                series("traces_span_metrics_duration_seconds_bucket", **labels, le=str(le)),
                number,
            )
            yield (
                series("traces_spanmetrics_latency_bucket", **of_tempo(labels), le=str(le)),
                number,
            )


def counters() -> dict[str, float]:
    """The generated telemetry as Prometheus has it."""
    found: dict[str, float] = {}
    for (service, origin, raised), number in REQUESTS.items():
        labels = {
            "service_name": service,
            "span_name": f"GET /{origin}",
            "span_kind": "SPAN_KIND_SERVER",
            "aiprov_origin": origin,
            "aiprov_error_origin": raised or "",
            "aiprov_model_name": MODELS.get(origin, ""),
            "status_code": f"STATUS_CODE_{'UNSET' if raised is None else 'ERROR'}",
        }
        found[series("traces_span_metrics_calls_total", **labels)] = number
        client = labels | {"span_kind": "SPAN_KIND_CLIENT"}
        found[series("traces_span_metrics_calls_total", **client)] = 99_999
        found[series("traces_spanmetrics_calls_total", **of_tempo(labels))] = number
        function = labels | {"span_kind": "SPAN_KIND_INTERNAL", "span_name": f"{origin}.function"}
        found[series("traces_span_metrics_calls_total", **function)] = 2 * number
        found[series("traces_spanmetrics_calls_total", **of_tempo(function))] = 2 * number
    found |= dict(buckets())
    for (job, origin, error), number in CALLS.items():
        labels = {"job": job, "aiprov_origin": origin, "error_type": error}
        labels["aiprov_model_name"] = MODELS.get(origin, "")
        found[series("aiprov_function_calls_total", **labels)] = number
    for (job, origin), exceptions in EXCEPTIONS.items():
        labels = {"job": job, "aiprov_origin": origin, "aiprov_model_name": MODELS.get(origin, "")}
        found[series("aiprov_function_self_time_seconds_total", **labels)] = SECONDS[job, origin]
        processes = {"shop": ("a", "b"), "mail": ("a",)}[job]
        for process in processes:  # each says what is deployed
            found[series("aiprov_code_lines", **labels, instance=process)] = LINES[job, origin]
        raising = {"job": job, "aiprov_exception_origin": origin, "error_type": "KeyError"}
        if origin in MODELS:
            raising["aiprov_exception_model_name"] = MODELS[origin]
        found[series("aiprov_exceptions_total", **raising)] = exceptions
        swallowed = raising | {"aiprov_error_outcome": "handled"}
        found[series("aiprov_exceptions_total", **swallowed)] = 3 * exceptions
        found[series("target_info", job=job, vcs_ref_head_revision="9fd81c2")] = 1
    return found


def total(counts: Iterable[tuple[Key, float]]) -> Counts:
    """The sum of the *counts* of each key."""
    found: Counts = defaultdict(float)
    for key, number in counts:
        found[key] += number
    return found


def share(part: Counts) -> Counts:
    """Of what its service or job has in all."""
    whole = total((key[:1], number) for key, number in part.items())
    return {key: number / whole[key[:1]] for key, number in part.items()}


def ratio(part: Counts, whole: Counts) -> Counts:
    """Of each key."""
    return {key: part[key] / whole[key] for key in whole}


def crude(ratios: Counts) -> Counts:
    """AI-written over human-written."""
    return {(of,): ratios[of, "ai"] / ratios[of, "human"] for of in ("shop", "mail")}


def by_route(counts: Counts) -> Counts:
    """Those of AI-written and human-written handlers: each origin has a route of its own."""
    return {
        (service, f"GET /{origin}", origin): number
        for (service, origin), number in counts.items()
        if origin in {"ai", "human"}
    }


REQUESTED = total((key[:2], number) for key, number in REQUESTS.items())
FAILED = total((key[:2], number) for key, number in REQUESTS.items() if key[2] is not None)
RAISED = total(
    ((service, raised or origin), number)
    for (service, origin, raised), number in REQUESTS.items()
    if raised is not None
)
BY_SERVICE = total((key[:1], number) for key, number in REQUESTED.items())
CALLED = total((key[:2], number) for key, number in CALLS.items())
RAISING = total((key[:2], number) for key, number in CALLS.items() if key[2])
TOP, BOTTOM = (
    sum(
        RAISING[job, one] * CALLED[job, other] / (CALLED[job, one] + CALLED[job, other])
        for job in ("shop", "mail")
    )
    for one, other in (("ai", "human"), ("human", "ai"))
)
"""Mantel and Haenszel's sums over jobs; no route of a request has handlers of two origins."""

UNKNOWN_REQUESTS = {key[:1]: part for key, part in share(REQUESTED).items() if "unknown" in key}
UNKNOWN_CALLS = {key[:1]: part for key, part in share(CALLED).items() if "unknown" in key}

RATIOS: dict[str, Counts] = {
    "burn": {key: part / BY_SERVICE[key[:1]] / 0.001 for key, part in RAISED.items()},
    "burn_share": share(RAISED),
    "request_error_ratio": ratio(FAILED, REQUESTED),
    "request_error_ratio_crude": crude(ratio(FAILED, REQUESTED)),
    "shared_routes": {},
    "request_ratio_top": {},
    "request_ratio_bottom": {},
    "request_error_ratio_adjusted": {},
    "request_informative_share": {("shop",): 0, ("mail",): 0},
    "request_unknown_share": UNKNOWN_REQUESTS,
    "request_coverage": {key: 1 - part for key, part in UNKNOWN_REQUESTS.items()},
    "function_error_ratio": ratio(RAISING, CALLED),
    "function_error_ratio_crude": crude(ratio(RAISING, CALLED)),
    "function_error_ratio_adjusted": {(): TOP / BOTTOM},
    "function_self_time": ratio(SECONDS, CALLED),
    "function_unknown_share": UNKNOWN_CALLS,
    "function_coverage": {key: 1 - part for key, part in UNKNOWN_CALLS.items()},
    "exception_share": share(EXCEPTIONS),
    "code_lines": LINES,
    "code_lines_share": share(LINES),
    "error_budget": {(): 0.001},
    "fewest_failures": {(): 10},
    "request_unknown_allowed": {(): 0.5},
    "function_unknown_allowed": {(): 0.5},
    "links": {(): 1},
}
"""What the telemetry says, by the labels of the service or job and of the origin."""

COUNTS: dict[str, Counts] = {
    "requests": REQUESTED,
    "request_errors": total(
        ((service, origin, raised or origin), number)
        for (service, origin, raised), number in REQUESTS.items()
        if raised is not None
    ),
    "route_requests": by_route(REQUESTED),
    "route_errors": by_route(FAILED),
    "function_ratio_top": {(): TOP},
    "function_ratio_bottom": {(): BOTTOM},
    "function_calls": CALLED,
    "function_errors": RAISING,
    "exceptions": EXCEPTIONS,
}
"""What grew within two hours, as is said a second."""
