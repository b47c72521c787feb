"""A till that writes receipts, and a printer of which there is one."""

import os

from shop.basket import Basket


class Till:
    """Writes receipts into a directory."""

    def __init__(self, folder: str, currency: str) -> None:
        self._folder = folder
        self._currency = currency

    def pay(self, basket: Basket) -> str:
        """Write the receipt and return its path."""
        lines = [(f"{count} {thing}", basket.cost(thing)) for thing, count in basket.counts.items()]
        lines.append(("total", basket.total))
        width = max(len(label) for label, _ in lines)
        path = os.path.join(self._folder, "receipt.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{label:{width}}  {cost} {self._currency}\n" for label, cost in lines)
        return path

    def print(self, receipt: str) -> int:
        """Print a receipt and return how many lines that took."""
        with open(receipt, encoding="utf-8") as file:
            return sum(1 for _ in file)
