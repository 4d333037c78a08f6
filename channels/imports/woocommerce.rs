//! WooCommerce's export of orders, as its Customer/Order/Coupon Export writes it: a row a line item, or a
//! row an order whose `line_items` hold them all.
//!
//! Decided here: `order_id` names the order, as in webhooks; times are the shop's own and name no zone;
//! sums stand without their taxes, which come on top. What was refunded before anything was completed never
//! shipped, as at the connector. A sum that the shop rounded part by part may differ by that.

use orderhub_domain::canonical::{
    Charge, DraftLine, DraftTender, FulfilledBy, OrderDraft, Submission, Tax, TaxMode, Terms,
};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{History, PaidThen, PastEnd, ShippedThen, StatedEnd};
use orderhub_domain::quantity::Quantity;

use super::columns::{Rows, Table, decimal};
use super::sums::{bear_tax, check_total};
use super::{ImportFormat, Reading, people};
use crate::sales::taken::{close_rounding, digits, discount};
use crate::sales::woocommerce::amounts::unit_and_off;
use crate::sales::woocommerce::text::name;

/// The format.
pub(super) struct WooCommerce<'a>(pub(super) &'a Reading);

impl Table for WooCommerce<'_> {
    const FORMAT: ImportFormat = ImportFormat::WooCommerceCsv;
    const IDS: &'static [&'static str] = &["order_id", "item_id", "item_product_id", "customer_id"];
    const NEEDED: &'static [&'static str] =
        &["order_id", "status", "order_total", "order_currency"];

    fn reading(&self) -> &Reading {
        self.0
    }

    fn external_id(&self, order: &mut Rows<'_>) -> Option<String> {
        let text = order.needed("order_id", "the order's number at the shop")?;
        let id = digits(&text).filter(|id| id.bytes().any(|byte| byte != b'0'));
        if id.is_none() {
            order.wrong("order_id", "bad_id", "digits only, as in the shop");
        }
        id
    }

    fn order(&self, external_id: String, order: &mut Rows<'_>) -> Option<(Submission, History)> {
        let currency = order.currency("order_currency")?;
        order.needed("order_total", "what the buyer owed");
        let total = order.sum("order_total", currency);
        let refunded = order.sum("refunded_total", currency);
        let placed_column = if order.has("date") {
            "date"
        } else {
            "order_date"
        };
        order.needed(placed_column, "when the buyer placed it");
        let placed_at = order.time(placed_column, &self.0.zone);
        let completed_at = order.time("date_completed", &self.0.zone);
        let items = items(order);
        let end = stated_end(order, refunded)?;
        let shipped = end == PastEnd::Completed || completed_at.is_some();
        let lines: Vec<DraftLine> = items?
            .into_iter()
            .zip(1_u16..)
            .map(|(item, number)| item.line(number, currency))
            .collect();
        let history = History {
            end,
            ended_at: completed_at.filter(|_| end == PastEnd::Completed),
            paid: match end {
                PastEnd::Completed | PastEnd::Refunded => total.max(refunded),
                PastEnd::Cancelled => refunded,
            },
            refunded: match end {
                PastEnd::Refunded if refunded.is_zero() => total,
                _ => refunded,
            },
            unshipped: (1_u16..)
                .take(if shipped { 0 } else { lines.len() })
                .collect(),
            format: Self::FORMAT.word().to_owned(),
        };
        let number = order.first(&["order_number_formatted", "order_number"]);
        let private = people::woocommerce(order);
        let mut draft = OrderDraft {
            changed_at: None,
            awaits_release: false,
            external_id,
            number: number.map(|number| format!("#{}", number.trim_start_matches('#'))),
            placed_at: placed_at?,
            currency,
            tax_mode: TaxMode::Exclusive,
            test: false,
            cancelled_at: None,
            destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
            point: None,
            pickup_location: None,
            lines,
            shipping: Vec::new(),
            fees: Vec::new(),
            discounts: Vec::new(),
            tenders: vec![DraftTender {
                amount: total,
                terms: terms(order, end),
            }],
            stated_total: total,
        };
        charges(&mut draft, order);
        close_rounding(&mut draft);
        check_total(&draft, "order_total", order);
        Some((Submission { draft, private }, history))
    }

    fn column(&self, pointer: &str) -> &'static str {
        match pointer {
            "/placed_at" => "date",
            "/stated_total" => "order_total",
            "/lines" => "line_items",
            "/history/refunded" => "refunded_total",
            "/history/ended_at" => "date_completed",
            lines if lines.ends_with("/quantity") => "item_quantity",
            lines if lines.ends_with("/unit_price") => "item_subtotal",
            _ => "",
        }
    }
}

