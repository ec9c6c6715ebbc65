from __future__ import annotations

import tomllib

from validate_pyproject.api import Validator
from validate_pyproject.plugins import PluginWrapper

from aiprov_otel.errors import PolicyError
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.policy_json_schema import tool_schema
from aiprov_otel.history.policy_schema import PARSERS

VALIDATE = Validator(plugins=[PluginWrapper("aiprov", tool_schema)])
AGENT = '{ agent = "bot", names = ["House Bot"], role = "assisted" }'
GOOD = (
    'unmarked = "human"',
    "unmarked_human_since = 2025-06-01",
    'human_before = "2025-06-01"',
    'origin_of = { footer = "mixed" }',
    'exclude = ["tests/"]',
    'ignore_revs_file = "revs"',
    'pull_requests = "pulls.json"',
    'moves = "within-files"',
    "markers = true",
    'packages = ["shop=metrics", "shop.legacy"]',
    'expected_errors = ["shop.stock.OutOfStock"]',
    f"extra_agents = [{AGENT}]",
    "review = { max_untested_ai = 0.2, max_failing = 0 }",
)
BAD = (
    "colour = 1",
    'unmarked = "ai"',
    "unmarked_human_since = true",
    'human_before = "soon"',
    'origin_of = { note = "ai" }',
    'origin_of = { footer = "bot" }',
    'exclude = "tests/"',
    'exclude = [""]',
    "ignore_revs_file = 1",
    'moves = "far"',
    'markers = "yes"',
    'packages = ["1shop"]',
    'expected_errors = ["1shop"]',
    'extra_agents = [{ agent = "bot" }]',
    f"extra_agents = [{AGENT.replace('assisted', 'wrote')}]",
    'extra_agents = [{ agent = "bot", sessions = ["https://a/*/*/*/*"] }]',
    'extra_agents = [{ agent = "A Bot", names = ["House Bot"] }]',
    'extra_agents = [{ agent = "bot", names = [] }]',
    'extra_agents = [{ agent = "bot", names = ["House Bot"], pattern = "x" }]',
    "review = { max_untested_ai = 1.2 }",
    "review = { max_failing = 0.5 }",
    "review = { max_weak = true }",
    "review = { least = 1 }",
)


def refuses(table: str) -> tuple[bool, bool]:
    """Whether validate-pyproject refuses *table*, and whether `aiprov build` does."""
    document = tomllib.loads(f"[tool.aiprov]\n{table}")
    try:
        VALIDATE(document)
    except Exception as error:  # noqa: BLE001 (each version has a class of its own)
        assert type(error).__name__ == "ValidationError"
        by_schema = True
    else:
        by_schema = False
    try:
        Policy.of(document["tool"]["aiprov"])
    except PolicyError:
        return by_schema, True
    return by_schema, False


def test_the_schema_and_the_parser_agree():
    """
    validate-pyproject takes each key with a good value, refuses each bad one, and so does
    `aiprov build`.
    """
    assert {table: refuses(table) for table in GOOD} == dict.fromkeys(GOOD, (False, False))
    assert {table: refuses(table) for table in BAD} == dict.fromkeys(BAD, (True, True))
    assert {table.partition(" ")[0] for table in GOOD} == {*PARSERS}
    assert set(tool_schema("aiprov")["properties"]) == {*PARSERS}
