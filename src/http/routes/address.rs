//! The action `change_address`: where an order goes from now on. The address is read like that of a new
//! order, by the reader of the canonical form.

use orderhub_channels::sales::direct;
use orderhub_domain::canonical::Violation;
use orderhub_domain::order::{AddressChange, Command};

use serde_json::{Map, Value, json};

use crate::http::fields::Fields;

/// The members of an address that a form has a field for, beside the lines of its street.
const PARTS: [&str; 6] = ["name", "city", "postcode", "region", "country", "phone"];

/// Reads an address as an order's `ship_to` is written.
pub(super) fn read(reason: String, fields: &mut Fields) -> Command {
    let stated = fields.take("address").unwrap_or_default();
    let read = if stated.is_null() {
        let hint = "where it goes, as an order's ship_to";
        Err(vec![Violation::new("/address", "required", hint)])
    } else {
        direct::address(stated.to_string().as_bytes(), "/address")
    };
    let (to, point) = read.unwrap_or_else(|found| {
        fields.refuse_all(found);
        Default::default()
    });
    Command::ChangeAddress(Box::new(AddressChange { to, point, reason }))
}

/// Puts the fields of a page's form together to an address. A field that was left empty says nothing,
/// but a country may have no postcodes.
pub(super) fn of_form(fields: &mut Map<String, Value>) {
    let mut take = |name: &str| {
        let text = fields.remove(name);
        let text = text.as_ref().and_then(Value::as_str).unwrap_or_default();
        text.to_owned()
    };
    let street = [take("street"), take("more")];
    let lines: Vec<String> = street.into_iter().filter(|line| !line.is_empty()).collect();
    let mut address = json!({ "lines": lines });
    for part in PARTS {
        let text = take(part);
        if !text.is_empty() || part == "postcode" {
            address[part] = text.into();
        }
    }
    fields.insert("address".to_owned(), address);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(form: &[(&str, &str)]) -> Value {
        let pairs = form.iter();
        let mut fields = pairs
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        of_form(&mut fields);
        Value::Object(fields)
    }

    #[test]
    fn a_form_is_an_address_whose_empty_fields_are_left_out() {
        let stated = of(&[
            ("reason", "moved"),
            ("name", "Ada Example"),
            ("street", "Main Street 1"),
            ("more", ""),
            ("postcode", ""),
            ("city", "Dublin"),
            ("region", ""),
            ("country", "IE"),
        ]);
        let address = json!({
            "name": "Ada Example", "lines": ["Main Street 1"], "postcode": "", "city": "Dublin",
            "country": "IE",
        });
        assert_eq!(stated, json!({ "reason": "moved", "address": address }));
    }
}
