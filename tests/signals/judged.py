"""How a strategy's word on a window is asked for in tests."""

from signals.domain.features import Figures
from signals.domain.strategies import STRATEGIES
from signals.domain.verdicts import Verdict
from signals.domain.windows import TokenWindow


def judged(strategy: str, window: TokenWindow) -> Verdict:
    return STRATEGIES[strategy].judge(Figures(window))


def fires(strategy: str, window: TokenWindow, strength: float) -> Verdict:
    """The rule holds with this strength, and every feature it names is known."""
    verdict = judged(strategy, window)
    assert (verdict.state, verdict.missing) == ("fires", ())
    assert verdict.strength == strength
    assert set(STRATEGIES[strategy].REQUIRED) <= set(verdict.figures)
    return verdict


def refuses(strategy: str, window: TokenWindow, reason: str) -> None:
    """The rule does not hold, and one of its reasons is this."""
    verdict = judged(strategy, window)
    assert (verdict.state, verdict.strength) == ("quiet", 0.0)
    assert reason in verdict.reasons


def stands_down(strategy: str, window: TokenWindow, *missing: str) -> None:
    """The rule is not judged: these inputs are missing."""
    verdict = judged(strategy, window)
    assert (verdict.state, verdict.strength, verdict.missing) == ("idle", 0.0, missing)
    assert verdict.reasons[0].startswith("stands down: not known: ")
    assert verdict.figures == {}
