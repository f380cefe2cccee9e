"""What a shop puts back on sale by itself is set right, though our positions never moved for it."""

from lockstep.messaging.ports import Bell
from lockstep.messaging.workflow import WorkflowConsumer
from simulation.retail import ONLINE, SHOP, TILLS, Step, WebOrder, movement
from tests.unit.messaging.test_corrected_for_one import Shopkeepers

COAT = f"COAT@{ONLINE}"


class ShopAndTills(Shopkeepers):
    """The real positions, and a shop that sells too."""

    number = 0

    def moves(self, by: int) -> None:
        """Coats come to the store, or are sold there; the shop is told."""
        self.number += 1
        event, _ = movement(TILLS, self.number, ONLINE, {"COAT": by}, self.clock.now())
        self.accept(event)
        self.told(str(event.stream()))

    def told(self, lane: str) -> None:
        """Positions, then the shop."""
        consumer = WorkflowConsumer(self.availability, targets=(SHOP,), **self.ports())
        consumer.drain(Bell(lane, "b"), until=self.clock.now())
        self.show(lane)


def test_an_order_that_is_cancelled_before_we_heard_of_it_leaves_nothing_on_sale_that_is_not_there() -> None:
    bench = ShopAndTills()
    bench.moves(1)
    order = WebOrder("W1", "COAT", bench.clock.now())
    assert bench.shop.sell(COAT)
    placed, _, _ = order.reported(bench.clock.now())
    bench.moves(-1)  # sold at the till, too
    assert bench.shop.shown[COAT] == 0

    bench.clock.advance(seconds=9)
    order.step = Step.CANCELLED
    bench.shop.shown[COAT] += 1
    cancelled, _, _ = order.reported(bench.clock.now())
    bench.accept(cancelled)
    bench.told(str(cancelled.stream()))
    assert bench.shop.shown[COAT] == 0

    bench.accept(placed)
    bench.told(str(placed.stream()))
    assert (bench.shop.shown[COAT], bench.position(COAT)) == (0, 0)
