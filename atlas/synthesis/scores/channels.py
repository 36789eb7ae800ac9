"""Channels of a layer as a configuration writes them. Free of torch, so that a configuration is checked at once."""


def channel_numbers(channels: str, count: int) -> list[int]:
    """Return the channels of a layer that ``count`` are of, ascending; numbers past the last are kept.

    Raises:
        ValueError: malformed; says what is allowed.
    """
    halves = {"all": (0, count), "first half": (0, (count + 1) // 2), "second half": ((count + 1) // 2, count)}
    if channels in halves:
        return list(range(*halves[channels]))
    numbers: set[int] = set()
    for part in channels.split(","):
        first, dash, last = (one.strip() for one in part.partition("-"))
        ends = (first, last if dash else first)
        if not all(one.isascii() and one.isdigit() and len(one) < 7 for one in ends) or int(ends[0]) > int(ends[1]):
            raise ValueError('names no channels; write "all", "first half", "second half" or ranges like "0-15,32"')
        numbers.update(range(int(ends[0]), int(ends[1]) + 1))
    return sorted(numbers)
