"""The views of a Django application, some of them of Django's REST framework."""

import asyncio
import functools

import stock
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import include, path
from django.utils.deprecation import MiddlewareMixin
from django.views import View
from django.views.generic import TemplateView
from rest_framework.decorators import action, api_view
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet


class Closed(MiddlewareMixin):
    def process_view(self, request, view, args, kwargs):
        return HttpResponse("closed", status=503) if request.path == "/closed" else None


def plain(request):
    return HttpResponse("ok")


def decorated(view):
    @functools.wraps(view)
    def around(*args, **kwargs):
        return view(*args, **kwargs)

    return around


@decorated
def wrapped(request):  # human
    return HttpResponse("ok")  # human


def configured(request, word):
    return HttpResponse(word)


async def later(request):
    await asyncio.sleep(0)
    return HttpResponse("ok")


class Item(View):
    def get(self, request):
        return HttpResponse("got")

    def post(self, request):  # human
        return HttpResponse("posted")  # human


class AsyncItem(View):
    async def get(self, request):
        await asyncio.sleep(0)
        return HttpResponse("got")


class Library(TemplateView):
    def render_to_response(self, context):
        return HttpResponse("page")


@api_view(["GET"])
def api(request):
    return Response({})


class Api(APIView):
    def get(self, request):  # human
        return Response({})  # human


class Set(ViewSet):
    def list(self, request):
        return Response([])

    @action(detail=False)
    def extra(self, request):  # human
        return Response([])  # human


def work(request):
    stock.work()
    return HttpResponse("ok")


async def work_later(request):
    await asyncio.to_thread(stock.work)
    return HttpResponse("ok")


def failing(request):
    stock.fail()


async def failing_later(request):
    await asyncio.sleep(0)
    stock.fail()


def stream(request):
    return StreamingHttpResponse(iter(["a", "b"]))


urlpatterns = [
    path("plain", plain),
    path("decorated", wrapped),
    path("partial", functools.partial(configured, word="x")),
    path("later", later),
    path("item", Item.as_view()),
    path("async-item", AsyncItem.as_view()),
    path("library", Library.as_view()),
    path("api", api),
    path("api-class", Api.as_view()),
    path("set", Set.as_view({"get": "list"})),
    path("set/extra", Set.as_view({"get": "extra"})),
    path("below/", include([path("plain", plain)])),
    path("work", work),
    path("work-later", work_later),
    path("fail", failing),
    path("fail-later", failing_later),
    path("stream", stream),
    path("closed", plain),
]
