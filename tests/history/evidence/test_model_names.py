from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.evidence.model_names import normalize, provider_of

NAMES = {
    "Opus 4.6 (1M context)": "claude-opus-4-6",
    "Claude Opus 4.6 (1M context)": "claude-opus-4-6",
    "claude-4.6-opus-high-thinking": "claude-opus-4-6",
    "claude-opus-4-6[1m]": "claude-opus-4-6",
    "anthropic/claude-opus-4-5-20251101": "claude-opus-4-5",
    "us.anthropic.claude-sonnet-4-20250514-v1:0": "claude-sonnet-4",
    "claude-sonnet-4@20250514": "claude-sonnet-4",
    "cli/claude-opus-4-5=100%": "claude-opus-4-5",
    "Claude Code 2.1.0 / Claude Opus 4.6": "claude-opus-4-6",
    "Claude Code (Opus 4.6)": "claude-opus-4-6",
    "AWS Claude Opus 4.6": "claude-opus-4-6",
    "Sonnet 4.0": "claude-sonnet-4",
    "Claude 3.5 Sonnet": "claude-3-5-sonnet",
    "claude-3-opus": "claude-3-opus",
    "Claude Fable 5": "claude-fable-5",
    "openrouter/deepseek/deepseek-r1:free": "deepseek-r1",
    "GPT 5.5": "gpt-5.5",
    "GPT-5 Codex": "gpt-5-codex",
    "Codex GPT-5": "gpt-5",
    "gpt-5.3-codex-high": "gpt-5.3-codex",
    "gpt-5.1-codex-max": "gpt-5.1-codex-max",
    "GPT-4o-2024-08-06": "gpt-4o",
    "ChatGPTv5": "gpt-5",
    "o4-mini-high": "o4-mini",
    "Composer 1": "composer-1",
    "GLM-5": "glm-5",
    "Kimi K2.7 Code": "kimi-k2.7-code",
    "Gemini 2.5 Pro": "gemini-2.5-pro",
    "gemini-2.5-pro-preview-05-06": "gemini-2.5-pro",
    "Cursor Grok 4.5": "grok-4.5",
    "qwen3.6:27b-coding": "qwen3.6-27b-coding",
    "meta-llama/Llama-3.1-70B-Instruct": "llama-3.1-70b-instruct",
    "mimo-v2.5-pro": "mimo-v2.5-pro",
    "fennec-v7-fast": "fennec-v7-fast",
}
NO_NAMES = [
    "unknown", "default", "auto", "<synthetic>", "unknown-model", "", "Claude", "Claude Code",
    "Claude Code 2.1.0", "Anthropic Claude", "Gemini CLI", "Qwen Code", "ChatGPT", "Codex",
    "Jane Doe", "jane@example.org", "https://example.org/gpt-5", "0e6b6691-0244-4000",
]  # fmt: skip
PROVIDERS = {
    "claude-opus-4-6": "anthropic",
    "gpt-5.5": "openai",
    "o4-mini": "openai",
    "gemini-2.5-pro": "google",
    "deepseek-r1": "deepseek",
    "grok-4.5": "xai",
    "qwen3.6-27b": "alibaba",
    "fennec-v7-fast": None,
    None: None,
}


@pytest.mark.parametrize(("text", "name"), NAMES.items())
def test_one_model_has_one_name(text, name):
    """
    However a tool spells a model, it is counted under one name.
    """
    assert normalize(text) == name


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_model_has_no_name(text):
    """
    A placeholder, a tool, a person, a mail address or a URL is not a model.
    """
    assert normalize(text) is None


@pytest.mark.parametrize(("model", "provider"), PROVIDERS.items())
def test_the_provider_of_a_model(model, provider):
    """
    Who makes a model follows from its name, and is unknown rather than guessed.
    """
    assert provider_of(model) == provider


PIECES = (
    "claude opus sonnet gpt o3 gemini qwen deepseek codex chat v4 20251101 2024-08-06 preview "
    "latest high thinking 27b instant fable composer pro max"
)
WORDS = st.sampled_from([*" -_./:()[]@0123456789", *PIECES.split()])


@given(st.one_of(st.text(), st.lists(WORDS).map("".join), st.lists(WORDS).map(" ".join)))
def test_a_name_is_its_own_name(text):
    """
    Normalising twice gives what normalising once does, and a name is safe to publish.
    """
    name = normalize(text)

    if name is not None:
        assert normalize(name) == name
        assert not set(name) & set("@/: \n<>")
        assert len(name) <= 64
