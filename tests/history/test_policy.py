from __future__ import annotations

import json
from datetime import date

import pytest

from aiprov_otel.errors import PolicyError
from aiprov_otel.history.policy import Policy
from aiprov_otel.values import Evidence, Origin

ROW = {"agent": "ours", "mails": ["x@y.z"]}


def test_a_repository_without_a_policy(tmp_path):
    """
    The defaults: silence proves nothing, 2021-06-29 is the first day of doubt, tests are left out.
    """
    policy = Policy.load(tmp_path)

    assert policy == Policy()
    assert (policy.unmarked, policy.human_before) == (Origin.UNKNOWN, date(2021, 6, 29))


def test_a_policy_is_read_from_pyproject(tmp_path):
    """
    Every key of [tool.aiprov] reaches the policy.
    """
    (tmp_path / "revs").write_text("# formatting\n" + "a" * 40 + "\n")
    (tmp_path / "pyproject.toml").write_text("""
[tool.aiprov]
unmarked = "human"
unmarked_human_since = 2025-06-01
human_before = "2022-01-01"
origin_of = { assisted-by = "ai" }
exclude = ["generated/"]
ignore_revs_file = "revs"

[[tool.aiprov.extra_agents]]
agent = "ours"
mails = ["ours@example.org"]
""")

    policy = Policy.load(tmp_path)

    assert policy.unmarked is Origin.HUMAN
    assert policy.unmarked_human_since == date(2025, 6, 1)
    assert policy.human_before == date(2022, 1, 1)
    assert policy.origin_of == {Evidence.ASSISTED_BY: Origin.AI}
    assert policy.exclude == ("generated/",)
    assert policy.ignore_revs_file == "revs"
    assert [row.agent for row in policy.extra_agents] == ["ours"]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"unmaked": "human"}, "has no key 'unmaked'; its keys are unmarked, unmarked_human_since"),
        ({"unmarked": "ai"}, 'unmarked can\'t be \'ai\'; it has to be "unknown" or "human"'),
        ({"unmarked_human_since": "soon"}, "'soon'; it has to be a date like 2025-06-01"),
        ({"human_before": 2021}, "human_before can't be 2021"),
        ({"origin_of": "ai"}, "origin_of can't be 'ai'; it has to be a table of origins, by agent"),
        ({"origin_of": {"none": "ai"}}, r"origin_of\.none .* one of agent-author, co-author"),
        ({"origin_of": {"footer": "me"}}, r"origin_of\.footer can't be 'me'.* ai, human, mixed"),
        ({"origin_of": {"footer": []}}, r"origin_of\.footer can't be \[\]"),
        ({"exclude": "tests/"}, "exclude can't be 'tests/'; it has to be a list of patterns"),
        ({"ignore_revs_file": 3}, "ignore_revs_file can't be 3"),
        ({"markers": "yes"}, "markers can't be 'yes'; it has to be true or false"),
        ({"packages": "shop"}, "packages can't be 'shop'; it has to be a list like"),
        ({"packages": ["shop=fast"]}, r"packages can't be \['shop=fast'\]; .* one of annotate, "),
        ({"packages": [3]}, r"packages can't be \[3\]"),
        ({"moves": "everywhere"}, "moves can't be 'everywhere'; it has to be one of none, within"),
    ],
)
def test_a_wrong_value_is_named(section, message):
    """
    The message names the key, the value and what is allowed.
    """
    with pytest.raises(PolicyError, match=message) as caught:
        Policy.of(section)

    assert "\n" not in str(caught.value)


def test_a_policy_travels_without_mails():
    """
    What the manifest carries is JSON, and none of the mails.
    """
    policy = Policy.of({"extra_agents": [ROW], "unmarked_human_since": date(2025, 6, 1)})

    text = json.dumps(policy.to_json())

    assert "x@y.z" not in text
    assert '"unmarked_human_since": "2025-06-01"' in text
