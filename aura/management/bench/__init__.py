"""Measurements of a running house, one module each; docs/benchmarks.md says what they mean."""
