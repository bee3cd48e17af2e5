"""Figures worked out of a window: each has a name, and none looks later than the moment."""

from signals.domain.features import activity, shape, standing, whales
from signals.domain.features.registry import FEATURES, Feature, Figures, feature

__all__ = ["FEATURES", "Feature", "Figures", "activity", "feature", "shape", "standing", "whales"]
