"""Rate limits in ThingsBoard's notation: "20:1,600:60" is 20 in 1 s and 600 in 60 s (contract 8.3)."""

from dataclasses import dataclass, field


def parse_rates(text: str) -> list[tuple[int, float]]:
    """Read *text* as (amount, seconds) pairs; "" is no limit. ValueError names what is wrong."""
    rates = []
    for part in filter(None, text.split(",")):
        amount, colon, seconds = part.partition(":")
        if not (colon and amount.isdecimal() and seconds.isdecimal() and int(amount) and int(seconds)):
            raise ValueError(f"{part!r} is not a rate; write it like 20:1 (20 in 1 second)")
        rates.append((int(amount), float(seconds)))
    return rates


@dataclass
class _Bucket:
    capacity: int
    seconds: float
    level: float
    filled_at: float

    def refill(self, now: float) -> None:
        rate = self.capacity / self.seconds
        self.level = min(self.capacity, self.level + (now - self.filled_at) * rate)
        self.filled_at = now


@dataclass
class RateLimit:
    """Token buckets of one device for one kind of traffic."""

    text: str = ""
    _buckets: list[_Bucket] = field(default_factory=list)

    def allow(self, limit: str, amount: int, now: float) -> bool:
        """Take *amount* from every bucket of *limit* if all have it. *now* is in seconds, monotonic."""
        if limit != self.text:
            self.text = limit
            self._buckets = [_Bucket(count, seconds, count, now) for count, seconds in parse_rates(limit)]
        for bucket in self._buckets:
            bucket.refill(now)
        if any(bucket.level < amount for bucket in self._buckets):
            return False
        for bucket in self._buckets:
            bucket.level -= amount
        return True


@dataclass
class DeviceLimits:
    """The buckets of one device; they outlive its connections."""

    messages: RateLimit = field(default_factory=RateLimit)
    telemetry_messages: RateLimit = field(default_factory=RateLimit)
    telemetry_points: RateLimit = field(default_factory=RateLimit)
