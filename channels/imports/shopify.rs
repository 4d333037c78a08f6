//! Shopify's export of orders. A row is a line item; the members of the order stand in its first row only.
//!
//! Decided here: `Id` names the order, as in webhooks, so that the same sale is one order whichever way it
//! comes. The file has no ids of lines: they are counted. What the order was discounted by is what the
//! lines cost less `Subtotal`. Whether prices contain the taxes is not said; the total tells. What it has
//! beyond its stated parts (a tip, a fee) is a fee.

use orderhub_domain::canonical::{
    Charge, DraftLine, DraftTender, FulfilledBy, OrderDraft, Submission, TaxMode, Terms,
};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{History, PaidThen, PastEnd, ShippedThen, StatedEnd};
use orderhub_domain::quantity::Quantity;

use super::columns::{Rows, Table, decimal};
use super::sums::{bear_tax, check_total};
use super::{ImportFormat, Reading, people};
use crate::sales::taken::{digits, discount};
use crate::wire::code;

/// The format.
pub(super) struct Shopify<'a>(pub(super) &'a Reading);

/// Taxes that the export names.
const TAXES: [(&str, &str); 5] = [
    ("Tax 1 Name", "Tax 1 Value"),
    ("Tax 2 Name", "Tax 2 Value"),
    ("Tax 3 Name", "Tax 3 Value"),
    ("Tax 4 Name", "Tax 4 Value"),
    ("Tax 5 Name", "Tax 5 Value"),
];

impl Table for Shopify<'_> {
    const FORMAT: ImportFormat = ImportFormat::ShopifyCsv;
    const IDS: &'static [&'static str] = &["Id", "Payment ID", "Payment Reference", "Device ID"];
    const NEEDED: &'static [&'static str] = &[
        "Name",
        "Id",
        "Financial Status",
        "Fulfillment Status",
        "Currency",
        "Subtotal",
        "Shipping",
        "Taxes",
        "Total",
        "Created at",
        "Lineitem quantity",
        "Lineitem name",
        "Lineitem price",
    ];

    fn reading(&self) -> &Reading {
        self.0
    }

    fn external_id(&self, order: &mut Rows<'_>) -> Option<String> {
        let hint = "the order's number at Shopify, in the first row of the order; rows of one order stand \
                    together";
        let text = order.needed("Id", hint)?;
        let id = digits(&text);
        if id.is_none() {
            let hint = "digits only; a spreadsheet may have rounded it: export the file again";
            order.wrong("Id", "bad_id", hint);
        }
        id
    }

    fn order(&self, external_id: String, order: &mut Rows<'_>) -> Option<(Submission, History)> {
        let currency = order.currency("Currency")?;
        let sums = Sums::read(order, currency);
        let lines = lines(order, currency);
        let placed_at = order.time("Created at", &self.0.zone);
        let cancelled_at = order.time("Cancelled at", &self.0.zone);
        let fulfilled_at = order.time("Fulfilled at", &self.0.zone);
        order.needed("Created at", "when the buyer placed it");
        let stated = stated_end(order, cancelled_at.is_some());
        let lines = lines?;
        let end = stated.and_then(|stated| match stated.end() {
            Ok(end) => Some(end),
            Err(open) => {
                let column = if open.lacks == "paid" {
                    "Financial Status"
                } else {
                    "Fulfillment Status"
                };
                order.violation(column, &open.violation(""));
                None
            }
        })?;
        let missing = |line: &Sold| !line.shipped && (line.ships || end == PastEnd::Cancelled);
        let unshipped = lines.iter().zip(1_u16..).filter(|(line, _)| missing(line));
        let history = History {
            end,
            ended_at: match end {
                PastEnd::Completed => fulfilled_at,
                PastEnd::Cancelled => cancelled_at,
                PastEnd::Refunded => None,
            },
            paid: sums.paid(stated?.paid),
            refunded: sums.refunded(stated?.paid),
            unshipped: unshipped.map(|(_, number)| number).collect(),
            format: Self::FORMAT.word().to_owned(),
        };
        let private = people::shopify(order);
        let draft = OrderDraft {
            changed_at: None,
            awaits_release: false,
            external_id,
            number: order.text("Name"),
            placed_at: placed_at?,
            currency,
            tax_mode: sums.tax_mode,
            test: false,
            cancelled_at,
            destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
            point: None,
            pickup_location: None,
            lines: Vec::new(),
            shipping: Vec::new(),
            fees: Vec::new(),
            discounts: Vec::new(),
            tenders: vec![DraftTender {
                amount: sums.total,
                terms: terms(order, stated?.paid),
            }],
            stated_total: sums.total,
        };
        let draft = put_together(draft, lines, &sums, order);
        check_total(&draft, "Total", order);
        Some((Submission { draft, private }, history))
    }

    fn column(&self, pointer: &str) -> &'static str {
        match pointer {
            "/placed_at" => "Created at",
            "/stated_total" => "Total",
            "/history/refunded" => "Refunded Amount",
            "/history/ended_at" => "Fulfilled at",
            lines if lines.ends_with("/quantity") => "Lineitem quantity",
            lines if lines.ends_with("/unit_price") => "Lineitem price",
            lines if lines.starts_with("/lines") && lines.ends_with("/discounts") => {
                "Lineitem discount"
            }
            shipping if shipping.starts_with("/shipping") => "Shipping",
            _ => "",
        }
    }
}

