//! The documents that feeds are made of (`amzn-envelope.xsd`, `OrderAcknowledgement.xsd`), each with one
//! message. Pure. Nothing is in them but ids of letters, digits and dashes, words of the schemas,
//! so that nothing has to be written another way.

use std::fmt::Write as _;

use crate::wire::path_id;

/// What the channel is told of an order as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It stands.
    Success,
    /// Nothing of it will be shipped, for this reason.
    Failure(&'static str),
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
