//! The buyer of an order, as far as the merchant knows one. Pure.

use orderhub_domain::canonical::{Address, Customer, PrivateDetails};

use super::map::Way;
use super::wire::{self, each};
use crate::sales::buyer::{Postal, clean, full_name};
use crate::wire::code;

/// Who bought, and where it is sent to.
pub(super) fn private(whole: &wire::Whole, way: Way<'_>) -> PrivateDetails {
    let own = whole.customer.as_ref();
    let name = own.and_then(|own| full_name(own.first_name.as_ref(), own.last_name.as_ref()));
    let email = own.and_then(|own| each(own.email_addresses.as_ref()).first());
    let phone = own.and_then(|own| each(own.phone_numbers.as_ref()).first());
    let customer = Customer {
        external_id: own.and_then(|own| code(own.id.as_deref()?)),
        name: name.clone(),
        email: clean(email.and_then(|own| own.email_address.as_ref())),
        phone: clean(phone.and_then(|own| own.phone_number.as_ref())),
    };
    let home = own.and_then(|own| each(own.addresses.as_ref()).first());
    let home = home.filter(|_| way == Way::Shipped);
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: home.and_then(|home| address(home, name.as_ref())),
        ..PrivateDetails::default()
    };
    // What the till calls an order is often a name.
    for (key, text) in [("note", &whole.order.note), ("title", &whole.order.title)] {
        if let Some(text) = clean(text.as_ref()) {
            details.attributes.insert(key.to_owned(), text.into());
        }
    }
    details
}

fn address(to: &wire::Address, name: Option<&String>) -> Option<Address> {
    let postal = Postal {
        name,
        streets: [to.address1.as_ref(), to.address2.as_ref()],
        city: to.city.as_ref(),
        postcode: to.zip.as_ref(),
        regions: [to.state.as_ref(), None],
        country: to.country.as_ref(),
        ..Postal::default()
    };
    postal.address()
}