/// A line item in the shop's own sums, without taxes.
struct Item {
    sku: Option<String>,
    title: Option<String>,
    quantity: Quantity,
    before: rust_decimal::Decimal,
    paid: rust_decimal::Decimal,
    tax: rust_decimal::Decimal,
}

impl Item {
    /// An item from its texts by their names.
    fn read(text: &dyn Fn(&str) -> Option<String>) -> Result<Self, (&'static str, &'static str)> {
        let sum = |name: &'static str| match text(name) {
            None => Ok(None),
            Some(stated) => decimal(&stated)
                .map(Some)
                .ok_or((name, "a number like 1234.50")),
        };
        let many = sum("quantity")?.and_then(Quantity::new);
        let quantity = many.filter(|quantity| !quantity.is_zero());
        let paid = sum("total")?.ok_or(("total", "what all units of the line cost"))?;
        Ok(Self {
            sku: text("sku"),
            title: name(text("name").as_ref()),
            quantity: quantity.ok_or(("quantity", "how many, more than zero"))?,
            before: sum("subtotal")?.unwrap_or(paid),
            paid,
            tax: sum("total_tax")?.unwrap_or_default(),
        })
    }

    fn line(self, number: u16, currency: Currency) -> DraftLine {
        let quantity = self.quantity.value();
        let priced = unit_and_off(self.before, self.paid, quantity, currency);
        let (unit_price, off) = priced.unwrap_or((self.paid, Money::zero(currency)));
        let tax = Money::rounded(self.tax, currency);
        let tax = Some(tax).filter(|tax| !tax.is_zero()).map(|amount| Tax {
            name: "Tax".to_owned(),
            rate: None,
            amount,
            included: false,
        });
        DraftLine {
            external_id: number.to_string(),
            sku: self.sku.map(Sku),
            title: self.title.unwrap_or_else(|| "(no title)".to_owned()),
            quantity: self.quantity,
            unit_price,
            discounts: discount(off, None),
            taxes: tax.into_iter().collect(),
            weight_g: None,
            // Who shipped it did so before the hub heard of it.
            fulfilled_by: FulfilledBy::Channel,
            customs: None,
            part_of: None,
        }
    }
}

/// The order's items: one a row, or all of them in one column.
fn items(order: &mut Rows<'_>) -> Option<Vec<Item>> {
    if order.has("item_quantity") {
        return by_row(order);
    }
    let hint = "the lines of the order: export it with a row per item";
    let text = order.needed("line_items", hint)?;
    let mut items = Vec::new();
    for (place, stated) in listed(&text).into_iter().enumerate() {
        let of = |wanted: &str| {
            let member = stated.iter().find(|(name, _)| *name == wanted);
            member
                .map(|(_, value)| (*value).to_owned())
                .filter(|value| !value.is_empty())
        };
        match Item::read(&of) {
            Ok(item) => items.push(item),
            Err((member, hint)) => {
                let hint = format!("{member} of item {}: {hint}", place + 1);
                order.wrong("line_items", "unreadable", &hint);
            }
        }
    }
    Some(items)
}

fn by_row(order: &mut Rows<'_>) -> Option<Vec<Item>> {
    let mut items = Some(Vec::new());
    for place in 0..order.len() {
        let of = |member: &str| order.at(place, &format!("item_{member}"));
        match (Item::read(&of), &mut items) {
            (Ok(item), Some(items)) => items.push(item),
            (Ok(_), None) => {}
            (Err((member, hint)), _) => {
                let row = order.number(place);
                order.fault(row, &format!("item_{member}"), "unreadable", hint);
                items = None;
            }
        }
    }
    items
}

