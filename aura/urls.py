"""The doors for pages."""

from django.contrib import admin
from django.urls import include, path

from aura import api, operations, pages, tokens

urlpatterns = [
    path("", pages.overview, name="overview"),
    path("", include("wallets.urls")),
    path("", include("signals.urls")),
    path("tokens/<base58:mint>/", tokens.token, name="token"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("operations/", operations.operations, name="operations"),
    path("health", api.health, name="health"),
    path("favicon.ico", pages.favicon),
]
