"""Scans, signals and the record in the admin site: staff look, nobody edits."""

from typing import Any

from django.contrib import admin

from aura.admin import ReadOnly
from signals import models


class Recorded(ReadOnly, admin.ModelAdmin[Any]):
    """Rows of the scanner and its record."""

    show_full_result_count = False


@admin.register(models.Scan)
class ScanAdmin(Recorded):
    """Runs of the scanner."""

    list_display = ("at", "state", "tokens", "rules", "reason", "world")
    list_filter = ("state", "world", "rules")
    search_fields = ("reason", "rules")
    exclude = ("lines",)


@admin.register(models.Signal)
class SignalAdmin(Recorded):
    """What was called."""

    list_display = ("published_at", "kind", "direction", "mint", "score", "tier", "closed_at")
    list_filter = ("direction", "kind", "is_shadow", "is_watch", "world", "rules")
    search_fields = ("mint", "kind")
    exclude = ("window",)


@admin.register(models.Component)
class ComponentAdmin(Recorded):
    """Strategies' parts in signals."""

    list_display = ("signal", "strategy", "joined_at", "strength")
    list_filter = ("strategy",)
    search_fields = ("strategy", "signal__mint")
    list_select_related = ("signal",)


@admin.register(models.Announcement)
class AnnouncementAdmin(Recorded):
    """Signals told of again."""

    list_display = ("signal", "at", "score", "reason")
    search_fields = ("reason", "signal__mint")
    list_select_related = ("signal",)


@admin.register(models.Control)
class ControlAdmin(Recorded):
    """Random tokens beside signals."""

    list_display = ("signal", "mint", "bucket", "drawn_at")
    search_fields = ("mint", "signal__mint")
    list_select_related = ("signal",)


@admin.register(models.Grade)
class GradeAdmin(Recorded):
    """How signals and controls ended."""

    list_display = ("signal", "control", "size_usd", "outcome", "exit_return", "settled_at")
    list_filter = ("outcome", "size_usd", "grading")
    search_fields = ("signal__mint", "control__mint", "reason")
    list_select_related = ("signal", "control")


@admin.register(models.RecordEntry)
class RecordEntryAdmin(Recorded):
    """The chain."""

    list_display = ("no", "kind", "day", "hash")
    list_filter = ("kind",)
    search_fields = ("hash", "signal__mint")


@admin.register(models.Screen)
class ScreenAdmin(Recorded):
    """Users' kept filters of the screener."""

    list_display = ("name", "user", "created_at")
    search_fields = ("name", "user__email")
    list_select_related = ("user",)


@admin.register(models.StrategyState)
class StrategyStateAdmin(Recorded):
    """Strategies that were retired."""

    list_display = ("strategy", "rules", "world", "retired_at", "reason")
    search_fields = ("strategy", "reason")
