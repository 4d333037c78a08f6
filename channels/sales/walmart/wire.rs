//! Walmart's purchase order (Orders API, version 3), as far as the hub reads it. Amounts are JSON numbers,
//! quantities texts, times milliseconds since 1970; lists stand in objects that have nothing else.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

/// A page of the list.
#[derive(Deserialize)]
pub(super) struct Listed<'a> {
    #[serde(borrow)]
    pub(super) list: List<'a>,
}

#[derive(Deserialize)]
pub(super) struct List<'a> {
    #[serde(default)]
    pub(super) meta: Option<Meta>,
    #[serde(borrow, default)]
    pub(super) elements: Option<Elements<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Meta {
    /// The whole question for the next page, with its `?`.
    #[serde(default, rename = "nextCursor")]
    pub(super) next_cursor: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Elements<'a> {
    #[serde(borrow, default, deserialize_with = "spare::list")]
    pub(super) order: Vec<&'a RawValue>,
}

/// A purchase order: the part of a buyer's order that this seller has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) purchase_order_id: Exact,
    #[serde(default)]
    pub(super) customer_order_id: Spare<Exact>,
    #[serde(default)]
    pub(super) customer_email_id: Text,
    #[serde(default, rename = "orderType")]
    pub(super) form: Option<String>,
    #[serde(default, rename = "originalCustomerOrderID")]
    pub(super) replaces: Option<Exact>,
    #[serde(rename = "orderDate")]
    pub(super) placed_at: Exact,
    #[serde(default)]
    pub(super) shipping_info: Spare<ShippingInfo>,
    #[serde(default)]
    pub(super) ship_node: Option<ShipNode>,
    /// Stated in some of Walmart's markets only.
    #[serde(default, rename = "orderTotal")]
    pub(super) total: Option<Amount>,
    #[serde(rename = "orderLines")]
    pub(super) lines: Lines,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShippingInfo {
    #[serde(default)]
    pub(super) phone: Text,
    #[serde(default)]
    pub(super) method_code: Text,
    #[serde(default)]
    pub(super) postal_address: Spare<Address>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Address {
    #[serde(default)]
    pub(super) name: Text,
    #[serde(default)]
    pub(super) address1: Text,
    #[serde(default)]
    pub(super) address2: Text,
    #[serde(default)]
    pub(super) city: Text,
    #[serde(default)]
    pub(super) state: Text,
    #[serde(default)]
    pub(super) postal_code: Text,
    /// ISO 3166-1, of three letters.
    #[serde(default)]
    pub(super) country: Text,
}

/// Who ships it.
#[derive(Deserialize)]
pub(super) struct ShipNode {
    #[serde(default, rename = "type")]
    pub(super) form: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Lines {
    #[serde(rename = "orderLine")]
    pub(super) all: Vec<Line>,
}

/// A line. Its charges are those of all its units.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    #[serde(rename = "lineNumber")]
    pub(super) number: Exact,
    pub(super) item: Item,
    #[serde(default)]
    pub(super) charges: Option<Charges>,
    pub(super) order_line_quantity: Quantity,
    #[serde(default)]
    pub(super) status_date: Option<Exact>,
    /// The buyer wants no more of it, and nobody has decided yet.
    #[serde(default)]
    intent_to_cancel: Option<serde_json::Value>,
    /// What was given back of it: one object, or a list of them.
    #[serde(default)]
    refund: Option<Box<RawValue>>,
    pub(super) order_line_statuses: Statuses,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    #[serde(default)]
    pub(super) product_name: Text,
    #[serde(default)]
    pub(super) sku: Text,
}

#[derive(Deserialize)]
pub(super) struct Charges {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) charge: Vec<Charge>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Charge {
    #[serde(rename = "chargeType")]
    pub(super) form: String,
    #[serde(default, rename = "chargeName")]
    pub(super) name: Text,
    #[serde(default, deserialize_with = "spare::flag")]
    pub(super) is_discount: Option<bool>,
    #[serde(rename = "chargeAmount")]
    pub(super) amount: Amount,
    #[serde(default)]
    pub(super) tax: Option<Tax>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tax {
    #[serde(default)]
    pub(super) tax_name: Text,
    #[serde(default)]
    pub(super) tax_amount: Option<Amount>,
}

/// What was given back of a line.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refund {
    #[serde(default)]
    pub(super) refund_comments: Option<String>,
    #[serde(default)]
    refund_charges: Option<RefundCharges>,
}

#[derive(Deserialize)]
struct RefundCharges {
    #[serde(default, rename = "refundCharge")]
    all: Vec<RefundCharge>,
}

/// One movement. Its amounts are below zero.
#[derive(Deserialize)]
struct RefundCharge {
    charge: Charge,
}

#[derive(Deserialize)]
pub(super) struct Amount {
    pub(super) currency: String,
    pub(super) amount: Exact,
}

#[derive(Deserialize)]
pub(super) struct Quantity {
    pub(super) amount: Exact,
}

#[derive(Deserialize)]
pub(super) struct Statuses {
    #[serde(rename = "orderLineStatus")]
    pub(super) statuses: Vec<Status>,
}

/// So many of a line's units are in this state.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    #[serde(rename = "status")]
    pub(super) word: String,
    #[serde(rename = "statusQuantity")]
    pub(super) units: Quantity,
    #[serde(default)]
    pub(super) tracking_info: Option<TrackingInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrackingInfo {
    #[serde(default)]
    pub(super) tracking_number: Text,
}

/// One order, as it is answered with.
#[derive(Deserialize)]
pub(super) struct One {
    pub(super) order: Order,
}

/// A line's units by what has become of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Not acknowledged.
    pub(super) created: Decimal,
    /// Acknowledged, not shipped.
    pub(super) acknowledged: Decimal,
    /// Shipped, whatever became of them afterwards.
    pub(super) shipped: Decimal,
    pub(super) cancelled: Decimal,
}