/// Items in one text: `id:1|name:Mug|sku:M|quantity:2|total:9.00;id:2|...`. A name may have any of these
/// signs in it: an item begins where a member that all items begin with does.
fn listed(text: &str) -> Vec<Vec<(&str, &str)>> {
    const BEGINS: [&str; 2] = ["id:", "name:"];
    let begins = BEGINS
        .into_iter()
        .find(|first| text.starts_with(first))
        .unwrap_or(BEGINS[0]);
    let mut items = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let next = rest
            .match_indices(';')
            .find(|(at, _)| rest[at + 1..].starts_with(begins));
        let (item, after) = next.map_or((rest, ""), |(at, _)| (&rest[..at], &rest[at + 1..]));
        let members = item.split('|').filter_map(|member| member.split_once(':'));
        items.push(
            members
                .map(|(name, value)| (name.trim(), value.trim()))
                .collect(),
        );
        rest = after;
    }
    items
}

/// Shipping, fees, and what taxes no line states.
fn charges(draft: &mut OrderDraft, order: &mut Rows<'_>) {
    let currency = draft.currency;
    let mut sum = |column| order.sum_rounded(column, currency);
    let [shipping, shipping_tax, fee, fee_tax, tax] = [
        "shipping_total",
        "shipping_tax_total",
        "fee_total",
        "fee_tax_total",
        "tax_total",
    ]
    .map(&mut sum);
    let title = order
        .text("shipping_method")
        .unwrap_or_else(|| "Shipping".to_owned());
    for (title, amount, tax, charges) in [
        (title, shipping, shipping_tax, &mut draft.shipping),
        ("Fee".to_owned(), fee, fee_tax, &mut draft.fees),
    ] {
        if amount.is_negative() {
            // That is how shops take something off the whole, its taxes with it.
            draft
                .discounts
                .extend(discount(amount.plus(tax).negated(), None));
        } else if !amount.is_zero() || !tax.is_zero() {
            let tax = Some(tax).filter(|tax| !tax.is_zero()).map(|amount| Tax {
                name: "Tax".to_owned(),
                rate: None,
                amount,
                included: false,
            });
            charges.push(Charge {
                title,
                amount,
                taxes: tax.into_iter().collect(),
            });
        }
    }
    if draft.lines.iter().all(|line| line.taxes.is_empty()) {
        let of_lines = tax.less(shipping_tax).less(fee_tax);
        let bears = vec![true; draft.lines.len()];
        bear_tax(draft, "Tax", of_lines, false, &bears);
    }
}

/// How it ended, by the shop's word for it.
fn stated_end(order: &mut Rows<'_>, refunded: Money) -> Option<PastEnd> {
    let hint =
        "completed, cancelled, refunded or failed; a status of a plugin's own is not known here";
    let status = order.needed("status", hint)?.to_ascii_lowercase();
    let paid = if refunded.is_zero() {
        PaidThen::Paid
    } else {
        PaidThen::PartlyRefunded
    };
    let (cancelled, paid, shipped) = match status.strip_prefix("wc-").unwrap_or(&status) {
        "completed" => (false, paid, ShippedThen::All),
        "cancelled" => (true, paid, ShippedThen::Nothing),
        "refunded" => (false, PaidThen::Refunded, ShippedThen::Nothing),
        "failed" => (false, PaidThen::Voided, ShippedThen::Nothing),
        "processing" => (false, paid, ShippedThen::Nothing),
        "pending" | "on-hold" | "checkout-draft" | "draft" | "auto-draft" => {
            (false, PaidThen::Open, ShippedThen::Nothing)
        }
        _ => {
            order.wrong("status", "unknown_word", hint);
            return None;
        }
    };
    let stated = StatedEnd {
        cancelled,
        paid,
        shipped,
    };
    match stated.end() {
        Ok(end) => Some(end),
        Err(open) => {
            order.violation("status", &open.violation(""));
            None
        }
    }
}

fn terms(order: &Rows<'_>, end: PastEnd) -> Terms {
    match (end, order.text("payment_method").as_deref()) {
        (PastEnd::Cancelled, _) => Terms::Invoice,
        (_, Some("cod")) => Terms::OnDelivery,
        _ => Terms::Prepaid { reference: None },
    }
}
