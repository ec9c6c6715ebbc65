"""The settings of the Django application."""

ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "django_app"
SECRET_KEY = "of a test"
INSTALLED_APPS = ["rest_framework"]
MIDDLEWARE = ["django_app.Closed"]
REST_FRAMEWORK = {
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
