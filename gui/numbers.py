"""Numbers as the dashboard writes them."""

__all__ = ["clock", "duration", "percent", "within"]


def percent(share: float) -> str:
    """Write a share so that small ones are told apart from none."""
    if 0 < share < 0.0001:
        return "< 0.01 %"
    return f"{share * 100:.2f} %" if share < 0.01 else f"{share * 100:.1f} %"


def within(interval: tuple[float, float] | None) -> str:
    """Write an interval of shares in percent to stand behind a number: ` [12-34]`; nothing if there is none."""
    return "" if interval is None else f" [{interval[0] * 100:.0f}-{interval[1] * 100:.0f}]"


def clock(seconds: float) -> str:
    """Write a time since the start: minutes and seconds, with hours where there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def duration(seconds: float) -> str:
    """Write how long something takes or is ago: `3.2 s`, `1 min 15 s`."""
    if round(seconds, 1) < 60:
        return f"{max(0.0, seconds):.1f} s"
    minutes, rest = divmod(int(seconds + 0.05), 60)
    return f"{minutes} min {rest:02d} s"
