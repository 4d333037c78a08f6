//! The buyer of a sale, as far as the store knows one. Pure.

use orderhub_domain::canonical::{Address, Customer, PrivateDetails};

use super::later::Way;
use super::wire;
use crate::sales::buyer::{Postal, clean, full_name};
use crate::wire::code;

/// Who bought, and where it is delivered: to the address that the fulfilment names, else home.
pub(super) fn private(
    whole: &wire::Whole,
    open: Option<&wire::Fulfillment>,
    way: Way,
) -> PrivateDetails {
    let own = whole.customer.as_ref();
    let name = own.and_then(|own| full_name(own.first_name.as_ref(), own.last_name.as_ref()));
    let phone =
        own.and_then(|own| clean(own.mobile.as_ref()).or_else(|| clean(own.phone.as_ref())));
    let customer = Customer {
        external_id: own.and_then(|own| code(own.id.as_deref()?)),
        name: name.clone(),
        email: own.and_then(|own| clean(own.email.as_ref())),
        phone,
    };
    // Where a fulfilment went that has left is where the sale goes, still.
    let mut named = open.into_iter().chain(&whole.fulfillments);
    let chosen = named.find_map(|one| one.shipping_address_id.as_ref());
    let chosen = chosen.and_then(|id| whole.addresses.iter().find(|one| one.id == *id));
    let ship_to = match chosen {
        Some(chosen) => address(chosen, own, name.as_ref()),
        None => own.and_then(|own| home(own, name.as_ref())),
    };
    let mut details = PrivateDetails {
        ship_to: ship_to.filter(|_| way == Way::Delivery),
        customer: (customer != Customer::default()).then_some(customer),
        ..PrivateDetails::default()
    };
    if let Some(note) = clean(whole.sale.note.as_ref()) {
        details.attributes.insert("note".to_owned(), note.into());
    }
    details
}

fn address(
    to: &wire::Address,
    own: Option<&wire::Customer>,
    name: Option<&String>,
) -> Option<Address> {
    let postal = Postal {
        name,
        company: own.and_then(|own| own.company_name.as_ref()),
        streets: [to.address_line_1.as_ref(), to.address_line_2.as_ref()],
        city: to.city.as_ref(),
        postcode: to.postcode.as_ref(),
        regions: [to.state_code.as_ref(), to.state.as_ref()],
        country: to.country_code.as_ref(),
        ..Postal::default()
    };
    postal.address()
}

/// Where the customer lives, for a delivery that names no address.
fn home(own: &wire::Customer, name: Option<&String>) -> Option<Address> {
    let postal = Postal {
        name,
        company: own.company_name.as_ref(),
        streets: [
            own.physical_address_1.as_ref(),
            own.physical_address_2.as_ref(),
        ],
        city: own.physical_city.as_ref(),
        postcode: own.physical_postcode.as_ref(),
        regions: [own.physical_state.as_ref(), None],
        country: own.physical_country_id.as_ref(),
        ..Postal::default()
    };
    postal.address()
}
