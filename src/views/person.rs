//! Personal data: in full for those who may see it, otherwise just enough to recognise somebody
//! who is on the telephone.

use orderhub_domain::canonical::{Address, Customer, PrivateDetails};
use serde_json::{Value, json};

/// The customer; `null` when nothing is known, or nothing any more.
pub fn customer(private: Option<&PrivateDetails>, personal: bool) -> Value {
    let Some(customer) = private.and_then(|private| private.customer.as_ref()) else {
        return Value::Null;
    };
    if personal {
        return serde_json::to_value(customer).unwrap_or_default();
    }
    masked(customer)
}

fn masked(customer: &Customer) -> Value {
    json!({
        "masked": true,
        "name": customer.name.as_deref().map(first_letter),
        "email": customer.email.as_deref().map(masked_email),
        "phone": customer.phone.as_deref().map(last_digits),
    })
}

/// An address; masked it is the country alone.
pub fn address(address: Option<&Address>, personal: bool) -> Value {
    match address {
        None => Value::Null,
        Some(address) if personal => serde_json::to_value(address).unwrap_or_default(),
        Some(address) => json!({ "masked": true, "country": address.country }),
    }
}

fn first_letter(name: &str) -> String {
    name.trim().chars().take(1).chain("***".chars()).collect()
}

fn masked_email(email: &str) -> String {
    // The domain may be the person's own name; its ending is all that is told.
    let ending = email.rsplit_once('.').map_or("", |(_, ending)| ending);
    let ending: String = ending
        .chars()
        .filter(char::is_ascii_alphabetic)
        .take(8)
        .collect();
    format!("{}@***.{ending}", first_letter(email))
}

fn last_digits(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    let shown = digits.len().saturating_sub(2).max(digits.len().min(4));
    format!("***{}", digits.iter().skip(shown).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_customer_keeps_almost_nothing() {
        let private = PrivateDetails {
            customer: Some(Customer {
                external_id: Some("c-77".into()),
                name: Some("Ada Lovelace".into()),
                email: Some("ada@lovelace.example".into()),
                phone: Some("+49 30 1234567".into()),
            }),
            ..PrivateDetails::default()
        };
        let shown = customer(Some(&private), false).to_string();
        for secret in ["Ada", "Lovelace", "lovelace", "12345", "c-77"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("A***") && shown.contains("***67"), "{shown}");
        let full = customer(Some(&private), true);
        assert_eq!(full["email"], "ada@lovelace.example");
        assert_eq!(customer(None, true), Value::Null);
    }

    #[test]
    fn short_numbers_are_hidden_whole() {
        assert_eq!(last_digits("112"), "***");
        assert_eq!(first_letter(""), "***");
    }
}
