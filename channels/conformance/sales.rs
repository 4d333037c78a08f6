//! What a sales channel's connector must make of orders.

use jiff::SignedDuration;
use orderhub_domain::money::Money;
use orderhub_domain::order::Stage;
use rust_decimal::Decimal;

use super::{Failed, Finding, Kit, Tried, desk, fails, finding, money, not_tried, same};
use crate::port::{Inbound, InboundOrder};
use crate::specimen::{Sale, SaleLine, SaleState, Thing};

/// The first id that a 64-bit float cannot tell from its neighbour: 2^53 + 1.
const BEYOND_FLOATS: u64 = 9_007_199_254_740_993;

pub(super) fn tried(kit: &Kit<'_>) -> Vec<Finding> {
    vec![
        finding("an order", an_order(kit)),
        finding("duplicate", duplicate(kit)),
        finding("reordered and late", reordered(kit)),
        finding("bad money", bad_money(kit)),
        finding("unknown SKU", unknown_sku(kit)),
        finding("unknown enum", unknown_word(kit)),
        finding("500 lines", many_lines(kit)),
        finding("emoji", emoji(kit)),
        finding("ids above 2^53", large_ids(kit)),
    ]
}

/// Two things for 44.98 EUR, paid an hour ago.
pub(super) fn plain(kit: &Kit<'_>) -> Result<Sale, Failed> {
    let ago = |minutes: i64| {
        let before = kit.now.saturating_sub(SignedDuration::from_mins(minutes));
        before.unwrap_or(kit.now).round(jiff::Unit::Second)
    };
    let line = |id, sku: &str, quantity, cents| {
        Ok(SaleLine {
            id,
            sku: Some(sku.to_owned()),
            title: format!("Thing {sku}"),
            quantity,
            unit_price: euros(cents)?,
        })
    };
    with_lines(Sale {
        id: 4711,
        placed_at: ago(60).unwrap_or(kit.now),
        changed_at: ago(59).unwrap_or(kit.now),
        buyer: "Ada Example".to_owned(),
        lines: vec![line(11, "KIT-A", 2, 1999)?, line(12, "KIT-B", 1, 500)?],
        total: euros(0)?,
        state: SaleState::Paid,
    })
}

fn euros(cents: i64) -> Result<Money, Failed> {
    money("EUR", cents)
}

/// With the total of its lines.
fn with_lines(mut sale: Sale) -> Result<Sale, Failed> {
    let zero = euros(0)?;
    let sums = sale.lines.iter().map(|line| {
        let sum = line.unit_price.amount() * Decimal::from(line.quantity);
        Money::rounded(sum, zero.currency())
    });
    sale.total = Money::sum(zero.currency(), sums);
    Ok(sale)
}

fn read(kit: &Kit<'_>, sale: &Sale) -> Result<Inbound, Failed> {
    kit.read_one(&kit.stated(Thing::Sale(sale))?)
}

fn read_order(kit: &Kit<'_>, sale: &Sale) -> Result<Box<InboundOrder>, Failed> {
    match read(kit, sale)? {
        Inbound::Order(order) => Ok(order),
        other => fails(format_args!("it is read as {other:?}")),
    }
}

/// It is read whole, and adds up; where webhooks only name it, they name this one.
fn an_order(kit: &Kit<'_>) -> Tried {
    let sale = plain(kit)?;
    let order = read_order(kit, &sale)?;
    holds(kit, &sale, &order)?;
    if let Some(word) = kit.specimen.word(Thing::Sale(&sale), &kit.scene()) {
        let named = kit.read_one(&word)?;
        let Inbound::Changed(named) = named else {
            return fails(format_args!("what names an order is read as {named:?}"));
        };
        if !named.id.contains(&sale.id.to_string()) {
            return fails(format_args!("what names it is read as naming {}", named.id));
        }
    }
    Ok(())
}

