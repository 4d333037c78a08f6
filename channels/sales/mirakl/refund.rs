//! What is asked of the marketplace to give money back (OR28): of all lines that are still to be sent, what is
//! left of them; of some units, their share of an amount that the hub has worked out. Pure.
//!
//! An amount is never more than what a line has left, and never more than what was asked for: where the
//! marketplace works out a tax itself on top of an amount, only all of a line can be given back.

use orderhub_domain::money::{Currency, Money, spread};
use orderhub_domain::order::Repayment;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::amounts::Amounts;
use super::back::Order;
use super::{given, wire};
use crate::sales::{PartNotice, PartOf};
use crate::wire::{Exact, Number};

/// Why nothing can be given back of what the marketplace states.
const UNREAD: &str = "amounts_cannot_be_read";

/// A line, as the marketplace has it.
#[derive(Deserialize)]
pub(super) struct Line {
    #[serde(rename = "order_line_id")]
    pub(super) id: String,
    #[serde(rename = "order_line_state")]
    pub(super) state: String,
    quantity: Exact,
    price: Exact,
    #[serde(default)]
    shipping_price: Option<Exact>,
    #[serde(default)]
    taxes: Option<Vec<Tax>>,
    #[serde(default)]
    shipping_taxes: Option<Vec<Tax>>,
    #[serde(default)]
    pub(super) refunds: Option<Vec<wire::Refund>>,
}

#[derive(Deserialize)]
struct Tax {
    code: String,
    amount: Exact,
    /// `proportional_to_amount`: the marketplace gives it back by itself. `none`: it does not.
    #[serde(default, rename = "tax_calculation_rule")]
    rule: Option<String>,
}

/// A request for refunds.
#[derive(Serialize)]
pub(super) struct Refunds<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    order_tax_mode: Option<&'a str>,
    pub(super) refunds: Vec<Refund<'a>>,
}

#[derive(Serialize)]
pub(super) struct Refund<'a> {
    pub(super) order_line_id: &'a str,
    quantity: Number,
    amount: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_amount: Option<Number>,
    taxes: Vec<TaxBack<'a>>,
    shipping_taxes: Vec<TaxBack<'a>>,
    reason_code: &'a str,
    currency_iso_code: &'a str,
    /// These units are not sent any more.
    excluded_from_shipment: bool,
    /// What the buyer gets of it.
    #[serde(skip)]
    pub(super) worth: Money,
}

#[derive(Serialize)]
struct TaxBack<'a> {
    code: &'a str,
    amount: Number,
}

impl Tax {
    fn is_computed_there(&self) -> bool {
        self.rule.as_deref() == Some("proportional_to_amount")
    }
}

impl Order {
    /// How its amounts are read; `None` where they cannot be.
    pub(super) fn amounts(&self) -> Option<Amounts> {
        Some(Amounts {
            currency: Currency::from_code(&self.currency_iso_code)?,
            included: self.tax_mode.as_deref() == Some("TAX_INCLUDED"),
        })
    }

