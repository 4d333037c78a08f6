//! Who bought an order of a file and where it went: personal data, which is kept beside the order and never
//! in its log. Read with the connectors' own cleaning of names and addresses.

use orderhub_domain::canonical::{Customer, PrivateDetails};

use super::columns::Rows;
use crate::sales::buyer::{Postal, full_name};
use crate::sales::taken::digits;

/// As Shopify's export names them.
pub(super) fn shopify(order: &Rows<'_>) -> PrivateDetails {
    let address = |of: &str| {
        let text = |name: &str| order.text(&format!("{of} {name}"));
        // The export puts an apostrophe before what a spreadsheet would take for a number.
        let plain = |name: &str| text(name).map(|text| text.trim_start_matches('\'').to_owned());
        let [name, company, line1, line2, city, region, country] = [
            "Name", "Company", "Address1", "Address2", "City", "Province", "Country",
        ]
        .map(text);
        let [postcode, phone] = ["Zip", "Phone"].map(plain);
        let postal = Postal {
            name: name.as_ref(),
            company: company.as_ref(),
            streets: [line1.as_ref(), line2.as_ref()],
            city: city.as_ref(),
            postcode: postcode.as_ref(),
            regions: [region.as_ref(), None],
            country: country.as_ref(),
            phone: phone.as_ref(),
            ..Postal::default()
        };
        postal.address()
    };
    let (ship_to, bill_to) = (address("Shipping"), address("Billing"));
    let phone = order
        .text("Phone")
        .map(|text| text.trim_start_matches('\'').to_owned());
    let customer = Customer {
        external_id: None,
        name: order.first(&["Billing Name", "Shipping Name"]),
        email: order.text("Email"),
        phone: phone.or_else(|| bill_to.as_ref().and_then(|to| to.phone.clone())),
    };
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to,
        bill_to,
        ..PrivateDetails::default()
    };
    for (name, column) in [
        ("note", "Notes"),
        ("note_attributes", "Note Attributes"),
        ("tags", "Tags"),
        ("payment_method", "Payment Method"),
    ] {
        let text = order.text(column);
        details
            .attributes
            .extend(text.map(|text| (name.to_owned(), text.into())));
    }
    details
}

/// As WooCommerce's export names them.
pub(super) fn woocommerce(order: &Rows<'_>) -> PrivateDetails {
    let address = |of: &str| {
        let text = |name: &str| order.text(&format!("{of}_{name}"));
        let [
            first,
            last,
            company,
            line1,
            line2,
            city,
            postcode,
            code,
            region,
            country,
            phone,
        ] = [
            "first_name",
            "last_name",
            "company",
            "address_1",
            "address_2",
            "city",
            "postcode",
            "state_code",
            "state",
            "country",
            "phone",
        ]
        .map(text);
        let postal = Postal {
            first_name: first.as_ref(),
            last_name: last.as_ref(),
            company: company.as_ref(),
            streets: [line1.as_ref(), line2.as_ref()],
            city: city.as_ref(),
            postcode: postcode.as_ref(),
            regions: [code.as_ref(), region.as_ref()],
            country: country.as_ref(),
            phone: phone.as_ref(),
            ..Postal::default()
        };
        postal.address()
    };
    let [first, last] = ["billing_first_name", "billing_last_name"].map(|name| order.text(name));
    let id = order.text("customer_id").and_then(|id| digits(&id));
    let customer = Customer {
        external_id: id.filter(|id| id.bytes().any(|byte| byte != b'0')),
        name: full_name(first.as_ref(), last.as_ref()),
        email: order.text("billing_email"),
        phone: order.text("billing_phone"),
    };
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: address("shipping"),
        bill_to: address("billing"),
        ..PrivateDetails::default()
    };
    let note = order.text("customer_note");
    details
        .attributes
        .extend(note.map(|note| ("note".to_owned(), note.into())));
    details
}
