//! The canonical order: what every sales channel's adapter turns its own format into, and the
//! arithmetic it must satisfy.
//!
//! Personal data travels beside the draft, never inside it: the draft becomes an event that is
//! kept for ever and published, the private details are stored encrypted and can be erased.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::customs::Customs;
use crate::ids::{LocationCode, Sku, Slug};
use crate::money::{Currency, Money};
use crate::quantity::Quantity;
use crate::sourcing::Point;

/// What an adapter hands over: the order and the personal data that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The order, free of personal data.
    pub draft: OrderDraft,
    /// Who bought and where it goes.
    pub private: PrivateDetails,
}

/// An order as a channel stated it, before the hub decided anything about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDraft {
    /// The channel's own id, canonicalised by its adapter. Never empty.
    pub external_id: String,
    /// The number that people use ("#1001").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// When the buyer placed it.
    pub placed_at: Timestamp,
    /// The currency of every amount in the order.
    pub currency: Currency,
    /// Whether stated prices contain the taxes.
    pub tax_mode: TaxMode,
    /// The channel marked it as test data.
    #[serde(default, skip_serializing_if = "is_false")]
    pub test: bool,
    /// When the channel changed it last: what is older than what was heard before is not news.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// The channel has not released it yet: nothing may leave before it is paid there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub awaits_release: bool,
    /// It arrived already cancelled at this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// ISO 3166 two-letter country it goes to; `None` when the channel has not said (yet).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// About where it goes, to a tenth of a degree; no address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// The buyer collects it at this location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickup_location: Option<LocationCode>,
    /// What was bought; at least one line.
    pub lines: Vec<DraftLine>,
    /// Shipping charges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipping: Vec<Charge>,
    /// Fees beside shipping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fees: Vec<Charge>,
    /// Discounts on the whole order, as positive amounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discount>,
    /// How it is paid; at least one tender.
    pub tenders: Vec<DraftTender>,
    /// The total that the channel states.
    pub stated_total: Money,
}

/// Whether stated prices contain the taxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxMode {
    /// Prices contain the taxes.
    Inclusive,
    /// Taxes come on top.
    Exclusive,
}

/// One line as stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftLine {
    /// The channel's own id of the line, unique within the order.
    pub external_id: String,
    /// What to pick; `None` for what has no stock keeping unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// What the buyer saw.
    pub title: String,
    /// How many; above zero.
    pub quantity: Quantity,
    /// Price of one unit, at most six decimals, in the order's currency.
    #[serde(with = "rust_decimal::serde::str")]
    pub unit_price: Decimal,
    /// Discounts on this line, as positive amounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discount>,
    /// Taxes on this line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<Tax>,
    /// Weight of one unit in grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<u32>,
    /// What it says of its goods to customs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customs: Option<Customs>,
    /// Who ships it.
    #[serde(default)]
    pub fulfilled_by: FulfilledBy,
    /// The kit that it is a component of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<KitPart>,
}

/// What a component is to its kit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitPart {
    /// The number of the kit's line, from 1.
    pub line: u16,
    /// Units in one kit.
    pub each: u32,
}

impl DraftLine {
    /// Quantity times unit price less the line's discounts, at the currency's exponent.
    pub fn net(&self, currency: Currency) -> Money {
        let gross = Money::rounded(self.quantity.value() * self.unit_price, currency);
        gross.minus(Money::sum(
            currency,
            self.discounts.iter().map(|d| d.amount),
        ))
    }
}

/// Who ships a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FulfilledBy {
    /// The retailer: stock is reserved and a location fulfils it.
    #[default]
    Us,
    /// The channel or a third party: revenue counts, stock is never touched.
    Channel,
    /// Nobody: digital goods, services, gift cards.
    Nobody,
    /// The retailer, as its components: each is a line of its own.
    Components,
}

/// A charge beside the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// What it is for.
    pub title: String,
    /// How much.
    pub amount: Money,
    /// Taxes on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<Tax>,
}

/// A discount, as a positive amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// The code the buyer used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How much is taken off.
    pub amount: Money,
    /// Who pays for it.
    #[serde(default)]
    pub funded_by: FundedBy,
}

/// Who pays for a discount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FundedBy {
    /// The retailer.
    #[default]
    Seller,
    /// The marketplace.
    Channel,
}

