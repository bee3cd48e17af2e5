"""Addresses of the wallets app's pages."""

from django.urls import path

from wallets import views, webhooks

urlpatterns = [
    path("whales/", views.whales, name="whales"),
    path("whales/add/", views.add_wallet, name="add_wallet"),
    path("whales/<str:address>/", views.wallet, name="wallet"),
    path("whales/<str:address>/follow/", views.follow, name="follow"),
    path("whales/<str:address>/unfollow/", views.unfollow, name="unfollow"),
    path(
        "whales/<str:address>/positions/<str:mint>/<int:no>/", views.position, name="position"
    ),
    path("feed/", views.feed, name="feed"),
    path("webhooks/transactions/", webhooks.receive_transactions, name="receive_transactions"),
]