impl Tally {
    /// Still to be shipped.
    pub(super) fn open(&self) -> Decimal {
        self.created + self.acknowledged
    }

    /// Shipped, or still to be.
    pub(super) fn wanted(&self) -> Decimal {
        self.open() + self.shipped
    }
}

impl Refund {
    /// Its movements.
    pub(super) fn charges(&self) -> impl Iterator<Item = &Charge> {
        let all = self.refund_charges.iter().flat_map(|charges| &charges.all);
        all.map(|one| &one.charge)
    }
}

impl Line {
    /// What was given back of it; `None` when that cannot be read.
    pub(super) fn refunds(&self) -> Option<Vec<Refund>> {
        let Some(stated) = self.refund.as_deref().map(RawValue::get) else {
            return Some(Vec::new());
        };
        if stated.starts_with('[') {
            return serde_json::from_str(stated).ok();
        }
        let one: Option<Refund> = serde_json::from_str(stated).ok()?;
        Some(one.into_iter().collect())
    }

    /// Whether the buyer has asked for its cancellation. Walmart states that in more than one form.
    pub(super) fn wants_out(&self) -> bool {
        use serde_json::Value::{Bool, Null};
        let stated = self.intent_to_cancel.as_ref();
        stated.is_some_and(|stated| !matches!(stated, Null | Bool(false)) && stated != "false")
    }

    /// What has become of its units; a state that nobody knows is the error.
    pub(super) fn tally(&self) -> Result<Tally, &str> {
        let mut tally = Tally::default();
        for one in &self.order_line_statuses.statuses {
            let units = one.units.amount.decimal().unwrap_or_default();
            *match one.word.as_str() {
                "Created" => &mut tally.created,
                "Acknowledged" => &mut tally.acknowledged,
                "Shipped" | "Delivered" | "Refund" => &mut tally.shipped,
                "Cancelled" => &mut tally.cancelled,
                other => return Err(other),
            } += units;
        }
        Ok(tally)
    }
}
