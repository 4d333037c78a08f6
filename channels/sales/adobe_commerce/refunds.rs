//! Giving a buyer's money back through an Adobe Commerce shop: an invoice is refunded online, by the gateway that
//! took it. Money that came by hand goes back by hand.
//!
//! A part goes back as an adjustment of exactly the amount that is due, with no units and no shipping: what units
//! are worth the shop computes only while it gives the money. The shop knows no keys, so the notice's own stands
//! in the credit memo's comment, and every try looks for it first. An adjustment is in the shop's own currency;
//! an order in another one is refused. So is, by the shop, a memo without units where no shipping is left to
//! refund (`QuantityValidator` of its module for sales).

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{NoticeEvidence, Repayment};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::back::number;
use super::rest::{Changed, Rest, of_order};
use super::wire::{Item, Order};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::PartNotice;
use crate::sales::taken::{digits, id_of};
use crate::sales::told::refused;
use crate::wire::Exact;

/// An invoice that is paid.
const PAID: &str = "2";

#[derive(Debug, Deserialize)]
struct Invoice {
    entity_id: Exact,
    #[serde(default)]
    state: Option<Exact>,
    #[serde(default)]
    items: Vec<InvoiceItem>,
}

#[derive(Debug, Deserialize)]
struct InvoiceItem {
    order_item_id: Exact,
}

/// A credit memo, as far as its name and its sum.
#[derive(Debug, Deserialize)]
struct Memo {
    entity_id: Exact,
    #[serde(default)]
    grand_total: Option<Exact>,
}

#[derive(Debug, Deserialize)]
struct Comment {
    #[serde(default)]
    comment: Option<String>,
}

/// What an invoice is refunded by. The amount keeps its digits: no tree of values holds it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refund<'a> {
    items: Value,
    is_online: bool,
    notify: bool,
    comment: Value,
    arguments: Arguments<'a>,
}

#[derive(Serialize)]
struct Arguments<'a> {
    shipping_amount: u8,
    adjustment_positive: &'a RawValue,
    adjustment_negative: u8,
}

async fn paid_invoices(rest: &Rest, order: &str) -> Result<Vec<Invoice>, CallError> {
    let fields = "items[entity_id,state,items[order_item_id]]";
    let mut invoices: Vec<Invoice> = of_order(rest, "invoices", order, fields).await?;
    invoices.retain(|invoice| invoice.state.as_ref().is_some_and(|it| it.0 == PAID));
    Ok(invoices)
}

/// Gives back all that was invoiced; why not, where a gateway will not.
pub(super) async fn give_back(
    rest: &Rest,
    order: &str,
) -> Result<Option<NoticeEvidence>, CallError> {
    for invoice in paid_invoices(rest, order).await? {
        let Some(id) = digits(&invoice.entity_id.0) else {
            return Ok(Some(refused("not_an_adobe_commerce_id")));
        };
        let refund = json!({ "isOnline": true, "notify": true });
        let path = format!("invoice/{id}/refund");
        if rest.change::<Value>(&path, &refund).await? == Changed::Refused {
            // Money that came by hand goes back by hand.
            return Ok(Some(refused("refund_refused")));
        }
    }
    Ok(None)
}

/// Gives back a part: once, however often it is asked for.
pub(super) async fn give_part(
    rest: &Rest,
    id: &str,
    order: &Order,
    notice: &PartNotice,
) -> NoticeAnswer {
    if !notice.amount.is_positive() {
        // No part of an order can be cancelled there.
        return Ok(refused("parts_are_not_heard"));
    }
    let currency = notice.amount.currency();
    let says = |code: &Option<String>| code.as_deref().and_then(Currency::from_code);
    if says(&order.order_currency_code) != Some(currency) {
        return Ok(refused("other_currency"));
    }
    if says(&order.base_currency_code).is_some_and(|base| base != currency) {
        return Ok(refused("other_base_currency"));
    }
    if let Some(known) = known(rest, id, &notice.key, currency).await? {
        return Ok(repaid(known));
    }
    let count = |text: Option<&Exact>| Item::count(text);
    let has = count(order.total_paid.as_ref()) - count(order.total_refunded.as_ref());
    if has < notice.amount.amount() {
        return Ok(refused("more_than_the_shop_has"));
    }
    let amount = exactly(notice.amount.amount())?;
    for invoice in paid_invoices(rest, id).await? {
        let item = invoice
            .items
            .first()
            .map(|item| item.order_item_id.0.as_str());
        let (Some(invoice), Some(item)) = (digits(&invoice.entity_id.0), item.and_then(digits))
        else {
            continue;
        };
        let refund = Refund {
            // Without a line every line would go back whole.
            items: json!([{ "order_item_id": number(&item), "qty": 0 }]),
            is_online: true,
            notify: true,
            comment: json!({ "comment": comment(&notice.key), "is_visible_on_front": 0 }),
            arguments: Arguments {
                shipping_amount: 0,
                adjustment_positive: &amount,
                adjustment_negative: 0,
            },
        };
        let path = format!("invoice/{invoice}/refund");
        if let Changed::Made(_) = rest.change::<Value>(&path, &refund).await? {
            let made = known(rest, id, &notice.key, currency).await;
            let made = made.map_err(|_| CallError::unknown("the shop did not say what it made"))?;
            return made
                .map(repaid)
                .ok_or_else(|| CallError::unknown("the shop shows no credit memo yet"));
        }
    }
    // Its gateway will not, or money came by hand, or the shop makes no memo without units.
    Ok(refused("refund_by_hand"))
}

/// How the comment of a credit memo names the notice that it was made for.
fn comment(key: &str) -> String {
    format!("Order hub {key}")
}

/// An amount as the shop wants it: a number with all of its digits.
fn exactly(amount: Decimal) -> Result<Box<RawValue>, CallError> {
    let text = amount.normalize().to_string();
    RawValue::from_string(text).map_err(|_| CallError::not_now("the amount cannot be written"))
}

/// The credit memo that was made for this notice.
async fn known(
    rest: &Rest,
    order: &str,
    key: &str,
    currency: Currency,
) -> Result<Option<Repayment>, CallError> {
    let fields = "items[entity_id,grand_total]";
    for memo in of_order::<Memo>(rest, "creditmemos", order, fields).await? {
        let Some(id) = id_of(Some(&memo.entity_id)) else {
            continue;
        };
        let path = format!("creditmemo/{id}/comments");
        let query = [("fields".to_owned(), "items[comment]".to_owned())];
        let comments: Vec<Comment> = rest.list(&path, &query, None).await?;
        let mut texts = comments.iter().filter_map(|one| one.comment.as_deref());
        let wanted = comment(key);
        if texts.any(|text| text == wanted) {
            let sum = Item::count(memo.grand_total.as_ref());
            return Ok(Some(Repayment {
                reference: id,
                amount: Money::rounded(sum, currency),
            }));
        }
    }
    Ok(None)
}

fn repaid(made: Repayment) -> NoticeEvidence {
    NoticeEvidence::Repaid {
        movements: vec![made],
    }
}