/// A tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// Its name ("VAT").
    pub name: String,
    /// Its rate (0.19), when stated.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "rust_decimal::serde::str_option::serialize",
        deserialize_with = "rate"
    )]
    pub rate: Option<Decimal>,
    /// How much.
    pub amount: Money,
    /// Whether the stated price contains it.
    pub included: bool,
}

/// Reads a rate. Older logs write one that was not stated as null, which the library's own reader refuses
/// inside an event.
fn rate<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let read = text.map(|text| Decimal::from_str_exact(&text));
    read.transpose().map_err(serde::de::Error::custom)
}

/// One way of paying, as stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftTender {
    /// The share of the total that it pays.
    pub amount: Money,
    /// On which terms.
    pub terms: Terms,
}

/// Terms of payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Terms {
    /// The channel took the money.
    Prepaid {
        /// The channel's own reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// Already authorised elsewhere; `gateway` captures it, or the shop itself when there is none.
    Authorized {
        /// The gateway connection that can capture it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway: Option<Slug>,
        /// The gateway's reference of the authorisation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// When it lapses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
        /// How often the gateway's account lets us capture one authorisation.
        capture: CaptureMode,
    },
    /// The hub authorises it.
    ToAuthorize {
        /// The gateway connection.
        gateway: Slug,
        /// The gateway's token of the means of payment. No card data.
        token: String,
        /// How often the gateway's account lets us capture one authorisation.
        capture: CaptureMode,
    },
    /// Paid at the door.
    OnDelivery,
    /// Paid on invoice.
    Invoice,
}

/// How often one authorisation can be captured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMode {
    /// Once; what is not captured then is released (ordinary accounts).
    #[default]
    Once,
    /// Once per shipment.
    Many,
}

/// Personal data of an order. Stored encrypted beside the log, never in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateDetails {
    /// Who bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_to: Option<Address>,
    /// Where the channel stated last that it goes, once that was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_ship_to: Option<Address>,
    /// Who pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill_to: Option<Address>,
    /// What the channel sent beside it; kept as it came.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, serde_json::Value>,
}

/// Who bought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The channel's id of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address; may be a marketplace's relay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone number as stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// A postal address. Every part may be missing: channels deliver addresses late, or never.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Street lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Postcode, with its leading zeros.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
    /// State or province, as stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// ISO 3166 two-letter country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Telephone number as stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl Address {
    /// Whether a carrier can be asked to bring something there: it says a street or a city. What else it
    /// lacks stops no label. Marketplaces that keep their buyers to themselves state a country, or a
    /// postcode beside it, until they say more.
    pub fn names_a_place(&self) -> bool {
        let says = |text: &String| !text.trim().is_empty();
        self.lines.iter().any(says) || self.city.as_ref().is_some_and(says)
    }
}

/// What is wrong with a part of a message, for the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer (RFC 6901) to the part.
    pub pointer: String,
    /// Stable code, e.g. `total_mismatch`.
    pub code: &'static str,
    /// What would be right.
    pub hint: String,
}

impl Violation {
    /// A violation.
    pub fn new(pointer: impl Into<String>, code: &'static str, hint: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            hint: hint.into(),
        }
    }
}

/// The parts of an order's total, all positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Quantity times unit price, over all lines, before discounts.
    pub items: Money,
    /// All discounts, of lines and of the order.
    pub discounts: Money,
    /// Shipping charges.
    pub shipping: Money,
    /// Fees.
    pub fees: Money,
    /// All taxes, contained or on top.
    pub taxes: Money,
    /// What the buyer owes.
    pub grand: Money,
}

