//! Sending an order to another address: what a person types of it.

use serde_json::{Value, json};

/// Where an order is to go.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Address {
    /// Who receives it.
    #[arg(long = "name", value_name = "NAME")]
    recipient: String,
    /// The street and what follows it; several times for several lines.
    #[arg(long = "line", value_name = "TEXT", required = true)]
    lines: Vec<String>,
    /// The city.
    #[arg(long)]
    city: String,
    /// The postcode; left out where there are none.
    #[arg(long, default_value = "")]
    postcode: String,
    /// The state or province.
    #[arg(long)]
    region: Option<String>,
    /// The country, as two capitals like DE. It stays the same: taxes were stated for it.
    #[arg(long)]
    country: String,
    /// A telephone number for the carrier.
    #[arg(long)]
    phone: Option<String>,
}

impl Address {
    /// The address as the API takes it.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({
            "name": self.recipient,
            "lines": self.lines,
            "city": self.city,
            "postcode": self.postcode,
            "country": self.country,
        });
        if let Some(region) = &self.region {
            body["region"] = json!(region);
        }
        if let Some(phone) = &self.phone {
            body["phone"] = json!(phone);
        }
        body
    }
}
