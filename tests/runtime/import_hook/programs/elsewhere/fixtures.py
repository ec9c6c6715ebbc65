"""What a package has for pytest: fixtures, hooks, options and tests."""

import pytest

opened = []


@pytest.fixture
def cart(request, tmp_path):
    """A cart."""
    opened.append(request.node.name)
    yield {"in": tmp_path}
    opened.remove(request.node.name)


@pytest.fixture(params=[1, 2], ids=lambda each: f"n{each}")
def number(request):
    return request.param


@pytest.fixture(autouse=True, scope="session")
def begun():
    yield
    assert not opened


@pytest.fixture
def made(number):
    return lambda *, more=0: number + more


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    return (yield)


def pytest_collection_modifyitems(session, config, items):
    items.reverse()


def pytest_addoption(parser):
    parser.addoption("--loud", action="store_true")


class Checks:
    @pytest.mark.parametrize("word", ["a", "b"])
    def test_word(self, word, cart):
        assert word in "ab" and "in" in cart

    @pytest.mark.xfail(raises=KeyError, strict=True)
    def test_fails(self):
        raise KeyError
