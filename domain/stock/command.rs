//! What may be asked of a location's stock, by orders, by people and by the passing of time.

use jiff::Timestamp;

use super::{FeedGap, FeedMark, FeedRefusal, FeedRow, HoldKey, QuotaChange};
use crate::ids::{ChannelId, OrderId, Sku, Slug};
use crate::order::{Loss, StockLine};

/// What may be asked of a location's stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StockCommand {
    /// Hold softly, all lines or none; again: extend.
    Reserve {
        /// The order.
        order: OrderId,
        /// Its try.
        attempt: u16,
        /// The channel that it came through.
        channel: ChannelId,
        /// What.
        lines: Vec<StockLine>,
        /// Until when.
        expires_at: Timestamp,
        /// It may wait for a later day, if this one is full.
        queued: bool,
    },
    /// Make firm.
    Confirm {
        /// The order.
        order: OrderId,
        /// Its try.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
    },
    /// Give back.
    Release {
        /// The order.
        order: OrderId,
        /// Its try.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
    },
    /// Give back; the units could not be found or were broken.
    WriteOff {
        /// The order.
        order: OrderId,
        /// Its try.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
        /// What became of the units.
        loss: Loss,
    },
    /// Units left the building.
    Consume {
        /// The order.
        order: OrderId,
        /// Its try.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
    },
    /// Units came back and can be sold again.
    Restock {
        /// The order that they were sold with.
        order: OrderId,
        /// What.
        lines: Vec<StockLine>,
    },
    /// Units that were sent to this store for an order are there: they are held firmly for it.
    TakeIn {
        /// The order.
        order: OrderId,
        /// Its try.
        attempt: u16,
        /// What.
        lines: Vec<StockLine>,
    },
    /// Hold firmly under another try: an order cuts its work or puts it together.
    Regroup {
        /// The order.
        order: OrderId,
        /// The tries that give.
        from: Vec<u16>,
        /// The try that takes.
        into: u16,
        /// What.
        lines: Vec<StockLine>,
    },
    /// Somebody counted how many there are.
    Count {
        /// What.
        sku: Sku,
        /// How many units are in the building.
        on_hand: i64,
        /// Units to keep back; `None` leaves it.
        buffer: Option<i64>,
        /// Units that orders may wait for beyond what was announced; `None` leaves it.
        backorder_limit: Option<i64>,
        /// Firm holds whose units nobody has picked: they may be cut at once.
        unpicked: Vec<HoldKey>,
    },
    /// A feed says how many there are of many SKUs: all of it is taken, or nothing.
    Feed {
        /// Who sends it.
        source: Slug,
        /// Which of its messages.
        mark: FeedMark,
        /// What it says of this location.
        rows: Vec<FeedRow>,
        /// The numbers of its source that are missing before it.
        gap: Option<FeedGap>,
        /// As of a count.
        unpicked: Vec<HoldKey>,
    },
    /// A message of a feed was refused at its source, and speaks of this location.
    RefuseFeed {
        /// Who sends it.
        source: Slug,
        /// Which of its messages.
        mark: FeedMark,
        /// SKUs that it speaks of here.
        lines: usize,
        /// Why.
        why: FeedRefusal,
    },
    /// Say what of these can be promised, where another number was said last.
    TellAvailability {
        /// Of what.
        skus: Vec<Sku>,
    },
    /// The auditor found something about this location.
    NoteDrift {
        /// The finding's name: it is noted once.
        name: String,
        /// The rule that is broken.
        invariant: String,
        /// The location's SKU, channel's quota or row of the ledger.
        subject: String,
        /// What was found and expected.
        detail: String,
        /// When.
        found_at: Timestamp,
    },
    /// Stand in line for units that are still to come, all lines or none.
    Wait {
        /// The order.
        order: OrderId,
        /// Its try.
        attempt: u16,
        /// The channel that it came through.
        channel: ChannelId,
        /// What.
        lines: Vec<StockLine>,
        /// The place in the line: older ones are served first.
        since: Timestamp,
        /// Only as far as supply was declared.
        declared_only: bool,
    },
    /// Units are on their way, or their number or day has changed.
    Announce {
        /// What.
        sku: Sku,
        /// Under which name.
        reference: String,
        /// How many in all; none: they will not come.
        quantity: i64,
        /// When.
        expected_at: Option<Timestamp>,
    },
    /// Units came.
    Receive {
        /// What.
        sku: Sku,
        /// The receipt's own name: the same one again changes nothing.
        reference: String,
        /// How many.
        quantity: i64,
        /// What they were announced as.
        inbound: Option<String>,
    },
    /// Bound what a channel may have promised of a SKU, or take the bound away.
    SetQuota(QuotaChange),
    /// Take promises back that a count found no units for: the newest soft ones, then the newest
    /// firm ones.
    Cut {
        /// What.
        sku: Sku,
        /// Firm holds whose units nobody has picked.
        unpicked: Vec<HoldKey>,
    },
    /// Let soft holds lapse whose time is over.
    Expire {
        /// At most so many.
        limit: usize,
    },
    /// An order has committed what the location told it.
    Told {
        /// Which holds, with the `rev` that was told.
        holds: Vec<(HoldKey, i32)>,
    },
}
