//! How holds end for good: their units go back to whoever asks next, leave the building, or turn out not to be
//! there.

use jiff::Timestamp;

use super::super::draft::Draft;
use super::super::{HoldKey, HoldState, StockHold};
use crate::ids::OrderId;
use crate::order::{Loss, StockLine};

/// How holds end for good.
#[derive(Clone, Copy)]
pub(super) enum End {
    Release,
    WriteOff(Loss),
    Consume,
}

impl End {
    const fn state(self) -> HoldState {
        match self {
            Self::Release | Self::WriteOff(_) => HoldState::Released,
            Self::Consume => HoldState::Consumed,
        }
    }

    const fn cause(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::WriteOff(_) => "write_off",
            Self::Consume => "consume",
        }
    }
}

impl Draft<'_> {
    /// Ends holds for good. Ending what has ended changes nothing.
    pub(super) fn end(
        &mut self,
        order: OrderId,
        attempt: u16,
        lines: &[StockLine],
        end: End,
        now: Timestamp,
    ) {
        if let End::WriteOff(loss) = end {
            self.make_room_for_loss(order, attempt, lines, loss);
        }
        for line in lines {
            let key = HoldKey {
                order,
                line: line.line,
                attempt,
            };
            let quantity = line.quantity.whole().unwrap_or(0);
            let Some(mut hold) = self.hold(key) else {
                self.tombstone(key, line, quantity, end.state(), now);
                continue;
            };
            let units = hold.quantity;
            let (soft, hard) = match hold.state {
                HoldState::Consumed | HoldState::Released | HoldState::Lost | HoldState::Moved => {
                    continue;
                }
                // A parcel that left although its promise was taken back is evidence all the same.
                HoldState::Cut if !matches!(end, End::Consume) => continue,
                HoldState::Soft => (units, 0),
                HoldState::Hard => (0, units),
                HoldState::Expired | HoldState::Cut => (0, 0),
                HoldState::Waiting => {
                    self.leave_the_line(&hold);
                    (0, 0)
                }
            };
            let gone = self.gone(key, &hold, end);
            if (gone, soft, hard) != (0, 0, 0) {
                let moved = (-gone, -soft, -hard);
                self.book(&hold.sku, Some(order), end.cause(), moved);
            }
            hold.state = end.state();
            hold.rev += 1;
            hold.told_rev = hold.rev;
            self.put(key, hold);
        }
    }

    /// Units that leave the count: never more than it has. A parcel that went out although the count
    /// says there was none is evidence; the count was wrong, not the parcel.
    /// An empty shelf says nothing about what the order itself has taken off it before.
    fn gone(&self, key: HoldKey, hold: &StockHold, end: End) -> i64 {
        let on_hand = self.counters(&hold.sku).on_hand;
        match end {
            End::Release => 0,
            End::Consume | End::WriteOff(Loss::Damaged) => hold.quantity.min(on_hand),
            End::WriteOff(Loss::NotThere) => (on_hand - self.held_beside(key, hold)).max(0),
        }
    }

    /// Marks a hold that never was as ended, so that a late request for it finds that.
    pub(super) fn tombstone(
        &mut self,
        key: HoldKey,
        line: &StockLine,
        quantity: i64,
        state: HoldState,
        now: Timestamp,
    ) {
        let sku = line.sku.clone();
        self.put(
            key,
            StockHold {
                sku,
                quantity,
                state,
                rev: 1,
                told_rev: 1,
                expires_at: now,
                since: None,
                promise: None,
                work_day: None,
                channel: None,
            },
        );
    }
}
