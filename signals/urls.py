"""Addresses of the signals app's pages."""

from django.urls import path

from signals.views import board, methodology, record, screener, signal

urlpatterns = [
    path("signals/", board.signals, name="signals"),
    path("signals/<int:pk>/", signal.signal, name="signal"),
    path("screener/", screener.screener, name="screener"),
    path("screener/save/", screener.save_screen, name="save_screen"),
    path("screener/<int:pk>/delete/", screener.delete_screen, name="delete_screen"),
    path("scoreboard/", record.scoreboard_page, name="scoreboard"),
    path("record/", record.record, name="record"),
    path("record/export.jsonl", record.export_record, name="export_record"),
    path("methodology/", methodology.methodology, name="methodology"),
]
