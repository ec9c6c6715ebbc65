"""Django."""

import harness

harness.start()

import json

import django
import work
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import path
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor


class Convert:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, error):
        if isinstance(error, work.Wrong):
            return HttpResponse("wrong", status=422)
        if isinstance(error, ZeroDivisionError):
            return HttpResponse("failed", status=500)
        return None


def do(request, name):
    work.WORK[name]()
    return HttpResponse()


def converting(request):
    work.fail(ZeroDivisionError)


def returned_500(request):
    return HttpResponse("failed", status=500)


def logged_500(request):
    work.logged()
    return HttpResponse("failed", status=500)


def returned_404(request):
    return HttpResponse("none", status=404)


@work.provenance
def missing():
    raise Http404("none")


def raised_404(request):
    missing()


@work.provenance
def validate(text):
    validate_email(text)


def validated(request):
    try:
        validate(json.loads(request.body)["mail"])
    except ValidationError as error:
        return HttpResponse(str(error), status=422)
    return HttpResponse()


def streaming(request):
    return StreamingHttpResponse(map(str, work.numbers()))


urlpatterns = [path("cases/<name>", do)]
urlpatterns += [
    path(view.__name__, view)
    for view in (converting, returned_500, logged_500, returned_404, raised_404)
]
urlpatterns += [path("validated", validated), path("streaming", streaming)]
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="none",
    MIDDLEWARE=[f"{__name__}.Convert"],
    LOGGING_CONFIG=None,
)
DjangoInstrumentor().instrument()
SQLite3Instrumentor().instrument()
django.setup()
client = Client(raise_request_exception=False)
harness.run(
    {name: lambda name=name: client.get(f"/cases/{name}") for name in work.WORK}
    | {
        name: lambda name=name: client.get(f"/{name}")
        for name in ("converting", "returned_500", "logged_500", "returned_404", "raised_404")
    }
    | {
        "validated": lambda: client.post(
            "/validated", {"mail": "nobody"}, content_type="application/json"
        ),
        "streaming": lambda: b"".join(client.get("/streaming").streaming_content),
    }
)
