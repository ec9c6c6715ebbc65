"""Django: views by path, class-based and asynchronous, models, managers, signals, tags, commands."""

import asyncio
import inspect
import io

import django
from django.conf import settings

if not settings.configured:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    settings.configure(DATABASES={"default": database}, ALLOWED_HOSTS=["*"], USE_TZ=True)
    django.setup()

from django import forms, template
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.core.management import call_command
from django.db import connection, models
from django.db.models.signals import post_save, pre_save
from django.dispatch import Signal, receiver
from django.http import HttpResponse, JsonResponse
from django.test import RequestFactory
from django.urls import path, resolve, reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views import View
from django.views.decorators.http import require_GET

log = []


def cheap(value):
    if value > 100:
        raise ValidationError("too dear")


class LineQuerySet(models.QuerySet):
    def cheap(self):
        return self.filter(price__lt=5)


class Line(models.Model):
    name = models.CharField(max_length=20)
    price = models.IntegerField(default=lambda: 3, validators=[cheap])

    objects = LineQuerySet.as_manager()

    class Meta:
        app_label = f"{__package__}{id(LineQuerySet)}"  # each load is an application
        ordering = ["name"]

    def __str__(self):
        return self.name

    def clean(self):
        super().clean()
        self.name = self.name.strip()

    def save(self, *args, **kwargs):
        log.append(f"save {self.name}")
        super().save(*args, **kwargs)

    @cached_property
    def double(self):
        return self.price * 2

    @property
    def label(self):
        return f"{self.name}: {self.price}"


@receiver([pre_save, post_save], sender=Line)
def noted(sender, instance, **kwargs):
    log.append(("signal", sender.__name__, "created" in kwargs))


paid = Signal()


@receiver(paid)
async def on_paid(sender, **kwargs):
    log.append("paid")


class LineForm(forms.ModelForm):
    class Meta:
        model = Line
        fields = ["name", "price"]

    def clean_name(self):
        name = self.cleaned_data["name"]
        if name == "bad":
            raise ValidationError("bad name")
        return name


@require_GET
def index(request):
    return HttpResponse("index")


async def later(request, number):
    await asyncio.sleep(0)
    return JsonResponse({"number": number})


@method_decorator(require_GET, name="dispatch")
class Cart(View):
    greeting = "hello"

    def get(self, request, name="none"):
        return HttpResponse(f"{self.greeting} {name}")


urlpatterns = [
    path("", index, name="index"),
    path("later/<int:number>", later, name="later"),
    path("cart/<name>", Cart.as_view(greeting="hi"), name="cart"),
]

register = template.Library()


@register.simple_tag(takes_context=True)
def shout(context, word, *, times=1):
    return (context["who"] + word.upper()) * times


@register.filter
def twice(value):
    return value * 2


class Command(BaseCommand):
    help = "Counts."

    def add_arguments(self, parser):
        parser.add_argument("--number", type=int, default=1)

    def handle(self, *args, **options):
        self.stdout.write(f"counted {options['number']}")


def asked(url, method="get"):
    request = getattr(RequestFactory(), method)(url)
    found = resolve(url, urlconf=__name__)
    response = found.func(request, *found.args, **found.kwargs)
    if inspect.isawaitable(response):
        response = asyncio.run(response)
    return response.status_code, response.content.decode(), found.view_name, found.func.__name__


def rendered():
    engine = template.Engine(libraries={})
    engine.template_builtins.append(register)
    text = "{% shout 'a' times=2 %} {{ who|twice }}"
    return engine.from_string(text).render(template.Context({"who": "x"}))


def stored():
    with connection.schema_editor() as schema:
        schema.create_model(Line)
    Line.objects.create(name="tea")
    Line(name="dear", price=50).save()
    forms_seen = [LineForm({"name": n, "price": p}) for n, p in (("a", 1), ("bad", 1), ("b", 101))]
    return {
        "lines": [(str(each), each.double, each.label) for each in Line.objects.all()],
        "cheap": list(Line.objects.cheap().values_list("name", flat=True)),
        "forms": [(each.is_valid(), each.errors.as_text()) for each in forms_seen],
    }


def answer():
    log.clear()
    said = io.StringIO()
    call_command(Command(), number=4, stdout=said)
    asyncio.run(paid.asend(sender=None))
    return {
        "views": [asked("/"), asked("/", "post"), asked("/later/3"), asked("/cart/a")],
        "reversed": reverse("cart", urlconf=__name__, args=["b"]),
        "rendered": rendered(),
        "command": said.getvalue(),
        "stored": stored(),
        "log": log,
    }
