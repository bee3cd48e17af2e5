"""The original single-user prototype's SQLite file: read, judged, brought over."""
