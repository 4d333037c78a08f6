//! Changes of an order's address, in a sentence. Nothing of an address is said but its country.

use orderhub_domain::order::{AddressEvent, Label, Order};

/// What became of the address.
pub(super) fn summary(event: &AddressEvent) -> String {
    let AddressEvent::Changed { keep, reason, .. } = event;
    let kept = match keep.as_slice() {
        [] => String::new(),
        [one] => format!(" Fulfilment {one} has its label and goes to the one before."),
        several => {
            let numbers: Vec<String> = several.iter().map(u16::to_string).collect();
            let numbers = numbers.join(", ");
            format!(" Fulfilments {numbers} have their labels and go to the one before.")
        }
    };
    format!("It goes to another address: {reason}.{kept}")
}

/// Whether a label says an address that the order does not have any more.
pub(super) fn is_former(order: &Order, label: &Label) -> bool {
    label.address != order.address
}
