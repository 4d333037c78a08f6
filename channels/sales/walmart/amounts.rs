//! The amounts of a Walmart order. Pure. Each line has charges of several types, each with its tax on top: the
//! product, its shipping, and whatever else Walmart comes to charge. One below zero, or called a discount, is
//! taken off the order, its tax with it. The United States' orders state no total.

use orderhub_domain::canonical::{Charge, Discount, Tax};
use orderhub_domain::money::{Currency, Money};
use rust_decimal::Decimal;

use super::wire;
use crate::sales::buyer::clean;
use crate::sales::taken::{NotTaken, amount, discount, unreadable};

/// The type of what the product itself costs.
const PRODUCT: &str = "PRODUCT";

/// The type of what its shipping costs.
const SHIPPING: &str = "SHIPPING";

/// What an order's lines are charged for.
#[derive(Default)]
pub(super) struct Charged {
    /// Shipping, one charge for the order.
    pub(super) shipping: Vec<Charge>,
    pub(super) fees: Vec<Charge>,
    pub(super) discounts: Vec<Discount>,
}

/// What a line's product costs, all its units, and the taxes on that.
pub(super) struct Product {
    pub(super) price: Money,
    pub(super) taxes: Vec<Tax>,
}

impl Product {
    /// The taxes on it.
    pub(super) fn tax(&self) -> Money {
        let taxes = self.taxes.iter().map(|tax| tax.amount);
        Money::sum(self.price.currency(), taxes)
    }

    /// What so many of so many units cost.
    pub(super) fn of_units(mut self, units: Decimal, all: Decimal) -> Self {
        let share = |whole: Money| {
            let part = (whole.amount() * units).checked_div(all);
            part.map_or(whole, |part| Money::rounded(part, whole.currency()))
        };
        self.price = share(self.price);
        for tax in &mut self.taxes {
            tax.amount = share(tax.amount);
        }
        self.taxes.retain(|tax| !tax.amount.is_zero());
        self
    }
}

/// The currency that all charges are in.
pub(super) fn currency(order: &wire::Order) -> Result<Currency, NotTaken> {
    let charges = order.lines.all.iter().flat_map(charges);
    let mut codes = charges.map(|charge| charge.amount.currency.as_str());
    let first = codes.next().ok_or_else(|| unreadable("charges"))?;
    if codes.any(|code| code != first) {
        return Err(unreadable("the charges' currencies"));
    }
    Currency::from_code(first).ok_or_else(|| unreadable("currency"))
}

fn charges(line: &wire::Line) -> impl Iterator<Item = &wire::Charge> {
    let charges = line.charges.as_ref();
    charges.into_iter().flat_map(|charges| &charges.charge)
}

pub(super) fn read(
    stated: &wire::Amount,
    currency: Currency,
    what: &str,
) -> Result<Money, NotTaken> {
    if stated.currency != currency.code() {
        return Err(unreadable(what));
    }
    amount(&stated.amount, currency, what)
}

/// The total that the order states, where it states one.
pub(super) fn total(order: &wire::Order, currency: Currency) -> Result<Option<Money>, NotTaken> {
    let stated = order.total.as_ref();
    stated
        .map(|stated| read(stated, currency, "orderTotal"))
        .transpose()
}

pub(super) fn taxes(charge: &wire::Charge, currency: Currency) -> Result<Vec<Tax>, NotTaken> {
    let Some(tax) = &charge.tax else {
        return Ok(Vec::new());
    };
    let stated = tax.tax_amount.as_ref();
    let stated = stated.map(|stated| read(stated, currency, "a tax"));
    let stated = stated.transpose()?.filter(|amount| !amount.is_zero());
    let tax = |amount| Tax {
        name: clean(tax.tax_name.as_ref()).unwrap_or_else(|| "Tax".to_owned()),
        rate: None,
        amount,
        included: false,
    };
    Ok(stated.map(tax).into_iter().collect())
}

impl Charged {
    /// Adds a line's charges, and gives what its product costs.
    pub(super) fn line(
        &mut self,
        line: &wire::Line,
        currency: Currency,
    ) -> Result<Product, NotTaken> {
        let mut product = Product {
            price: Money::zero(currency),
            taxes: Vec::new(),
        };
        for charge in charges(line) {
            let amount = read(&charge.amount, currency, "a charge")?;
            let taxes = taxes(charge, currency)?;
            if amount.is_negative() || charge.is_discount == Some(true) {
                let of_taxes = Money::sum(currency, taxes.iter().map(|tax| tax.amount));
                let off = amount.plus(of_taxes);
                let off = off.max(off.negated());
                self.discounts.extend(discount(off, None));
                continue;
            }
            match charge.form.as_str() {
                PRODUCT => {
                    product.price = product.price.plus(amount);
                    product.taxes.extend(taxes);
                }
                SHIPPING => self.ship(amount, taxes),
                _ if amount.is_zero() && taxes.is_empty() => {}
                other => {
                    let title = clean(charge.name.as_ref());
                    self.fees.push(Charge {
                        title: title.unwrap_or_else(|| other.to_owned()),
                        amount,
                        taxes,
                    });
                }
            }
        }
        Ok(product)
    }

    fn ship(&mut self, amount: Money, taxes: Vec<Tax>) {
        match self.shipping.first_mut() {
            Some(all) => {
                all.amount = all.amount.plus(amount);
                all.taxes.extend(taxes);
            }
            None if amount.is_zero() && taxes.is_empty() => {}
            None => self.shipping.push(Charge {
                title: "Shipping".to_owned(),
                amount,
                taxes,
            }),
        }
    }
}
