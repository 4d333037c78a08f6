//! The documents that feeds are made of (`amzn-envelope.xsd`, `OrderAcknowledgement.xsd`, `OrderAdjustment.xsd`), each
//! with one message. Pure. Nothing is in them but ids of letters, digits and dashes, words of the schemas and
//! amounts, so that nothing has to be written another way.

use std::fmt::Write as _;

use orderhub_domain::money::Money;

use crate::wire::path_id;

/// What the channel is told of an order as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It stands.
    Success,
    /// Nothing of it will be shipped, for this reason.
    Failure(&'static str),
}

/// What the buyer gets back of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Adjusted<'a> {
    /// The channel's id of it.
    pub(super) item: &'a str,
    /// Of its price.
    pub(super) principal: Money,
    /// Of the tax on top of that.
    pub(super) tax: Money,
}

/// Says of an order that it stands or ends; `None` where its ids are none that may stand in a document.
pub(super) fn acknowledgement(
    seller: &str,
    order: &str,
    items: &[&str],
    status: Status,
) -> Option<String> {
    let order = path_id(order)?;
    let (word, reason) = match status {
        Status::Success => ("Success", String::new()),
        Status::Failure(why) => ("Failure", format!("<CancelReason>{why}</CancelReason>")),
    };
    let mut message = format!(
        "<OrderAcknowledgement><AmazonOrderID>{order}</AmazonOrderID><StatusCode>{word}</StatusCode>"
    );
    for item in items {
        let item = path_id(item)?;
        // Writing to a text cannot fail.
        write!(
            message,
            "<Item><AmazonOrderItemCode>{item}</AmazonOrderItemCode>{reason}</Item>"
        )
        .ok()?;
    }
    message.push_str("</OrderAcknowledgement>");
    Some(envelope(seller, "OrderAcknowledgement", &message))
}

/// Gives the buyer money back. "All amounts are totals for the quantity, not unit prices", so none is stated.
pub(super) fn adjustment(
    seller: &str,
    order: &str,
    items: &[Adjusted<'_>],
    reason: &str,
) -> Option<String> {
    let order = path_id(order)?;
    let mut message = format!("<OrderAdjustment><AmazonOrderID>{order}</AmazonOrderID>");
    for item in items {
        let id = path_id(item.item)?;
        let parts: String = [("Principal", item.principal), ("Tax", item.tax)]
            .into_iter()
            .filter(|(_, amount)| amount.is_positive())
            .map(component)
            .collect();
        write!(
            message,
            "<AdjustedItem><AmazonOrderItemCode>{id}</AmazonOrderItemCode>\
             <AdjustmentReason>{reason}</AdjustmentReason>\
             <ItemPriceAdjustments>{parts}</ItemPriceAdjustments></AdjustedItem>"
        )
        .ok()?;
    }
    message.push_str("</OrderAdjustment>");
    Some(envelope(seller, "OrderAdjustment", &message))
}

fn component((kind, amount): (&str, Money)) -> String {
    let (sum, currency) = (amount.amount(), amount.currency());
    format!(
        "<Component><Type>{kind}</Type><Amount currency=\"{currency}\">{sum}</Amount></Component>"
    )
}

fn envelope(seller: &str, kind: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <AmazonEnvelope xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:noNamespaceSchemaLocation=\"amzn-envelope.xsd\">\
         <Header><DocumentVersion>1.01</DocumentVersion>\
         <MerchantIdentifier>{seller}</MerchantIdentifier></Header>\
         <MessageType>{kind}</MessageType>\
         <Message><MessageID>1</MessageID>{message}</Message></AmazonEnvelope>"
    )
}
