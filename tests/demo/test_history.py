"""What the shop's history says: people, agents, and a stretch that is silent."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from aiprov_otel.demo.shop import lay_out
from aiprov_otel.history.build import build
from aiprov_otel.manifest import Manifest, decide
from aiprov_otel.values import Evidence, Origin

# The functions with a span that each route runs, beside its handler.
ROUTES = {
    "browse": ("catalog.listing", "catalog.search", "catalog.page_of"),
    "quote": ("pricing.quote", "pricing.apply_coupon", "shipping.zone_of", "shipping.rate"),
    "order": ("stock.reserve", "orders.place", "pricing.apply_coupon", "shipping.rate"),
    "show": ("orders.receipt", "refunds.deadline"),
    "refund": ("refunds.refusal", "refunds.refund"),
    "report": ("reports.bought_together", "reports.by_hour"),
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """The manifest of the shop."""
    shop = lay_out(tmp_path_factory.mktemp("demo") / "shop")
    return Manifest.load(build(shop).path)


@pytest.fixture(scope="module")
def units(manifest):
    """The provenance of each function by its name, `catalog.search`."""
    return dict(_units(manifest))


def _units(manifest):
    root = manifest.path.parent
    for entry in manifest.entries:
        source = manifest.source(entry)
        module = entry.path.rpartition("/")[2].removesuffix(".py")
        for node in ast.walk(ast.parse((root / entry.path).read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = range(node.body[0].lineno, (node.end_lineno or 0) + 1)
                yield f"{module}.{node.name}", decide(source.line(line) for line in lines)


def _lines(manifest):
    for source in manifest.sources():
        for number in range(1, source.lines + 1):
            yield source.line(number)


def test_agents_left_their_real_marks(manifest):
    """
    Five agents are found by what they really write into a commit, some with their model.
    """
    assert {line.agent for line in _lines(manifest)} - {None} == {
        "aider",
        "claude-code",
        "cursor",
        "github-copilot-coding-agent",
        "openai-codex",
    }
    assert {line.model for line in _lines(manifest)} - {None} == {
        "claude-opus-4-6",
        "claude-sonnet-4-5",
        "gemini-2.5-pro",
    }


def test_all_origins_have_a_fair_share(manifest):
    """
    Neither side, nor what nobody knows, is a mere token.
    """
    origins = Counter(line.origin for line in _lines(manifest))

    assert set(origins) == {Origin.AI, Origin.HUMAN, Origin.UNKNOWN}
    assert min(origins.values()) > 0.2 * origins.total()


def test_people_wrote_before_ai_before_the_marks_and_since(manifest):
    """
    Old lines are human by their date, new ones by the team's policy, and between them is silence.
    """
    told = {(line.evidence, line.origin) for line in _lines(manifest) if line.agent is None}

    assert told >= {
        (Evidence.PREDATES_AI, Origin.HUMAN),
        (Evidence.UNMARKED, Origin.HUMAN),
        (Evidence.UNMARKED, Origin.UNKNOWN),
    }


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_runs_functions_of_both_origins(units, route):
    """
    No request is the work of one side alone.
    """
    origins = {units[function].origin for function in ROUTES[route]}

    assert origins >= {Origin.AI, Origin.HUMAN}


def test_a_function_was_written_by_a_model_and_repaired_by_a_person(units):
    """
    What both wrote is `mixed`, with the share that is left of the model's.
    """
    quote = units["pricing.quote"]

    assert quote.origin is Origin.MIXED
    assert quote.agent == "claude-code"
    assert 0.2 < quote.ai_ratio < 0.8


def test_the_functions_that_are_slow_have_an_author_of_either_kind(units):
    """
    The search is a model's, what is bought together is a person's.
    """
    assert units["catalog.search"].model == "claude-sonnet-4-5"
    assert units["reports.bought_together"].origin is Origin.HUMAN
