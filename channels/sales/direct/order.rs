//! The parts of a canonical order: header, lines, charges, discounts, taxes.

use std::collections::BTreeSet;

use orderhub_domain::canonical::{
    Charge, Discount, DraftLine, FulfilledBy, FundedBy, OrderDraft, Submission, Tax, TaxMode,
};
use orderhub_domain::customs::{Customs, is_hs_code};
use orderhub_domain::ids::{LocationCode, Sku, Slug};
use orderhub_domain::money::Currency;
use orderhub_domain::places::is_country;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;

use super::kits;
use super::payment::{self, CaptureModes};
use super::people::{point, private};
use super::reader::{Part, Problems};
use crate::json::Json;

/// Most lines of one order.
const MOST_LINES: usize = 1_000;
/// Most charges, discounts or taxes in one list.
pub(super) const MOST_PARTS: usize = 100;
/// Longest id, name or code.
pub(super) const NAME: usize = 255;
/// Largest unit price, in major units.
const LARGEST_PRICE: i64 = 1_000_000_000_000;
/// Heaviest unit, in grams: a hundred tonnes.
const HEAVIEST: u32 = 100_000_000;

const MEMBERS: [&str; 18] = [
    "channel",
    "external_id",
    "number",
    "placed_at",
    "currency",
    "tax_mode",
    "test",
    "customer",
    "ship_to",
    "bill_to",
    "pickup_location",
    "lines",
    "shipping",
    "discounts",
    "fees",
    "payment",
    "stated_total",
    "attributes",
];
const LINE: [&str; 12] = [
    "external_id",
    "sku",
    "title",
    "quantity",
    "unit_price",
    "discounts",
    "taxes",
    "weight_g",
    "hs_code",
    "origin_country",
    "fulfilled_by",
    "components",
];

/// Reads the whole order. `None` and at least one problem, or an order whose own parts are right.
pub(super) fn read(
    value: &Json<'_>,
    modes: CaptureModes<'_>,
    problems: &mut Problems,
) -> Option<(Slug, Submission)> {
    problems.sweep(value, "");
    let order = Part::new(value, "", &MEMBERS, problems)?;
    let channel = channel(&order, problems);
    let external_id = order.text(
        "external_id",
        NAME,
        "the channel's id of the order",
        problems,
    );
    let number = order.text_if("number", NAME, problems);
    order.need("placed_at", "when the buyer placed it", problems);
    let placed_at = order.time_if("placed_at", problems);
    let currency = currency(&order, problems);
    order.need("tax_mode", "inclusive or exclusive", problems);
    let modes_of_tax = [
        ("inclusive", TaxMode::Inclusive),
        ("exclusive", TaxMode::Exclusive),
    ];
    let tax_mode = order.word_if("tax_mode", &modes_of_tax, problems);
    let test = order.flag_if("test", problems).unwrap_or(false);
    let private = private(&order, problems);
    let point = point(&order, problems);
    let pickup_location = order
        .text_if("pickup_location", NAME, problems)
        .map(LocationCode);
    let reading = Reading { currency, tax_mode };
    let lines = reading.lines(&order, problems);
    let shipping = reading.charges(&order, "shipping", problems);
    let discounts = reading.discounts(&order, problems);
    let fees = reading.charges(&order, "fees", problems);
    let stated_total = order.money("stated_total", currency, problems);
    let tenders = payment::read(&order, currency, stated_total, modes, problems);
    // What could not be read stands in with nothing, so that the sums are still checked; an order
    // with any problem is never handed on.
    let draft = OrderDraft {
        changed_at: None,
        awaits_release: false,
        external_id: external_id.unwrap_or_default(),
        number,
        placed_at: placed_at.unwrap_or_default(),
        currency: currency?,
        tax_mode: tax_mode?,
        test,
        cancelled_at: None,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        point,
        pickup_location,
        lines,
        shipping,
        fees,
        discounts,
        tenders,
        stated_total: stated_total?,
    };
    // A price or a quantity that could not be read has no sum to be wrong about.
    let amounts = ["/lines", "/shipping", "/fees", "/discounts"];
    if !amounts.iter().any(|part| problems.any_below(part)) {
        for violation in draft.violations() {
            if !problems.any_below(&violation.pointer) {
                problems.found.push(violation);
            }
        }
        let computed = draft.totals().grand;
        if computed != draft.stated_total {
            let hint = format!("{}, which is what the parts add up to", computed.amount());
            problems.add("/stated_total", "total_mismatch", &hint);
        }
    }
    Some((channel?, Submission { draft, private }))
}

