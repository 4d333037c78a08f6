//! Adobe Commerce's order (REST API, V1), as far as the hub reads it. The same member is a number in one
//! message and a text in the next, so amounts, ids and quantities are read as either.

use serde::Deserialize;

use crate::spare::{Spare, Text};
use crate::wire::Exact;

/// An order. Amounts that begin with `base_` are in the shop's own currency and not read.
#[derive(Deserialize, Default)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "this is the member's own name")]
pub(super) struct Order {
    pub(super) entity_id: Option<Exact>,
    pub(super) increment_id: Spare<Exact>,
    pub(super) state: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
    pub(super) order_currency_code: Option<String>,
    pub(super) base_currency_code: Option<String>,
    pub(super) grand_total: Option<Exact>,
    pub(super) shipping_amount: Option<Exact>,
    pub(super) shipping_tax_amount: Option<Exact>,
    /// What is taken off shipping, above zero.
    pub(super) shipping_discount_amount: Option<Exact>,
    pub(super) shipping_discount_tax_compensation_amount: Option<Exact>,
    pub(super) shipping_description: Text,
    pub(super) total_paid: Option<Exact>,
    pub(super) total_refunded: Option<Exact>,
    pub(super) coupon_code: Text,
    pub(super) customer_id: Spare<Exact>,
    pub(super) customer_email: Text,
    pub(super) customer_firstname: Text,
    pub(super) customer_lastname: Text,
    pub(super) customer_note: Text,
    pub(super) billing_address: Spare<Address>,
    pub(super) payment: Option<Payment>,
    pub(super) items: Vec<Item>,
    pub(super) extension_attributes: Option<Extension>,
    /// What the order states only by a sum, each by itself: asked for where something went back.
    pub(super) creditmemos: Vec<CreditMemo>,
    /// Asked for with them.
    pub(super) shipments: Vec<Sent>,
}

/// Money that went back, and the units that it went back for.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct CreditMemo {
    pub(super) entity_id: Option<Exact>,
    /// 1 open, 2 refunded, 3 cancelled.
    pub(super) state: Option<Exact>,
    pub(super) grand_total: Option<Exact>,
    pub(super) created_at: Option<String>,
    pub(super) items: Option<Vec<Units>>,
}

/// Units that have left.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Sent {
    pub(super) created_at: Option<String>,
    pub(super) items: Option<Vec<Units>>,
}

/// Units of a line.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Units {
    pub(super) order_item_id: Option<Exact>,
    pub(super) qty: Option<Exact>,
}

impl CreditMemo {
    /// What is asked for of each.
    pub(super) const FIELDS: &str =
        "items[entity_id,state,grand_total,created_at,items[order_item_id,qty]]";

    /// Whether the money really went back.
    pub(super) fn is_refunded(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.0 == "2")
    }
}

impl Sent {
    /// What is asked for of each.
    pub(super) const FIELDS: &str = "items[created_at,items[order_item_id,qty]]";
}

/// The members of an order that are asked for. Without a choice each part has its whole parent in it.
pub(super) const FIELDS: &str = "items[entity_id,increment_id,state,created_at,updated_at,\
    order_currency_code,base_currency_code,grand_total,shipping_amount,shipping_tax_amount,shipping_discount_amount,\
    shipping_discount_tax_compensation_amount,shipping_description,total_paid,total_refunded,\
    coupon_code,customer_id,customer_email,customer_firstname,customer_lastname,customer_note,\
    billing_address,payment[method,last_trans_id,amount_authorized],\
    items[item_id,parent_item_id,product_type,product_id,sku,name,qty_ordered,qty_shipped,\
    qty_canceled,qty_refunded,price,row_total,tax_amount,tax_percent,discount_amount,\
    discount_tax_compensation_amount,is_virtual],\
    extension_attributes[shipping_assignments[shipping[address]],gift_cards_amount,\
    customer_balance_amount,reward_currency_amount]]";

/// What modules add to an order; those of money that the shop has already are of the paid edition.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Extension {
    pub(super) shipping_assignments: Spare<Vec<Assignment>>,
    pub(super) gift_cards_amount: Option<Exact>,
    pub(super) customer_balance_amount: Option<Exact>,
    pub(super) reward_currency_amount: Option<Exact>,
}

#[derive(Deserialize)]
pub(super) struct Assignment {
    #[serde(default)]
    pub(super) shipping: Spare<Shipping>,
}

#[derive(Deserialize)]
pub(super) struct Shipping {
    #[serde(default)]
    pub(super) address: Spare<Address>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Address {
    pub(super) firstname: Text,
    pub(super) lastname: Text,
    pub(super) company: Text,
    pub(super) street: Spare<Vec<Text>>,
    pub(super) city: Text,
    /// A number where somebody typed digits only; its leading zeros are lost then.
    pub(super) postcode: Text,
    pub(super) region: Text,
    pub(super) region_code: Text,
    pub(super) country_id: Text,
    pub(super) telephone: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Payment {
    pub(super) method: Option<String>,
    pub(super) last_trans_id: Text,
    pub(super) amount_authorized: Option<Exact>,
}

/// A line. Its amounts are without taxes, its discount is above zero.
#[derive(Deserialize, Default)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "this is the member's own name")]
pub(super) struct Item {
    pub(super) item_id: Option<Exact>,
    /// Of a part: the line that it is a part of.
    pub(super) parent_item_id: Option<Exact>,
    pub(super) product_type: Option<String>,
    pub(super) product_id: Spare<Exact>,
    pub(super) sku: Text,
    pub(super) name: Text,
    pub(super) qty_ordered: Option<Exact>,
    pub(super) qty_shipped: Option<Exact>,
    pub(super) qty_canceled: Option<Exact>,
    pub(super) qty_refunded: Option<Exact>,
    pub(super) price: Option<Exact>,
    pub(super) row_total: Option<Exact>,
    pub(super) tax_amount: Option<Exact>,
    pub(super) tax_percent: Spare<Exact>,
    pub(super) discount_amount: Option<Exact>,
    /// The tax that is in the discount, where discounts are taken off prices with taxes.
    pub(super) discount_tax_compensation_amount: Option<Exact>,
    /// `0`, `1`, `true` or `false`.
    pub(super) is_virtual: Option<Flag>,
}

/// A yes or no, however the shop writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let text = value.as_str();
        Ok(Self(
            value == true || value == 1 || matches!(text, Some("1" | "true")),
        ))
    }
}

impl Item {
    /// What of its own a line states, in units; nothing for what is no number.
    pub(super) fn count(text: Option<&Exact>) -> rust_decimal::Decimal {
        text.and_then(Exact::decimal).unwrap_or_default()
    }

    /// Whether a part of it has left, or will not, and a part is still to be sent.
    pub(super) fn is_under_way(&self) -> bool {
        let ordered = Self::count(self.qty_ordered.as_ref());
        let moved = Self::count(self.qty_shipped.as_ref()) + self.given_up();
        !self.is_loaded() && moved > rust_decimal::Decimal::ZERO && moved < ordered
    }

    /// Whether nobody has to send it.
    pub(super) fn is_loaded(&self) -> bool {
        let form = self.product_type.as_deref();
        let loaded = matches!(form, Some("virtual" | "downloadable"));
        loaded || self.is_virtual.is_some_and(|flag| flag.0)
    }

    /// Units that will not be shipped any more.
    pub(super) fn given_up(&self) -> rust_decimal::Decimal {
        Self::count(self.qty_canceled.as_ref()) + Self::count(self.qty_refunded.as_ref())
    }
}