    /// What is to be given back of everything that is still to be sent; nothing when nothing is left. An
    /// amount that cannot be read is the error.
    pub(super) fn rest<'a>(&'a self, reason: &'a str) -> Result<Option<Refunds<'a>>, &'static str> {
        let amounts = self.amounts().ok_or("currency_is_unknown")?;
        let mut refunds = Vec::new();
        for line in self.lines.iter().filter(|line| line.state == "SHIPPING") {
            refunds.extend(line.rest(self, reason, &amounts)?);
        }
        Ok((!refunds.is_empty()).then(|| self.asked(refunds)))
    }

    /// What is to be given back of some units, line by line; what `ours` says was given for the same units
    /// takes nothing away from it. What cannot be given is the error.
    pub(super) fn part<'a>(
        &'a self,
        notice: &PartNotice,
        reason: &'a str,
        ours: &dyn Fn(&Repayment) -> bool,
    ) -> Result<Vec<Refund<'a>>, &'static str> {
        let amounts = self.amounts().ok_or("currency_is_unknown")?;
        if notice.amount.currency() != amounts.currency {
            return Err("other_currency");
        }
        let mut of = Vec::new();
        for (id, units) in &notice.lines {
            let line = self.lines.iter().find(|line| line.id == *id);
            let line = line.ok_or("line_not_found")?;
            let units = Decimal::from(*units);
            let worth = line.worth(&amounts).ok_or(UNREAD)?;
            let all = line.quantity.decimal().unwrap_or_default();
            if all < units || all.is_zero() {
                return Err("line_has_fewer_units");
            }
            of.push((line, units, worth, worth.amount() * units / all));
        }
        let weights: Vec<Decimal> = of.iter().map(|(_, _, _, weight)| *weight).collect();
        let shares = spread(notice.amount, &weights);
        let mut refunds = Vec::new();
        for ((line, units, worth, _), share) in of.into_iter().zip(shares) {
            if share.is_zero() {
                continue;
            }
            let given = line.given(&amounts, ours).ok_or(UNREAD)?;
            if share > worth.less(given) {
                return Err("line_has_less_left");
            }
            refunds.push(Refund {
                quantity: Number(units),
                excluded_from_shipment: notice.of == PartOf::Unsent && line.state == "SHIPPING",
                ..line.share(self, reason, share, (worth, &amounts))?
            });
        }
        Ok(refunds)
    }

    /// A request for these.
    pub(super) fn asked<'a>(&'a self, refunds: Vec<Refund<'a>>) -> Refunds<'a> {
        Refunds {
            order_tax_mode: self.tax_mode.as_deref(),
            refunds,
        }
    }
}

impl Line {
    /// Its units that were not given back.
    pub(super) fn open(&self) -> Option<Decimal> {
        let refunds = self.refunds.iter().flatten();
        let given = refunds.filter_map(|refund| refund.quantity.as_ref()?.decimal());
        Some((self.quantity.decimal()? - given.sum::<Decimal>()).max(Decimal::ZERO))
    }

    /// What its units cost, with their taxes and without their shipping.
    fn worth(&self, amounts: &Amounts) -> Option<Money> {
        let price = Money::rounded(self.price.decimal()?, amounts.currency);
        if amounts.included {
            return Some(price);
        }
        let taxes = self.taxes.iter().flatten();
        let taxes: Option<Decimal> = taxes.map(|tax| tax.amount.decimal()).sum();
        Some(price.plus(Money::rounded(taxes?, amounts.currency)))
    }

    /// What was given back of it before.
    fn given(&self, amounts: &Amounts, ours: &dyn Fn(&Repayment) -> bool) -> Option<Money> {
        let refunds = self.refunds.iter().flatten();
        let given = refunds.map(|one| given::repayment(one, amounts));
        let given: Vec<Repayment> = given.collect::<Result<_, _>>().ok()?;
        let before = given.iter().filter(|made| !ours(made));
        Some(Money::sum(amounts.currency, before.map(|made| made.amount)))
    }

