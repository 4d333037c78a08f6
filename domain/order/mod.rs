//! The order: its state, what may be asked of it, what can happen to it, and the functions that
//! carry everything: [`place`] and [`decide`] turn inputs into events, [`evolve`] folds events into
//! state, [`wake_at`] says when time alone changes something.

mod audit;
mod claims;
mod command;
mod decide;
mod decline;
mod editing;
mod effect;
mod event;
mod evolve;
mod exchanges;
mod explain;
mod fact;
mod history;
mod hold;
mod kits;
mod ledger;
mod machine;
mod packing;
mod parcel;
mod paying;
mod planning;
mod proof;
mod quantities;
mod reasons;
mod renewal;
mod returns;
mod routable;
mod screening;
mod settled;
mod source;
mod splitting;
mod stage;
mod state;
mod stored;
mod stuck;
mod tender;
#[cfg(test)]
mod tests;
mod transfers;
mod transit;
mod wake;
mod worth;

pub use audit::ORDER_INVARIANTS;
pub use claims::*;
pub use command::*;
pub use decide::{decide, place, waits_for_stock};
pub use decline::DeclineClass;
pub use effect::*;
pub use event::*;
pub use evolve::*;
use evolve::{less, plus};
pub use exchanges::*;
pub use explain::{Action, Explanation, explain};
pub use fact::*;
pub use history::*;
pub use hold::*;
pub use ledger::*;
pub use machine::*;
pub use packing::{
    LONGEST_SIDE_MM, PARCELS_MOST, PackRejection, PackedParcel, ParcelOf, ParcelSize, StatedParcel,
};
pub use parcel::{SCANS_KEPT, Share, carrier_word, parcel_status};
pub use paying::Owed;
use planning::plan_units;
pub use planning::{Plan, plan};
pub use proof::{DeliveryProof, ProofFact};
pub use quantities::Quantities;
pub use reasons::*;
pub use returns::*;
pub use screening::{
    AddressCheck, AddressFault, Counts, Features, Judgement, Mark, MarkKind, Missing, Review,
    ReviewDecision, Rule, ScreeningReason, Sighting, Sightings, Verdict, judge, marks,
};
pub use settled::JudgedLine;
pub use source::{AtSource, ChannelFact, CutPart, Restatement};
pub use splitting::{Split, split};
pub use stage::*;
pub use state::*;
pub use stored::{HoldRow, ORDER_LOG, OrderRow, STORED_ORDER_INVARIANTS, StoredOrder};
pub use transfers::Transfer;
pub use transit::{
    ShippingLane, TRANSITS_COUNTED, TRANSITS_NEEDED, Transit, TransitTime, percentile,
};
pub use wake::{Wait, next_wait, wake_at};
