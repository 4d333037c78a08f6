//! Exchanges: units that come back and others that go out for them, on the same order. The units that
//! come back are a return, those that go out are an edit; an exchange ties the two together and says
//! what of the one pays for the other.
//!
//! What does not live here: the rules that act (`decide/exchange`), and the fold (`evolve/exchanges`).

mod advance;
mod command;
mod explain;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EditedLine, Order};
use crate::money::Money;

pub use command::{ExchangeCommand, ExchangeLine, ExchangeRejection};

/// Units that go out for others that come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Its number, from 1.
    pub number: u16,
    /// The return that brings the others.
    pub back: u16,
    /// What goes out, once that was accepted.
    pub lines: Vec<EditedLine>,
    /// What those lines are worth.
    pub amount: Money,
    /// What the buyer pays beside what comes back, at most.
    pub charge: Money,
    /// Since when.
    pub since: Timestamp,
    /// It goes out before what comes back was accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub advance: bool,
    /// What accepted units pay of it; none until they were accepted, or when they pay for none of it. In
    /// advance it is what they are trusted to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Money>,
    /// What accepted units have paid of what went out in advance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaid: Option<Money>,
    /// The tender that pays what they have not, and how much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clawed: Option<(u16, Money)>,
    /// What nobody has paid and the buyer cannot be charged for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpaid: Option<Money>,
    /// The edit that brings the lines into the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<u16>,
    /// Why that edit was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<ExchangeEnd>,
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeEnd {
    /// In one word.
    pub outcome: String,
    /// What accepted units have paid of what went out.
    pub spent: Money,
    /// What of it went back instead, and no gateway of the hub's holds: by hand or through the channel.
    pub elsewhere: Money,
    /// What of it the buyer had already, by a dispute that was lost meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netted: Option<Money>,
}

impl Exchange {
    /// Whether it is not over.
    pub const fn is_open(&self) -> bool {
        self.settled.is_none()
    }

    /// Whether it waits for its return to be accepted.
    pub const fn is_held(&self) -> bool {
        self.is_open() && self.credit.is_none()
    }
}

impl Order {
    /// The exchange with this number.
    pub fn exchange(&self, number: u16) -> Option<&Exchange> {
        self.exchanges.iter().find(|one| one.number == number)
    }

    /// The exchange that this return pays for.
    pub(in crate::order) fn exchange_for(&self, back: u16) -> Option<&Exchange> {
        let mut waiting = self.exchanges.iter().filter(|one| one.is_unpaid());
        waiting.find(|one| one.back == back)
    }

    /// What accepted units have paid for others that have not gone out yet, in exchanges other than this
    /// one: nobody gives it back meanwhile.
    pub(in crate::order) fn set_aside(&self, except: Option<u16>) -> Money {
        let others = |one: &&Exchange| one.is_open() && Some(one.number) != except;
        let left = self.exchanges.iter().filter(others).filter_map(|one| {
            let credit = one.credit?;
            Some(
                one.edit
                    .map_or(credit, |edit| credit.less(self.earned_of(edit))),
            )
        });
        Money::sum(self.draft.currency, left)
    }

    /// Whether a line came into the order by an exchange.
    pub(in crate::order) fn came_in_exchange(&self, line: u16) -> bool {
        let part = Some(self.part_of(line));
        self.exchanges.iter().any(|one| one.edit == part)
    }

    /// What units that came back pay of a part of the order.
    pub(in crate::order) fn credit_of(&self, part: u16) -> Money {
        let paying = self
            .exchanges
            .iter()
            .find(|one| one.edit == Some(part) && one.refused.is_none());
        let credit = paying.and_then(|one| one.credit);
        credit.unwrap_or(Money::zero(self.draft.currency))
    }
}
