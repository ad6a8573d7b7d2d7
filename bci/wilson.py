"""The interval of a share: hits among independent trials (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""

__all__ = ["wilson"]


def wilson(hits: int, n: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a share, None without trials.

    It is pointwise: true of a number of trials that was fixed beforehand, not of the best moment of a session that
    was watched; for that there is `bci.eprocess`.
    """
    from scipy.stats import binomtest  # noqa: PLC0415 (1.3 s to import)

    if not n:
        return None
    # with the share itself as null the test's p-value, which nobody asks for, takes no search: ten times faster
    interval = binomtest(hits, n, hits / n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
