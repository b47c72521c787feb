"""A basket and what it costs."""

from decimal import Decimal


class Basket:
    """Things with their number and price; ten and more of one thing cost a tenth less."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._prices: dict[str, Decimal] = {}

    def put(self, thing: str, count: int, price: Decimal) -> None:
        """Add things. Raises ValueError when there are none to add."""
        if count < 1:
            raise ValueError("a basket holds at least one of a thing")
        self.counts[thing] = self.counts.get(thing, 0) + count
        self._prices[thing] = price

    def cost(self, thing: str) -> Decimal:
        """Return what all of one thing cost."""
        count = self.counts[thing]
        rebate = Decimal("0.9") if count >= 10 else Decimal(1)
        return (count * self._prices[thing] * rebate).quantize(Decimal("0.01"))

    @property
    def total(self) -> Decimal:
        """What everything costs."""
        return sum((self.cost(thing) for thing in self.counts), Decimal("0.00"))
