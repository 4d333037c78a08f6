//! What is printed of returns.

use orderhub_domain::ids::{OrderId, ReturnId};
use serde_json::{Value, json};

use super::unknown;
use crate::cli::client::Client;
use crate::cli::orders::find;
use crate::cli::output::{moment, section};
use crate::cli::{Failure, Format, Out};

/// The returns of an order, as the hub shows them.
async fn of(order: OrderId, client: &Client) -> Result<Vec<Value>, Failure> {
    let id = order.to_string();
    let answer = client.get(&["v1", "orders", &id], &[]).await;
    let answer = answer.map_err(|refused| refused.or_unknown(|| find::unknown(&id)))?;
    Ok(answer["returns"].as_array().cloned().unwrap_or_default())
}

pub(super) async fn list(
    order: OrderId,
    client: &Client,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let returns = of(order, client).await?;
    if format == Format::Json {
        out.data(&json!({ "data": returns }).to_string());
        return Ok(());
    }
    let rows: Vec<Vec<Value>> = returns
        .iter()
        .map(|back| {
            vec![
                back["id"].clone(),
                back["stage"].clone(),
                moment(&back["since"]),
                content(&back["lines"]),
                back["refund"]["entitled"].clone(),
                back["reason"].clone(),
            ]
        })
        .collect();
    let heading = [
        "return",
        "stage",
        "since",
        "announced",
        "given back",
        "reason",
    ];
    out.rows(Format::Text, &heading, &rows);
    Ok(())
}

pub(super) async fn show(
    id: ReturnId,
    client: &Client,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let returns = of(id.order, client).await?;
    let id = id.to_string();
    let back = returns.into_iter().find(|back| back["id"] == id.as_str());
    let back = back.ok_or_else(|| unknown(&id))?;
    let refund = &back["refund"];
    let fields = [
        ("return", back["id"].clone()),
        ("stage", back["stage"].clone()),
        ("since", moment(&back["since"])),
        ("awaited until", moment(&back["awaited_until"])),
        ("reason", back["reason"].clone()),
        ("the rules say", back["verdict"]["outcome"].clone()),
        ("announced", content(&back["lines"])),
        ("carrier", back["label"]["carrier"].clone()),
        ("tracking", back["label"]["tracking_number"].clone()),
        ("given back", refund["entitled"].clone()),
        ("has gone back", refund["refunded"].clone()),
        ("by hand", refund["elsewhere"].clone()),
        ("lost in a dispute", refund["netted"].clone()),
    ];
    let fields: Vec<(String, Value)> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    out.record(format, &back, &fields);
    if format == Format::Json {
        return Ok(());
    }
    let parcel = |parcel: &Value| {
        vec![
            parcel["parcel"].clone(),
            parcel["location"].clone(),
            moment(&parcel["received_at"]),
            content(&parcel["lines"]),
            content(&parcel["unexpected"]),
        ]
    };
    let heading = ["parcel", "location", "received_at", "units", "unexpected"];
    section("parcels", &heading, &back["parcels"], parcel, out);
    let found = |found: &Value| {
        let names = ["line", "sku", "quantity", "disposition", "accepted"];
        names.map(|name| found[name].clone()).to_vec()
    };
    let heading = ["line", "sku", "quantity", "disposition", "paid_back"];
    section("inspected", &heading, &back["inspected"], found, out);
    Ok(())
}

/// What is in a list of lines.
fn content(lines: &Value) -> Value {
    let lines = lines.as_array().into_iter().flatten();
    let lines = lines.map(|line| {
        let word = |name: &str| line[name].as_str().unwrap_or("-");
        format!("{} {}", word("quantity"), word("sku"))
    });
    json!(lines.collect::<Vec<_>>().join(", "))
}