impl OrderDraft {
    /// The totals computed from the parts.
    pub fn totals(&self) -> Totals {
        let currency = self.currency;
        let sum = |amounts: &mut dyn Iterator<Item = Money>| Money::sum(currency, amounts);
        let items = sum(&mut self
            .lines
            .iter()
            .map(|line| Money::rounded(line.quantity.value() * line.unit_price, currency)));
        let discounts = sum(&mut self
            .lines
            .iter()
            .flat_map(|line| &line.discounts)
            .chain(&self.discounts)
            .map(|discount| discount.amount));
        let shipping = sum(&mut self.shipping.iter().map(|charge| charge.amount));
        let fees = sum(&mut self.fees.iter().map(|charge| charge.amount));
        let all_taxes: Vec<&Tax> = self
            .lines
            .iter()
            .flat_map(|line| &line.taxes)
            .chain(
                self.shipping
                    .iter()
                    .chain(&self.fees)
                    .flat_map(|charge| &charge.taxes),
            )
            .collect();
        let taxes = sum(&mut all_taxes.iter().map(|tax| tax.amount));
        let on_top = match self.tax_mode {
            TaxMode::Inclusive => Money::zero(currency),
            TaxMode::Exclusive => sum(&mut all_taxes
                .iter()
                .filter(|tax| !tax.included)
                .map(|tax| tax.amount)),
        };
        let grand = items
            .minus(discounts)
            .plus(shipping)
            .plus(fees)
            .plus(on_top);
        Totals {
            items,
            discounts,
            shipping,
            fees,
            taxes,
            grand,
        }
    }

    /// Everything in the draft that no order may have, whoever sent it. An empty answer means that
    /// it can be placed; a total that differs from the parts is *not* reported here, because
    /// vendors' orders are taken with a hold where the canonical API refuses (`total_mismatch`).
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.external_id.trim().is_empty() {
            found.push(Violation::new(
                "/external_id",
                "required",
                "the channel's id of the order",
            ));
        }
        if self.lines.is_empty() {
            found.push(Violation::new("/lines", "required", "at least one line"));
        }
        let mut seen = std::collections::BTreeSet::new();
        for (index, line) in self.lines.iter().enumerate() {
            line.violations(index, self.currency, &mut found);
            if !seen.insert(line.external_id.as_str()) {
                let pointer = format!("/lines/{index}/external_id");
                found.push(Violation::new(
                    pointer,
                    "duplicate",
                    "unique within the order",
                ));
            }
        }
        for (list, charges) in [("shipping", &self.shipping), ("fees", &self.fees)] {
            for (index, charge) in charges.iter().enumerate() {
                if charge.amount.is_negative() {
                    let pointer = format!("/{list}/{index}/amount");
                    found.push(Violation::new(pointer, "negative", "zero or more"));
                }
            }
        }
        for (index, discount) in self.discounts.iter().enumerate() {
            if discount.amount.is_negative() {
                let pointer = format!("/discounts/{index}/amount");
                found.push(Violation::new(
                    pointer,
                    "negative",
                    "a discount is a positive amount",
                ));
            }
        }
        if self.tenders.is_empty() {
            found.push(Violation::new(
                "/payment",
                "required",
                "how the order is paid",
            ));
        }
        if self.stated_total.is_negative() {
            found.push(Violation::new("/stated_total", "negative", "zero or more"));
        }
        found
    }
}

impl DraftLine {
    /// What no line of an order may have, with pointers under `/lines/{index}`.
    pub(crate) fn violations(&self, index: usize, currency: Currency, found: &mut Vec<Violation>) {
        let at = |part: &str| format!("/lines/{index}/{part}");
        if self.quantity.is_zero() {
            found.push(Violation::new(
                at("quantity"),
                "not_positive",
                "more than zero",
            ));
        }
        if self.unit_price.is_sign_negative() && !self.unit_price.is_zero() {
            found.push(Violation::new(at("unit_price"), "negative", "zero or more"));
        }
        if self.unit_price.normalize().scale() > 6 {
            found.push(Violation::new(
                at("unit_price"),
                "too_precise",
                "at most 6 decimals",
            ));
        }
        if self.net(currency).is_negative() {
            found.push(Violation::new(
                at("discounts"),
                "too_large",
                "at most the line's price",
            ));
        }
        if self.fulfilled_by == FulfilledBy::Us {
            match &self.sku {
                None => found.push(Violation::new(at("sku"), "required", "what to pick")),
                Some(sku) if sku.as_str().trim().is_empty() => {
                    found.push(Violation::new(at("sku"), "required", "what to pick"));
                }
                Some(_) => {}
            }
            if self.quantity.whole().is_none() {
                let hint = "stock is counted in whole units; sell the smaller unit";
                found.push(Violation::new(at("quantity"), "not_whole", hint));
            }
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}