    /// What is left of it to be given back.
    fn rest<'a>(
        &'a self,
        order: &'a Order,
        reason: &'a str,
        amounts: &Amounts,
    ) -> Result<Option<Refund<'a>>, &'static str> {
        let refunds = self.refunds.as_deref().unwrap_or_default();
        let less = |all: Option<&Exact>, given: fn(&wire::Refund) -> Option<&Exact>| {
            let given = refunds.iter().filter_map(given).map(Exact::decimal);
            let given: Option<Decimal> = given.sum();
            let all = all.map_or(Some(Decimal::ZERO), Exact::decimal)?;
            Some((all - given?).max(Decimal::ZERO))
        };
        let amount = less(Some(&self.price), |refund| refund.amount.as_ref());
        let shipping = self.shipping_price.as_ref();
        let shipped = less(shipping, |refund| refund.shipping_amount.as_ref());
        let (amount, shipped) = (amount.ok_or(UNREAD)?, shipped.ok_or(UNREAD)?);
        if amount.is_zero() && shipped.is_zero() {
            return Ok(None);
        }
        let taxes = less_taxes(self.taxes.as_deref(), refunds, |refund| &refund.taxes);
        let of_shipping = self.shipping_taxes.as_deref();
        let shipping_taxes = less_taxes(of_shipping, refunds, |refund| &refund.shipping_taxes);
        Ok(Some(Refund {
            order_line_id: &self.id,
            quantity: Number(self.open().ok_or(UNREAD)?),
            amount: Number(amount),
            shipping_amount: shipping.map(|_| Number(shipped)),
            taxes: taxes.ok_or(UNREAD)?,
            shipping_taxes: shipping_taxes.ok_or(UNREAD)?,
            reason_code: reason,
            currency_iso_code: &order.currency_iso_code,
            excluded_from_shipment: true,
            worth: Money::rounded(amount + shipped, amounts.currency),
        }))
    }

    /// A share of its worth.
    fn share<'a>(
        &'a self,
        order: &'a Order,
        reason: &'a str,
        share: Money,
        (worth, amounts): (Money, &Amounts),
    ) -> Result<Refund<'a>, &'static str> {
        let taxes = self.taxes.as_deref().unwrap_or_default();
        let price = self.price.decimal().unwrap_or_default();
        let stated = || {
            taxes
                .iter()
                .map(|tax| tax.amount.decimal().unwrap_or_default())
        };
        let (amount, back): (Decimal, Vec<Decimal>) = if share == worth {
            (price, stated().collect())
        } else if amounts.included {
            let part =
                |tax: Decimal| Money::rounded(tax * share.amount() / price, amounts.currency);
            (
                share.amount(),
                stated().map(|tax| part(tax).amount()).collect(),
            )
        } else if taxes.iter().any(Tax::is_computed_there) {
            return Err("taxes_are_computed_there");
        } else {
            let weights: Vec<Decimal> = [price].into_iter().chain(stated()).collect();
            let mut parts = spread(share, &weights).into_iter().map(Money::amount);
            (parts.next().unwrap_or_default(), parts.collect())
        };
        let named = taxes.iter().zip(back);
        let ours = named.filter(|(tax, _)| !tax.is_computed_there());
        let taxes = ours.map(|(tax, amount)| TaxBack {
            code: &tax.code,
            amount: Number(amount),
        });
        Ok(Refund {
            order_line_id: &self.id,
            quantity: Number(Decimal::ZERO),
            amount: Number(amount),
            shipping_amount: None,
            taxes: taxes.collect(),
            shipping_taxes: Vec::new(),
            reason_code: reason,
            currency_iso_code: &order.currency_iso_code,
            excluded_from_shipment: false,
            worth: share,
        })
    }
}

/// What is left of taxes that the marketplace does not work out itself.
fn less_taxes<'a>(
    taxes: Option<&'a [Tax]>,
    refunds: &[wire::Refund],
    given: fn(&wire::Refund) -> &Option<Vec<wire::Tax>>,
) -> Option<Vec<TaxBack<'a>>> {
    let taxes = taxes.unwrap_or_default().iter();
    let ours = taxes.filter(|tax| !tax.is_computed_there());
    let back = ours.map(|tax| {
        let given = refunds
            .iter()
            .flat_map(|refund| given(refund).iter().flatten());
        let same = given.filter(|one| one.code.as_deref() == Some(tax.code.as_str()));
        let given = same.filter_map(|one| one.amount.as_ref()?.decimal());
        let left = tax.amount.decimal()? - given.sum::<Decimal>();
        Some(TaxBack {
            code: &tax.code,
            amount: Number(left.max(Decimal::ZERO)),
        })
    });
    back.collect()
}