fn channel(order: &Part<'_, '_>, problems: &mut Problems) -> Option<Slug> {
    let hint = "the slug of a configured direct channel";
    let channel = order.text("channel", NAME, hint, problems)?;
    if !Slug::is_valid(&channel) {
        problems.add("/channel", "bad_slug", hint);
        return None;
    }
    Some(Slug(channel))
}

fn currency(order: &Part<'_, '_>, problems: &mut Problems) -> Option<Currency> {
    let hint = "an ISO 4217 code in capitals, e.g. EUR";
    let code = order.text("currency", NAME, hint, problems)?;
    let currency = Currency::from_code(&code);
    if currency.is_none() {
        problems.add("/currency", "unknown_currency", hint);
    }
    currency
}

/// What the amounts of one order have in common.
struct Reading {
    currency: Option<Currency>,
    tax_mode: Option<TaxMode>,
}

impl Reading {
    fn lines(&self, order: &Part<'_, '_>, problems: &mut Problems) -> Vec<DraftLine> {
        order.need("lines", "at least one line", problems);
        let items = order.list("lines", MOST_LINES, problems);
        if items.is_empty() && !problems.any_below("/lines") {
            problems.add("/lines", "required", "at least one line");
        }
        let mut ids = BTreeSet::new();
        let mut lines = Vec::with_capacity(items.len());
        let mut kits = Vec::new();
        for (pointer, item) in items {
            let Some(part) = Part::new(item, &pointer, &LINE, problems) else {
                continue;
            };
            let id = part.text(
                "external_id",
                NAME,
                "the channel's id of the line",
                problems,
            );
            if id.as_ref().is_some_and(|id| !ids.insert(id.clone())) {
                let hint = "unique within the order";
                problems.add(&part.at("external_id"), "duplicate", hint);
            }
            let components = kits::read(&part, problems);
            let line = self.line(&part, !components.is_empty(), id, problems);
            kits.extend(line.as_ref().map(|_| components));
            lines.extend(line);
        }
        kits::expand(&mut lines, kits, &mut ids, problems);
        lines
    }

    fn line(
        &self,
        part: &Part<'_, '_>,
        kit: bool,
        external_id: Option<String>,
        problems: &mut Problems,
    ) -> Option<DraftLine> {
        let words = [
            ("us", FulfilledBy::Us),
            ("channel", FulfilledBy::Channel),
            ("nobody", FulfilledBy::Nobody),
        ];
        let fulfilled_by = part
            .word_if("fulfilled_by", &words, problems)
            .unwrap_or_default();
        if kit && fulfilled_by != FulfilledBy::Us {
            let hint = "only what us ships has components";
            problems.add(&part.at("components"), "not_allowed", hint);
        }
        let fulfilled_by = if kit {
            FulfilledBy::Components
        } else {
            fulfilled_by
        };
        let sku = if fulfilled_by == FulfilledBy::Us {
            part.text("sku", NAME, "what to pick", problems)
        } else {
            part.text_if("sku", NAME, problems)
                .filter(|sku| !sku.trim().is_empty())
        };
        let title = part.text("title", 1_000, "what the buyer saw", problems);
        let quantity = quantity(part, problems);
        let unit_price = unit_price(part, problems);
        let discounts = self.discounts(part, problems);
        let taxes = self.taxes(part, problems);
        let weight_g = part.count_if("weight_g", HEAVIEST, problems);
        Some(DraftLine {
            external_id: external_id?,
            sku: sku.map(Sku),
            title: title?,
            quantity: quantity?,
            unit_price: unit_price?,
            discounts,
            taxes,
            weight_g,
            fulfilled_by,
            customs: customs(part, problems),
            part_of: None,
        })
    }

    fn discounts(&self, part: &Part<'_, '_>, problems: &mut Problems) -> Vec<Discount> {
        let words = [("seller", FundedBy::Seller), ("channel", FundedBy::Channel)];
        let mut discounts = Vec::new();
        for (pointer, item) in part.list("discounts", MOST_PARTS, problems) {
            let known = ["code", "amount", "funded_by"];
            let Some(part) = Part::new(item, &pointer, &known, problems) else {
                continue;
            };
            let code = part.text_if("code", NAME, problems);
            let funded_by = part
                .word_if("funded_by", &words, problems)
                .unwrap_or_default();
            let amount = part.money("amount", self.currency, problems);
            discounts.extend(amount.map(|amount| Discount {
                code,
                amount,
                funded_by,
            }));
        }
        discounts
    }

