"""How long a scenario is expected to take, from how long it took before.

Pure arithmetic: it reads no clock and no store.
"""

import math

import msgspec

# The estimate has to follow a lasting change within a few runs, and to ignore one bad run (a cold
# cache, a busy machine, a failure in the first step). A plain exponential average does the
# first only: with a weight of 0.3, one run at 100 times the usual leaves an estimate 30 times too
# long. So the samples pass through a running median of three first (J. W. Tukey, Exploratory Data
# Analysis, 1977, chapter 7), which an outlier on its own never gets through:
#
#     m[n] = median(x[n-2], x[n-1], x[n])
#     e[1] = x[1],  e[2] = min(x[1], x[2]),  e[3] = m[3]
#     e[n] = e[n-1] + WEIGHT * (m[n] - e[n-1])          for n > 3
#
# From the third sample on, one outlier among equal samples does not move the estimate at all. Of
# two samples the smaller one is taken: most outliers are slow, the first run above all.
WEIGHT = 0.3


class Timing(msgspec.Struct, frozen=True):
    """What is kept of the durations of one scenario: enough for the next estimate."""

    samples: int
    estimate: float
    """Seconds."""
    last: float
    """The newest sample, in seconds."""
    before_last: float | None = None


def is_duration(seconds: float) -> bool:
    """Return True for a finite number of seconds that is not negative."""
    return math.isfinite(seconds) and seconds >= 0.0


def advance(timing: Timing | None, seconds: float) -> Timing:
    """Return the timing after one more sample, which must satisfy `is_duration`.

    The formula stands above in this module.
    """
    if timing is None:
        return Timing(samples=1, estimate=seconds, last=seconds)
    if timing.before_last is None:
        estimate = min(timing.last, seconds)
    else:
        median = sorted((timing.before_last, timing.last, seconds))[1]
        if timing.samples == 2:
            estimate = median
        else:
            estimate = timing.estimate + WEIGHT * (median - timing.estimate)
    return Timing(timing.samples + 1, estimate, last=seconds, before_last=timing.last)