/// That an order says what the sale is.
fn holds(kit: &Kit<'_>, sale: &Sale, order: &InboundOrder) -> Tried {
    let draft = &order.submission.draft;
    if !draft.external_id.contains(&sale.id.to_string()) {
        return fails(format_args!("its id is {}", draft.external_id));
    }
    if let Some(broken) = draft.violations().first() {
        return fails(format_args!("{} {}", broken.pointer, broken.hint));
    }
    same("its total", &draft.stated_total, &sale.total)?;
    same("the sum of its parts", &draft.totals().grand, &sale.total)?;
    let placed = draft.placed_at.as_second();
    same("when it was placed", &placed, &sale.placed_at.as_second())?;
    same(
        "the number of its lines",
        &draft.lines.len(),
        &sale.lines.len(),
    )?;
    for wanted in &sale.lines {
        let sku = wanted.sku.as_deref();
        let of_it = |line: &&orderhub_domain::canonical::DraftLine| {
            sku.is_none() || line.sku.as_ref().map(|sku| sku.0.as_str()) == sku
        };
        let Some(found) = draft.lines.iter().find(of_it) else {
            return fails(format_args!("no line has the SKU {sku:?}"));
        };
        let quantity = Decimal::from(wanted.quantity);
        same("a line's quantity", &found.quantity.value(), &quantity)?;
        let price = wanted.unit_price.amount();
        same(
            "a line's price",
            &found.unit_price.normalize(),
            &price.normalize(),
        )?;
        same("a line's title", &found.title, &wanted.title)?;
    }
    same(
        "whether it is a test",
        &(draft.test && kit.connection.is_live()),
        &false,
    )
}

/// A sale says the same, however often it is delivered, and leaves its order as the first delivery made it.
fn duplicate(kit: &Kit<'_>) -> Tried {
    let sale = plain(kit)?;
    if kit
        .specimen
        .state(Thing::Sale(&sale), &kit.scene())
        .is_none()
    {
        return not_tried("the vendor states no such thing");
    }
    let [once, again] = kit.delivered_twice(Thing::Sale(&sale))?;
    let only_orders = |items: &[Inbound]| -> Vec<Inbound> {
        let named = |item: &&Inbound| !matches!(item, Inbound::Changed(_));
        items.iter().filter(named).cloned().collect()
    };
    let (once, again) = (only_orders(&once), only_orders(&again));
    let first = desk::taken(kit, &once)?;
    let both = desk::taken(kit, &[once, again].concat())?;
    same("the order after a repeat", &both, &first)
}

/// Whatever is said of a sale, in every order and with repeats, comes to one cancelled order once the
/// cancellation was among it.
fn reordered(kit: &Kit<'_>) -> Tried {
    let later = |state, minutes: i64| {
        let mut sale = plain(kit)?;
        sale.state = state;
        let after = SignedDuration::from_mins(minutes);
        sale.changed_at = sale.changed_at.saturating_add(after).unwrap_or(kit.now);
        Ok(sale)
    };
    let told = [
        later(SaleState::Waiting, 0)?,
        later(SaleState::Paid, 1)?,
        later(SaleState::Paid, 2)?,
        later(SaleState::Odd, 3)?,
        later(SaleState::Cancelled, 4)?,
        later(SaleState::Cancelled, 5)?,
    ];
    let mut said = Vec::new();
    for sale in &told {
        if let Some(stated) = kit.specimen.state(Thing::Sale(sale), &kit.scene()) {
            said.push(kit.read_one(&stated)?);
        }
    }
    if said.is_empty() {
        return not_tried("the vendor states no such thing");
    }
    for sequence in orders_of(said.len()) {
        let sequence: Vec<Inbound> = sequence.iter().map(|place| said[*place].clone()).collect();
        let Some(order) = desk::taken(kit, &sequence)? else {
            return fails("no order comes of it");
        };
        if !order.stage.is_dead() && order.stage != Stage::Cancelling {
            let stage = order.stage;
            return fails(format_args!("a cancelled sale ends as {stage:?}"));
        }
    }
    Ok(())
}