    fn charges(&self, order: &Part<'_, '_>, name: &str, problems: &mut Problems) -> Vec<Charge> {
        let mut charges = Vec::new();
        for (pointer, item) in order.list(name, MOST_PARTS, problems) {
            let known = ["title", "amount", "taxes"];
            let Some(part) = Part::new(item, &pointer, &known, problems) else {
                continue;
            };
            let title = part.text("title", NAME, "what it is for", problems);
            let amount = part.money("amount", self.currency, problems);
            let taxes = self.taxes(&part, problems);
            if let (Some(title), Some(amount)) = (title, amount) {
                charges.push(Charge {
                    title,
                    amount,
                    taxes,
                });
            }
        }
        charges
    }

    fn taxes(&self, part: &Part<'_, '_>, problems: &mut Problems) -> Vec<Tax> {
        let mut taxes = Vec::new();
        for (pointer, item) in part.list("taxes", MOST_PARTS, problems) {
            let known = ["name", "rate", "amount", "included"];
            let Some(part) = Part::new(item, &pointer, &known, problems) else {
                continue;
            };
            let name = part.text("name", NAME, "the tax's name", problems);
            let rate = part.decimal_if("rate", problems);
            if rate.is_some_and(|rate| rate.is_sign_negative() && !rate.is_zero()) {
                problems.add(&part.at("rate"), "negative", "zero or more");
            }
            let amount = part.money("amount", self.currency, problems);
            let included = part.flag_if("included", problems);
            let included = included.unwrap_or(self.tax_mode == Some(TaxMode::Inclusive));
            if let (Some(name), Some(amount)) = (name, amount) {
                taxes.push(Tax {
                    name,
                    rate,
                    amount,
                    included,
                });
            }
        }
        taxes
    }
}

/// What a line says to customs.
fn customs(part: &Part<'_, '_>, problems: &mut Problems) -> Option<Customs> {
    let hs_code = part.text_if("hs_code", 14, problems);
    if hs_code.as_deref().is_some_and(|code| !is_hs_code(code)) {
        problems.add(
            &part.at("hs_code"),
            "invalid_value",
            "6 to 14 digits, e.g. 691200",
        );
    }
    let origin = part.text_if("origin_country", 2, problems);
    if origin
        .as_deref()
        .is_some_and(|country| !is_country(country))
    {
        let hint = "an ISO 3166 code of two capitals, e.g. DE";
        problems.add(&part.at("origin_country"), "unknown_country", hint);
    }
    let goods = Customs { hs_code, origin };
    (goods != Customs::default()).then_some(goods)
}

fn quantity(part: &Part<'_, '_>, problems: &mut Problems) -> Option<Quantity> {
    part.need("quantity", "how many, e.g. \"2\"", problems)?;
    let value = part.decimal_if("quantity", problems)?;
    let at = part.at("quantity");
    if value.is_zero() || value.is_sign_negative() {
        problems.add(&at, "not_positive", "more than zero");
        return None;
    }
    if value.normalize().scale() > 6 {
        problems.add(&at, "too_precise", "at most 6 decimals");
        return None;
    }
    let quantity = Quantity::new(value);
    if quantity.is_none() {
        problems.add(&at, "out_of_range", "at most 1000000000");
    }
    quantity
}

fn unit_price(part: &Part<'_, '_>, problems: &mut Problems) -> Option<Decimal> {
    part.need(
        "unit_price",
        "the price of one unit, e.g. \"19.99\"",
        problems,
    )?;
    let value = part.decimal_if("unit_price", problems)?;
    let at = part.at("unit_price");
    if value.is_sign_negative() && !value.is_zero() {
        problems.add(&at, "negative", "zero or more");
        return None;
    }
    if value.normalize().scale() > 6 {
        problems.add(&at, "too_precise", "at most 6 decimals");
        return None;
    }
    if value > Decimal::from(LARGEST_PRICE) {
        problems.add(&at, "out_of_range", "a smaller amount");
        return None;
    }
    Some(value)
}
