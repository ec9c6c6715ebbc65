"""What the environment says."""

from __future__ import annotations

import pytest

from aiprov_otel import settings


def test_nothing_is_said_by_default():
    """
    An empty environment looks for a manifest, is on, and is not strict.
    """
    assert settings.read({}) == settings.Settings(manifest=None, disabled=False, strict=False)


@pytest.mark.parametrize("value", ["true", "TRUE", " True "])
def test_only_true_is_true(value):
    """
    `true` in any case turns a switch on.
    """
    assert settings.read({"AIPROV_STRICT": value}).strict
    assert settings.read({"AIPROV_DISABLED": value}).disabled
    assert settings.read({"OTEL_SDK_DISABLED": value}).disabled


@pytest.mark.parametrize("value", ["", "1", "yes", "on", "false", "truthy"])
def test_anything_else_is_false(value):
    """
    No other word turns a switch on, as with OpenTelemetry's own.
    """
    said = settings.read({"AIPROV_STRICT": value, "AIPROV_DISABLED": value})

    assert not said.strict
    assert not said.disabled


def test_an_empty_path_is_none():
    """
    An empty `AIPROV_MANIFEST` is as if it were not set.
    """
    assert settings.read({"AIPROV_MANIFEST": ""}).manifest is None
    assert settings.read({"AIPROV_MANIFEST": "/m"}).manifest == "/m"


def test_the_short_ways_are_taken_unless_it_is_said():
    """
    `AIPROV_FAST` is a switch that is on: only `false` turns it off.
    """
    assert settings.read({}).fast
    assert settings.read({"AIPROV_FAST": "maybe"}).fast
    assert not settings.read({"AIPROV_FAST": "False"}).fast


@pytest.mark.parametrize("name", ["AIPROV_FAST", "AIPROV_FAST_ENCODING"])
def test_spans_are_encoded_fast_unless_one_of_two_says_no(name):
    """
    `AIPROV_FAST_ENCODING` turns off the encoder alone, `AIPROV_FAST` this one too.
    """
    assert settings.read({name: "true"}).fast_encoding
    assert not settings.read({name: "false"}).fast_encoding
    assert settings.read({"AIPROV_FAST_ENCODING": "false"}).fast


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("AIPROV_DISABLED", "false"),
        ("AIPROV_STRICT", "false"),
        ("AIPROV_FAST", "true"),
        ("AIPROV_FAST_ENCODING", "true"),
        ("AIPROV_ANNOTATED_TRACEBACK", "false"),
    ],
)
def test_a_word_that_is_no_switch_is_named(name, taken):
    """
    The sentence has the variable, its value, what it may be, and what holds meanwhile.
    """
    said = settings.read({name: "maybe"})

    assert said.wrong == (f"{name} is 'maybe'; use 'true' or 'false'; using {taken!r}",)
    assert settings.read({name: "TRUE"}).wrong == settings.read({name: ""}).wrong == ()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("AIPROV_PACKAGE", "AIPROV_PACKAGES"),
        ("AIPROV_MANIFEST_PATH", "AIPROV_MANIFEST"),
        ("AIPROV_DISABLE", "AIPROV_DISABLED"),
    ],
)
def test_a_misspelled_variable_is_named(name, meant):
    """
    With the variable that is meant; it has no effect.
    """
    (sentence,) = settings.read({name: "shop"}).wrong

    assert sentence == f"{name} is not a variable of aiprov-otel; use {meant}; ignoring it"


@pytest.mark.parametrize("name", ["AIPROV_SERVICE_HOST", "AIPROV_PORT_80_TCP", "APPROVED"])
def test_variables_of_others_are_left_alone(name):
    """
    Kubernetes sets variables that begin with the name of a service.
    """
    assert settings.read({name: "10.0.0.1"}).wrong == ()


def test_options_go_before_the_environment():
    """
    What arguments say holds; what they leave open, the environment says.
    """
    said = settings.read({"AIPROV_MANIFEST": "/m", "AIPROV_FAST": "false"})
    given = said.given(manifest=None, attributes="minimal")

    assert (given.manifest, given.attributes, given.commits) == ("/m", "minimal", "all")
    assert not given.fast
    assert said.given(manifest="/n").manifest == "/n"
    assert given.wrong == ()


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (
            {"attributes": "some"},
            "attributes is 'some'; use 'all' or 'minimal'; using 'minimal'",
        ),
        ({"commits": ["all"]}, "commits is ['all']; use 'all' or 'ai-only'; using 'ai-only'"),
        ({"manifest": 5}, "manifest is 5; use a path; searching for one"),
        (
            {"atributes": "all"},
            "unknown option 'atributes'; use 'attributes' or 'commits' or 'manifest'",
        ),
    ],
)
def test_an_option_that_cannot_be_is_named(option, sentence):
    """
    Of a choice that can't be, the one that sends less is taken: a slip of the pen reveals nothing.
    """
    given = settings.read({}).given(**option)

    assert given.wrong == (sentence,)
    if "attributes" in option:
        assert given.attributes == "minimal"


@pytest.mark.parametrize(
    ("value", "signal", "wrong"),
    [
        ("", "events", 0),
        ("logs", "logs", 0),
        ("Logs/Dup", "both", 0),
        ("http, logs ,logs/dup", "both", 0),
        ("log", "events", 1),
    ],
)
def test_where_exceptions_go(value, signal, wrong):
    """
    One word of a list is enough; a list without one is named, and leaves it at events.
    """
    environ = {"OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN": value}

    assert settings.exception_signal(environ) == signal
    assert len(settings.read(environ).wrong) == wrong
