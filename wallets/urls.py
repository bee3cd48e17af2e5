"""Addresses of the wallets app's pages."""

from django.urls import path, register_converter

from wallets.views import (
    compare,
    curated,
    export,
    feed,
    follow,
    leaderboard,
    lists,
    wallet,
    whales,
    why,
)


class _AsItStands:
    """A part of a path that is passed on and written as it stands."""

    def to_python(self, value: str) -> str:
        """Take it as it stands."""
        return value

    def to_url(self, value: str) -> str:
        """Write it as it stands."""
        return value


class Base58(_AsItStands):
    """An address or mint in a path; anything else is no address of ours."""

    regex = "[1-9A-HJ-NP-Za-km-z]{32,44}"


class Format(_AsItStands):
    """The forms in which a table can be taken along."""

    regex = "csv|json"


register_converter(Base58, "base58")
register_converter(Format, "format")

urlpatterns = [
    path("whales/", whales.whales, name="whales"),
    path("whales/add/", whales.add_wallet, name="add_wallet"),
    path("whales/export.<format:form>", export.export_whales, name="export_whales"),
    path("whales/<base58:address>/", wallet.wallet, name="wallet"),
    path(
        "whales/<base58:address>/export/<slug:table>.<format:form>",
        export.export_wallet,
        name="export_wallet",
    ),
    path("whales/<base58:address>/why/<slug:figure>/", why.why_figure, name="why"),
    path("whales/<base58:address>/follow/", follow.follow, name="follow"),
    path("whales/<base58:address>/follow/edit/", follow.edit_follow, name="edit_follow"),
    path("whales/<base58:address>/follow/mute/", follow.mute, name="mute"),
    path("whales/<base58:address>/follow/unmute/", follow.unmute, name="unmute"),
    path("whales/<base58:address>/unfollow/", follow.unfollow, name="unfollow"),
    path("whales/<base58:address>/lists/", follow.place_on_lists, name="place_on_lists"),
    path("whales/<base58:address>/read/", wallet.read_again, name="read_again"),
    path("whales/<base58:address>/read/cancel/", wallet.cancel_reading, name="cancel_reading"),
    path(
        "whales/<base58:address>/positions/<base58:mint>/<int:no>/",
        wallet.position,
        name="position",
    ),
    path("leaderboard/", leaderboard.leaderboard, name="leaderboard"),
    path("compare/", compare.compare, name="compare"),
    path("lists/", lists.lists, name="lists"),
    path("lists/<int:pk>/", lists.one_list, name="list"),
    path("lists/<int:pk>/rename/", lists.rename_list, name="rename_list"),
    path("lists/<int:pk>/delete/", lists.delete_list, name="delete_list"),
    path("lists/<int:pk>/add/", lists.add_to_list, name="add_to_list"),
    path(
        "lists/<int:pk>/remove/<base58:address>/", lists.remove_from_list, name="remove_from_list"
    ),
    path("lists/<int:pk>/share/", lists.share_list, name="share_list"),
    path("lists/<int:pk>/unshare/", lists.unshare_list, name="unshare_list"),
    path("lists/shared/<slug:token>/", lists.shared_list, name="shared_list"),
    path("the-list/", curated.the_list, name="the_list"),
    path("the-list/export.<format:form>", export.export_the_list, name="export_the_list"),
    path("feed/", feed.feed, name="feed"),
    path("feed/export.<format:form>", export.export_feed, name="export_feed"),
]
