"""Addresses of the wallets app's pages."""

from django.urls import path, register_converter

from wallets import views


class Base58:
    """An address or mint in a path; anything else is no address of ours."""

    regex = "[1-9A-HJ-NP-Za-km-z]{32,44}"

    def to_python(self, value: str) -> str:
        """Take it as it stands."""
        return value

    def to_url(self, value: str) -> str:
        """Write it as it stands."""
        return value


register_converter(Base58, "base58")

urlpatterns = [
    path("whales/", views.whales, name="whales"),
    path("whales/add/", views.add_wallet, name="add_wallet"),
    path("whales/<base58:address>/", views.wallet, name="wallet"),
    path("whales/<base58:address>/follow/", views.follow, name="follow"),
    path("whales/<base58:address>/unfollow/", views.unfollow, name="unfollow"),
    path("whales/<base58:address>/read/", views.read_again, name="read_again"),
    path("whales/<base58:address>/read/cancel/", views.cancel_reading, name="cancel_reading"),
    path(
        "whales/<base58:address>/positions/<base58:mint>/<int:no>/", views.position, name="position"
    ),
    path("feed/", views.feed, name="feed"),
]
