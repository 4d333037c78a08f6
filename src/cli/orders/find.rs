//! Which order is meant: people have its number, or the end of an id from a log.

use std::time::Duration;

use orderhub_domain::ids::OrderId;
use serde_json::Value;
use tokio::time::sleep;

use crate::cli::client::Client;
use crate::cli::output::printable;
use crate::cli::{Exit, Failure};

/// Lists follow the log within about a second: an order that has just been placed is looked for
/// again.
const PAUSES: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(400),
    Duration::from_secs(1),
];

/// At most so many candidates are told.
const TOLD: usize = 20;

/// The order with this name: its id as it stands, or the one that the hub finds.
pub(in crate::cli) async fn order(name: &str, client: &Client) -> Result<OrderId, Failure> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let query = [("named", name.to_owned()), ("limit", "200".to_owned())];
    let mut found = Vec::new();
    for pause in PAUSES {
        sleep(pause).await;
        let page = client.get(&["v1", "orders"], &query).await?;
        found = page["data"].as_array().cloned().unwrap_or_default();
        if !found.is_empty() {
            break;
        }
    }
    chosen(name, &found)
}

/// What the channel calls an order wins over the end of an id, which any four digits may be.
fn chosen(name: &str, found: &[Value]) -> Result<OrderId, Failure> {
    let stated = |order: &&Value| order["external_id"] == name || order["number"] == name;
    let stated: Vec<&Value> = found.iter().filter(stated).collect();
    let meant = if stated.is_empty() {
        found.iter().collect()
    } else {
        stated
    };
    match meant.as_slice() {
        [] => Err(unknown(name)),
        [one] => id_of(one).ok_or_else(|| unknown(name)),
        several => Err(ambiguous(name, several)),
    }
}

fn id_of(order: &Value) -> Option<OrderId> {
    order["id"].as_str()?.parse().ok()
}

fn ambiguous(name: &str, orders: &[&Value]) -> Failure {
    let mut message = format!("{} may be any of these orders:", printable(name, &[]));
    for order in orders.iter().take(TOLD) {
        message.push_str("\n ");
        for field in ["id", "channel", "external_id", "stage"] {
            message.push(' ');
            message.push_str(&printable(order[field].as_str().unwrap_or("-"), &[]));
        }
    }
    if orders.len() > TOLD {
        message.push_str("\n  and others");
    }
    Failure::new(Exit::Conflict, message, "name one of them by its id")
}

/// Nothing is called so, or this key may not see it.
pub(in crate::cli) fn unknown(name: &str) -> Failure {
    let message = format!("there is no order {}", printable(name, &[]));
    let next = "orderhub orders ls, or orderhub orders ls --find TEXT";
    Failure::new(Exit::NotFound, message, next)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order(last: u8, external_id: &str) -> Value {
        let id = format!("ord_{last:032x}");
        json!({"id": id, "external_id": external_id, "number": null, "stage": "completed"})
    }

    #[test]
    fn what_the_channel_calls_an_order_wins_over_the_end_of_an_id() {
        let found = [order(0x11, "W-2"), order(0x12, "0011")];
        let id = chosen("0011", &found).expect("one");
        assert_eq!(id.to_string(), found[1]["id"]);
        assert_eq!(
            chosen("0011", &found[..1])
                .map(|id| id.to_string())
                .ok()
                .as_deref(),
            found[0]["id"].as_str()
        );
        assert_eq!(
            chosen("0011", &[]).map_err(|failure| failure.exit),
            Err(Exit::NotFound)
        );
    }

    #[test]
    fn several_candidates_are_told_without_control_characters() {
        let found = [order(1, "a\u{1b}[2J"), order(2, "b\nc")];
        let failure = chosen("0000", &found).expect_err("several");
        assert_eq!(failure.exit, Exit::Conflict);
        assert_eq!(failure.message.lines().count(), 3, "{}", failure.message);
        assert!(!failure.message.contains('\u{1b}'), "{}", failure.message);
        let many: Vec<Value> = (0..30).map(|last| order(last, "x")).collect();
        let failure = chosen("0000", &many).expect_err("several");
        assert!(
            failure.message.ends_with("and others"),
            "{}",
            failure.message
        );
    }
}