/// Every order of so many things (Heap's algorithm).
fn orders_of(count: usize) -> Vec<Vec<usize>> {
    fn heap(left: usize, order: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
        if left <= 1 {
            all.push(order.clone());
            return;
        }
        for place in 0..left {
            heap(left - 1, order, all);
            let with = if left.is_multiple_of(2) { place } else { 0 };
            order.swap(with, left - 1);
        }
    }
    let mut all = Vec::new();
    heap(count, &mut (0..count).collect(), &mut all);
    all
}

/// A total that is not the sum of its parts is seen, and an amount that no order has is refused.
fn bad_money(kit: &Kit<'_>) -> Tried {
    let mut off = plain(kit)?;
    off.total = off.total.plus(euros(100)?);
    match read(kit, &off)? {
        Inbound::Unreadable { .. } | Inbound::Unknown { .. } => {}
        Inbound::Order(order) => {
            let draft = &order.submission.draft;
            if draft.totals().grand == draft.stated_total && draft.stated_total == off.total {
                return fails("a total that is 1.00 too high is made to fit");
            }
        }
        other => return fails(format_args!("it is read as {other:?}")),
    }
    let mut below = plain(kit)?;
    below.total = euros(-4498)?;
    match read(kit, &below)? {
        Inbound::Unreadable { .. } | Inbound::Unknown { .. } => Ok(()),
        other => fails(format_args!("a total below zero is read as {other:?}")),
    }
}

/// What the hub has never heard of is kept as it is, and a line without a SKU is not lost.
fn unknown_sku(kit: &Kit<'_>) -> Tried {
    let mut sale = plain(kit)?;
    sale.lines[0].sku = Some("NEVER/heard of-1".to_owned());
    holds(kit, &sale, &*read_order(kit, &sale)?)?;
    sale.lines[0].sku = None;
    let order = read_order(kit, &sale)?;
    same(
        "the number of its lines",
        &order.submission.draft.lines.len(),
        &2,
    )
}

/// A word that nobody knows moves nothing.
fn unknown_word(kit: &Kit<'_>) -> Tried {
    let mut sale = plain(kit)?;
    sale.state = SaleState::Odd;
    match read(kit, &sale)? {
        Inbound::Unknown { .. } => Ok(()),
        other => fails(format_args!("it is read as {other:?}")),
    }
}

fn many_lines(kit: &Kit<'_>) -> Tried {
    let mut sale = plain(kit)?;
    let line = |number: u32| {
        Ok(SaleLine {
            id: 1000 + u64::from(number),
            sku: Some(format!("KIT-{number:03}")),
            title: format!("Thing {number}"),
            quantity: 1 + number % 3,
            unit_price: euros(101 + i64::from(number))?,
        })
    };
    sale.lines = (1..=500).map(line).collect::<Result<_, _>>()?;
    let sale = with_lines(sale)?;
    holds(kit, &sale, &*read_order(kit, &sale)?)
}

fn emoji(kit: &Kit<'_>) -> Tried {
    let mut sale = plain(kit)?;
    "Zoë 🧦 O’Neill-李".clone_into(&mut sale.buyer);
    "Socks 🧦🏽 “warm” – Größe 42".clone_into(&mut sale.lines[0].title);
    let order = read_order(kit, &sale)?;
    holds(kit, &sale, &order)?;
    let private = &order.submission.private;
    let ship_to = private.ship_to.as_ref().and_then(|to| to.name.clone());
    let buyer = private.customer.as_ref().and_then(|who| who.name.clone());
    if [ship_to.as_ref(), buyer.as_ref()].contains(&Some(&sale.buyer)) {
        Ok(())
    } else {
        fails("the buyer's name is not what it was")
    }
}

fn large_ids(kit: &Kit<'_>) -> Tried {
    let mut sale = plain(kit)?;
    sale.id = BEYOND_FLOATS;
    sale.lines[0].id = BEYOND_FLOATS + 2;
    let order = read_order(kit, &sale)?;
    holds(kit, &sale, &order)?;
    let id = (BEYOND_FLOATS + 2).to_string();
    let lines = &order.submission.draft.lines;
    if lines.iter().any(|line| line.external_id.contains(&id)) {
        Ok(())
    } else {
        fails("a line's id is not what it was")
    }
}
