"""numba reads the bytecode of a function, so the import hook leaves what it compiles alone."""

from __future__ import annotations

import pytest

from support.application import Application, run

SHOP = "import numba\n\n@numba.njit\ndef f(x):\n    return x + 1\n"


@pytest.mark.parametrize("mode", ["count", "metrics", "spans"])
def test_numba_compiles(tmp_path, mode):
    """
    A compiled function runs as it does without the hook.
    """
    application = Application(tmp_path)
    application.write("shop.py", SHOP)
    application.manifest()
    code = f"""
import aiprov_otel
aiprov_otel.install_import_hook('shop', mode={mode!r})
import shop
print(shop.f(1), len(shop.f.signatures))
"""
    assert run(code, application.folder) == "2 1\n"