/// The sums of the order.
struct Sums {
    subtotal: Money,
    shipping: Money,
    taxes: Money,
    duties: Money,
    total: Money,
    open: Money,
    back: Money,
    tax_mode: TaxMode,
}

impl Sums {
    fn read(order: &mut Rows<'_>, currency: Currency) -> Self {
        order.needed("Total", "what the buyer owed");
        let [subtotal, shipping, taxes, duties, total, open, back] = [
            "Subtotal",
            "Shipping",
            "Taxes",
            "Duties",
            "Total",
            "Outstanding Balance",
            "Refunded Amount",
        ]
        .map(|column| order.sum(column, currency));
        let before_taxes = subtotal.plus(shipping).plus(duties);
        let tax_mode = if total >= before_taxes.plus(taxes) {
            TaxMode::Exclusive
        } else {
            TaxMode::Inclusive
        };
        Self {
            subtotal,
            shipping,
            taxes,
            duties,
            total,
            open,
            back,
            tax_mode,
        }
    }

    /// What the buyer had paid.
    fn paid(&self, paid: PaidThen) -> Money {
        match paid {
            PaidThen::Paid | PaidThen::PartlyRefunded | PaidThen::Refunded => {
                self.total.max(self.back)
            }
            PaidThen::Open => self.total.less(self.open).min(self.total),
            PaidThen::Voided => Money::zero(self.total.currency()),
        }
    }

    /// What went back. The export leaves it out of an order that was refunded as a whole, at times.
    fn refunded(&self, paid: PaidThen) -> Money {
        match paid {
            PaidThen::Refunded if self.back.is_zero() => self.total,
            _ => self.back.min(self.paid(paid)),
        }
    }
}

/// A line, and what became of it.
struct Sold {
    stated: DraftLine,
    shipped: bool,
    /// It needs shipping: what needs none has nothing to wait for.
    ships: bool,
    taxable: bool,
}

fn lines(order: &mut Rows<'_>, currency: Currency) -> Option<Vec<Sold>> {
    let fulfilled = order.text("Fulfillment Status").as_deref() == Some("fulfilled");
    let told_by_line = order.has("Lineitem fulfillment status");
    let mut lines = Some(Vec::with_capacity(order.len()));
    for place in 0..order.len() {
        let row = order.number(place);
        let quantity = order.decimal(place, "Lineitem quantity");
        let price = order.decimal(place, "Lineitem price");
        let off = order.decimal(place, "Lineitem discount");
        let quantity = quantity
            .and_then(Quantity::new)
            .filter(|many| !many.is_zero());
        for (column, hint, missing) in [
            (
                "Lineitem quantity",
                "how many, more than zero",
                quantity.is_none(),
            ),
            ("Lineitem price", "the price of one unit", price.is_none()),
        ] {
            // What is no number is noted already.
            let stated = order.at(place, column);
            match stated.map(|text| decimal(&text).is_some()) {
                None if missing => order.fault(row, column, "required", hint),
                Some(true) if missing => order.fault(row, column, "not_positive", hint),
                _ => {}
            }
        }
        let (Some(quantity), Some(unit_price)) = (quantity, price) else {
            lines = None;
            continue;
        };
        let off = Money::rounded(off.unwrap_or_default(), currency);
        let ships = order.at(place, "Lineitem requires shipping").as_deref() != Some("false");
        let status = order.at(place, "Lineitem fulfillment status");
        let line = DraftLine {
            external_id: (place + 1).to_string(),
            sku: order.at(place, "Lineitem sku").map(Sku),
            title: order
                .at(place, "Lineitem name")
                .unwrap_or_else(|| "(no title)".to_owned()),
            quantity,
            unit_price,
            discounts: discount(off, None),
            taxes: Vec::new(),
            weight_g: None,
            // It left before the hub heard of it.
            fulfilled_by: if ships {
                FulfilledBy::Channel
            } else {
                FulfilledBy::Nobody
            },
            customs: None,
            part_of: None,
        };
        let shipped = status.as_deref() == Some("fulfilled") || !told_by_line && fulfilled;
        if let Some(lines) = &mut lines {
            lines.push(Sold {
                stated: line,
                shipped,
                ships,
                taxable: order.at(place, "Lineitem taxable").as_deref() != Some("false"),
            });
        }
    }
    lines
}

