//! The order's double-entry ledger: what moved between its accounts, zero at every event.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::Slug;
use crate::money::{Currency, Money};

/// An account of an order. Debits are positive, credits negative.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Account {
    /// What the buyer owes.
    Receivable,
    /// What a gateway (or the channel) holds for the retailer.
    Cash(Slug),
    /// What was sold, net of discounts.
    Revenue,
    /// Shipping and fees charged.
    Shipping,
    /// Taxes that come on top of prices.
    Tax,
    /// Charges the buyer disputes.
    Dispute,
    /// What was sold and shall not be paid for after all, because a person said so.
    Allowance,
    /// What gateways and marketplaces charge for their service.
    Fee,
    /// What a gateway or marketplace kept of its payouts for that.
    Withheld(Slug),
    /// Credit that the buyer has and the retailer owes.
    StoreCredit,
}

impl From<Account> for String {
    fn from(account: Account) -> Self {
        match account {
            Account::Receivable => "receivable".into(),
            Account::Cash(slug) => format!("cash:{slug}"),
            Account::Revenue => "revenue".into(),
            Account::Shipping => "shipping".into(),
            Account::Tax => "tax".into(),
            Account::Dispute => "dispute".into(),
            Account::Allowance => "allowance".into(),
            Account::Fee => "fee".into(),
            Account::Withheld(slug) => format!("withheld:{slug}"),
            Account::StoreCredit => "store_credit".into(),
        }
    }
}

impl TryFrom<String> for Account {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Ok(match text.as_str() {
            "receivable" => Self::Receivable,
            "revenue" => Self::Revenue,
            "shipping" => Self::Shipping,
            "tax" => Self::Tax,
            "dispute" => Self::Dispute,
            "allowance" => Self::Allowance,
            "store_credit" => Self::StoreCredit,
            "fee" => Self::Fee,
            _ => match text.split_once(':') {
                Some(("cash", slug)) => Self::Cash(slug.into()),
                Some(("withheld", slug)) => Self::Withheld(slug.into()),
                _ => return Err(format!("\"{text}\" is not an account of an order")),
            },
        })
    }
}

/// One side of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Which account.
    pub account: Account,
    /// How much; positive is a debit.
    pub amount: Money,
}

/// The two sides of moving `amount` from one account to another; nothing for nothing.
pub fn transfer(from: Account, to: Account, amount: Money) -> Vec<Posting> {
    if amount.is_zero() {
        return Vec::new();
    }
    vec![
        Posting {
            account: to,
            amount,
        },
        Posting {
            account: from,
            amount: amount.negated(),
        },
    ]
}

/// Balances by account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ledger(BTreeMap<Account, Money>);

impl Ledger {
    /// Books postings.
    pub fn book(&mut self, postings: &[Posting]) {
        for posting in postings {
            let zero = Money::zero(posting.amount.currency());
            let balance = self.0.entry(posting.account.clone()).or_insert(zero);
            *balance = balance.plus(posting.amount);
        }
    }

    /// The balance of an account.
    pub fn balance(&self, account: &Account, currency: Currency) -> Money {
        self.0
            .get(account)
            .copied()
            .unwrap_or(Money::zero(currency))
    }

    /// What gateways and the channel hold for the retailer.
    pub fn cash(&self, currency: Currency) -> Money {
        let held = self
            .0
            .iter()
            .filter(|(account, _)| matches!(account, Account::Cash(_)));
        Money::sum(currency, held.map(|(_, balance)| *balance))
    }

    /// The sum of all accounts: zero, or the ledger is broken.
    pub fn sum(&self, currency: Currency) -> Money {
        Money::sum(currency, self.0.values().copied())
    }

    /// The balances.
    pub fn iter(&self) -> impl Iterator<Item = (&Account, &Money)> {
        self.0.iter()
    }
}
