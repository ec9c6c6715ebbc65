"""A forked child goes on with the manifest of its parent, whatever became of the file."""

from __future__ import annotations

from support.application import process, run

SHOP = "def order(library):\n    return library()\n"


def test_a_forked_child_reads_on(application):
    """
    A worker that was forked reads the lines of files that its parent had not read.
    """
    application.write("shop/orders.py", SHOP)
    application.write("shop/other.py", SHOP)
    application.manifest()
    asked = """
import os, sys
import aiprov_otel
aiprov_otel.install(manifest="aiprov.manifest")
import shop.orders
print(aiprov_otel.provenance_of(shop.orders.order).origin, flush=True)
folder = os.getcwd()
os.chdir("/")
sys.path.insert(0, folder)
if os.fork() == 0:
    import shop.other
    print(aiprov_otel.provenance_of(shop.other.order).origin, flush=True)
    os._exit(0)
assert os.wait()[1] == 0
"""
    assert run(asked, application.folder) == "ai\nai\n"


def test_a_fork_whose_manifest_is_gone_goes_on(application):
    """
    Where the file was removed meanwhile, the child, and a child of it, reads on what was there.
    """
    for name in ("orders", "other", "third"):
        application.write(f"shop/{name}.py", SHOP)
    application.manifest()
    asked = """
import os
import aiprov_otel, shop.orders
from opentelemetry.sdk.trace import TracerProvider
aiprov_otel.install(manifest="aiprov.manifest", tracer_provider=TracerProvider())
print(aiprov_otel.provenance_of(shop.orders.order).origin, flush=True)
os.unlink("aiprov.manifest")
if os.fork() == 0:
    import shop.other
    print(aiprov_otel.provenance_of(shop.other.order).origin, flush=True)
    if os.fork() == 0:
        import shop.third
        print(aiprov_otel.provenance_of(shop.third.order).origin, flush=True)
        os._exit(0)
    os._exit(os.wait()[1])
assert os.wait()[1] == 0
"""
    done = process(asked, application.folder)
    assert (done.stdout, done.stderr) == ("ai\nai\nai\n", "")


def test_a_fork_whose_manifest_was_replaced_reads_the_old_one(application):
    """
    What is deployed next takes its place by a new name, and is not what this process runs.
    """
    application.write("shop/orders.py", SHOP)
    application.write("shop/other.py", SHOP)
    application.manifest()
    asked = """
import os
import aiprov_otel, shop.orders
from opentelemetry.sdk.trace import TracerProvider
aiprov_otel.install(manifest="aiprov.manifest", tracer_provider=TracerProvider())
with open("next", "w") as file:
    file.write("another")
os.replace("next", "aiprov.manifest")
if os.fork() == 0:
    import shop.other
    print(aiprov_otel.provenance_of(shop.other.order).origin, flush=True)
    os._exit(0)
assert os.wait()[1] == 0
"""
    done = process(asked, application.folder)
    assert (done.stdout, done.stderr) == ("ai\n", "")


def test_a_manifest_that_was_overwritten_is_one_line(application):
    """
    What was read is known on, in a forked child too, and what was not is unknown.
    """
    application.write("shop/orders.py", SHOP)
    application.write("shop/other.py", SHOP)
    application.manifest()
    asked = """
import os
import aiprov_otel, shop.orders
from opentelemetry.sdk.trace import TracerProvider
aiprov_otel.install(manifest="aiprov.manifest", tracer_provider=TracerProvider())
aiprov_otel.provenance_of(shop.orders.order)
with open("aiprov.manifest", "w") as file:
    file.write("another")
if os.fork() == 0:
    import shop.other
    for module in (shop.orders, shop.other):
        print(aiprov_otel.provenance_of(module.order).origin, flush=True)
    os._exit(0)
assert os.wait()[1] == 0
"""
    done = process(asked, application.folder)
    assert done.stdout == "ai\nunknown\n"
    assert "shop/other.py in " in done.stderr
    assert "(manifest-unreadable)" in done.stderr
    assert done.stderr.count("\n") == 1