/// Puts lines, charges and discounts into the order.
fn put_together(
    mut draft: OrderDraft,
    lines: Vec<Sold>,
    sums: &Sums,
    order: &Rows<'_>,
) -> OrderDraft {
    let currency = draft.currency;
    let taxable: Vec<bool> = lines.iter().map(|line| line.taxable).collect();
    draft.lines = lines.into_iter().map(|line| line.stated).collect();
    let cost = Money::sum(currency, draft.lines.iter().map(|line| line.net(currency)));
    let off = cost.less(sums.subtotal);
    draft.discounts = discount(off, order.text("Discount Code"));
    let charge = |title: String, amount: Money| {
        let charge = Charge {
            title,
            amount,
            taxes: Vec::new(),
        };
        Some(charge).filter(|_| !amount.is_zero())
    };
    let method = order.text("Shipping Method");
    draft.shipping.extend(charge(
        method.unwrap_or_else(|| "Shipping".to_owned()),
        sums.shipping,
    ));
    draft.fees.extend(charge("Duties".to_owned(), sums.duties));
    let included = sums.tax_mode == TaxMode::Inclusive;
    let mut left = sums.taxes;
    for (name, value) in TAXES {
        let value = order.text(value).and_then(|text| decimal(&text));
        let tax = value.map(|value| Money::rounded(value, currency).min(left));
        if let Some(tax) = tax.filter(|tax| tax.is_positive()) {
            let name = order.text(name).unwrap_or_else(|| "Tax".to_owned());
            bear_tax(&mut draft, &name, tax, included, &taxable);
            left = left.less(tax);
        }
    }
    bear_tax(&mut draft, "Tax", left, included, &taxable);
    let beyond = sums.total.minus(draft.totals().grand);
    if beyond.is_positive() {
        draft
            .fees
            .extend(charge("Other charges".to_owned(), beyond));
    }
    draft
}

/// What the file says about money and goods.
fn stated_end(order: &mut Rows<'_>, cancelled: bool) -> Option<StatedEnd> {
    let hint = "paid, partially_refunded, refunded, voided, pending, authorized or partially_paid";
    let paid = match order.needed("Financial Status", hint)?.as_str() {
        "paid" => PaidThen::Paid,
        "partially_refunded" => PaidThen::PartlyRefunded,
        "refunded" => PaidThen::Refunded,
        "voided" | "expired" => PaidThen::Voided,
        "pending" | "authorized" | "partially_paid" | "unpaid" => PaidThen::Open,
        _ => {
            order.wrong("Financial Status", "unknown_word", hint);
            return None;
        }
    };
    let nothing_ships = (0..order.len())
        .all(|place| order.at(place, "Lineitem requires shipping").as_deref() == Some("false"));
    let shipped = match order.text("Fulfillment Status").as_deref() {
        Some("fulfilled") => ShippedThen::All,
        Some("partial") => ShippedThen::Some,
        _ if nothing_ships => ShippedThen::All,
        None
        | Some("unfulfilled" | "unshipped" | "restocked" | "pending" | "scheduled" | "on_hold") => {
            ShippedThen::Nothing
        }
        Some(_) => {
            let hint = "fulfilled, partial, unfulfilled or restocked";
            order.wrong("Fulfillment Status", "unknown_word", hint);
            return None;
        }
    };
    Some(StatedEnd {
        cancelled,
        paid,
        shipped,
    })
}

/// How it was paid. The reference is the shop's name for the payment, where it is no more than a name.
fn terms(order: &Rows<'_>, paid: PaidThen) -> Terms {
    match paid {
        PaidThen::Open | PaidThen::Voided => Terms::Invoice,
        PaidThen::Paid | PaidThen::PartlyRefunded | PaidThen::Refunded => {
            let reference = order.first(&["Payment ID", "Payment Reference"]);
            Terms::Prepaid {
                reference: reference.and_then(|text| code(&text)),
            }
        }
    }
}
