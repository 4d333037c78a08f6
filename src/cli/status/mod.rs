//! `orderhub status`: whether the hub is there, and what it says of itself, on one screen. `place`
//! says which hub that is, `samples` reads its metrics. Nothing is reckoned here that the hub does
//! not tell.

mod place;
mod samples;

use std::path::Path;

use http::{Method, StatusCode};
use jiff::Timestamp;
use orderhub_domain::order::Stage;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::client::{Client, Hub};
use super::output::Output;
use super::wire::{Answer, Wire};
use super::{Exit, Failure, Format, Out};
use place::Place;
use samples::Samples;

/// What a hub says of itself.
struct Said {
    ready: bool,
    version: Value,
    /// What it measures, where that could be read.
    samples: Option<Samples>,
    key: Known,
}

/// What is known of the key.
enum Known {
    /// None was given.
    Nothing,
    /// The hub does not know any that was given.
    Refused,
    /// The hub could not say.
    Unclear,
    Accepted(SecretString),
}

impl Known {
    const fn word(&self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Refused => "refused",
            Self::Unclear => "unclear",
            Self::Accepted(_) => "accepted",
        }
    }
}

pub(super) async fn run(
    hub: &Hub,
    file: Option<&Path>,
    output: Output,
    out: &mut Out,
) -> Result<(), Failure> {
    let place = place::find(hub, file)?;
    let said = ask(&place).await?;
    match output {
        Output::Text => show(&place, &said, out),
        Output::Json => out.data(&value(&place, &said).to_string()),
        Output::Env => export(&place, &said, out),
    }
    if said.ready {
        return Ok(());
    }
    let message = "the hub is there and accepts no orders yet";
    let next = "look at the hub's log; orderhub doctor says what may be missing";
    Err(Failure::new(Exit::Failed, message, next))
}

async fn ask(place: &Place) -> Result<Said, Failure> {
    let wire = Wire::to(place.http.clone())?;
    let ready = wire.send(wire.request(Method::GET, &["readyz"])?).await?;
    let told = wire.send(wire.request(Method::GET, &["version"])?).await?;
    let version: Value = serde_json::from_slice(&told.body).unwrap_or_default();
    if version["name"] != "orderhub" {
        return Err(wire.stranger());
    }
    Ok(Said {
        ready: ready.status == StatusCode::OK,
        version,
        samples: measured(place.admin.as_ref()).await,
        key: accepted(place).await?,
    })
}

/// The hub's metrics; nothing when they cannot be read.
async fn measured(admin: Option<&Url>) -> Option<Samples> {
    let wire = Wire::to(admin?.clone()).ok()?;
    let request = wire.request(Method::GET, &["metrics"]).ok()?;
    let Answer { status, body } = wire.send(request).await.ok()?;
    let text = String::from_utf8(body).ok()?;
    (status == StatusCode::OK).then(|| Samples::read(&text))
}

/// The first key that the hub knows.
async fn accepted(place: &Place) -> Result<Known, Failure> {
    let mut known = Known::Nothing;
    for key in &place.keys {
        let client = Client::at(place.http.clone(), key.clone())?;
        let query = [("limit", "1".to_owned())];
        match client.get(&["v1", "orders"], &query).await {
            Ok(_) => return Ok(Known::Accepted(key.clone())),
            Err(refused) if refused.is_about_the_key() => known = Known::Refused,
            Err(_) => return Ok(Known::Unclear),
        }
    }
    Ok(known)
}

fn trimmed(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

/// Orders by stage, in the order of their lives.
fn orders(samples: &Samples) -> Vec<(&'static str, i64)> {
    let counted = samples.by("orderhub_orders", "stage");
    let stages = Stage::ALL.into_iter().map(Stage::word);
    stages
        .filter_map(|stage| Some((stage, *counted.get(stage)?)))
        .collect()
}

/// What waits, and what must not be: by its name in the JSON.
fn waiting(samples: &Samples) -> Value {
    let circuits = samples.by("orderhub_circuit_open", "target");
    let open: Vec<&String> = circuits
        .iter()
        .filter_map(|(target, open)| (*open > 0).then_some(target))
        .collect();
    json!({
        "publish_lag_events": samples.sum("orderhub_publish_lag_events"),
        "parked": samples.by("orderhub_parked_messages", "state"),
        "circuits_open": open,
        "oversold_units": samples.sum("orderhub_inventory_oversold_units_total"),
        "invariant_violations": samples.sum("orderhub_invariant_violations_total"),
    })
}

fn started(samples: &Samples) -> Option<Timestamp> {
    let second = samples.sum("process_start_time_seconds")?;
    Timestamp::from_second(second).ok()
}

fn value(place: &Place, said: &Said) -> Value {
    let samples = said.samples.as_ref();
    json!({
        "url": trimmed(&place.http),
        "admin_url": place.admin.as_ref().map(trimmed),
        "found_by": place.found,
        "ready": said.ready,
        "version": said.version["version"],
        "revision": said.version["revision"],
        "node": place.node,
        "key": said.key.word(),
        "started_at": samples.and_then(started),
        "orders": samples.map(|samples| {
            let counted = orders(samples).into_iter();
            counted.map(|(stage, count)| (stage.to_owned(), json!(count))).collect::<Value>()
        }),
        "waiting": samples.map(waiting),
    })
}

fn show(place: &Place, said: &Said, out: &mut Out) {
    let ready = if said.ready { "ready" } else { "not ready" };
    let metrics = match (&place.admin, &said.samples) {
        (None, _) => "not read: only the address of the API is known".to_owned(),
        (Some(admin), None) => format!("{}/metrics cannot be read", trimmed(admin)),
        (Some(admin), Some(_)) => format!("{}/metrics", trimmed(admin)),
    };
    let word = |name: &str| said.version[name].as_str().unwrap_or("-");
    let fields = [
        ("hub", json!(format!("{}, {ready}", trimmed(&place.http)))),
        ("found by", json!(place.found)),
        (
            "version",
            json!(format!("{} ({})", word("version"), word("revision"))),
        ),
        ("node", json!(place.node)),
        ("since", json!(said.samples.as_ref().and_then(started))),
        ("metrics", json!(metrics)),
        ("key", json!(said.key.word())),
    ];
    record(fields, out);
    let Some(samples) = &said.samples else {
        return;
    };
    out.data("");
    let rows = orders(samples).into_iter().filter(|(_, count)| *count > 0);
    let rows: Vec<Vec<Value>> = rows
        .map(|(stage, count)| vec![stage.into(), count.into()])
        .collect();
    out.rows(Format::Text, &["stage", "orders"], &rows);
    out.data("");
    let waits = waiting(samples);
    let parked = |state: &str| waits["parked"].get(state).cloned().unwrap_or_default();
    record(
        [
            (
                "events not on the bus yet",
                waits["publish_lag_events"].clone(),
            ),
            ("messages waiting for their order", parked("waiting")),
            ("dead letters", parked("dead")),
            (
                "partners not called (open circuits)",
                none_if_empty(&waits["circuits_open"]),
            ),
            ("units oversold", waits["oversold_units"].clone()),
            (
                "promises found broken",
                waits["invariant_violations"].clone(),
            ),
        ],
        out,
    );
}

fn none_if_empty(list: &Value) -> Value {
    if list.as_array().is_some_and(Vec::is_empty) {
        return json!("none");
    }
    list.clone()
}

fn record<const N: usize>(fields: [(&str, Value); N], out: &mut Out) {
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    out.record(Format::Text, &Value::Null, &fields);
}

/// Lines for a shell. The demo's database and bus have names of their own: under the usual ones every
/// verb that follows would use them.
fn export(place: &Place, said: &Said, out: &mut Out) {
    let mut lines = vec![("ORDERHUB_URL", trimmed(&place.http).to_owned())];
    match &said.key {
        Known::Accepted(key) => lines.push(("ORDERHUB_KEY", key.expose_secret().to_owned())),
        _ => out.words("no key is known that this hub accepts; make one: orderhub keys create"),
    }
    if let Some(demo) = &place.demo {
        lines.push(("ORDERHUB_DEV_CONFIG", demo.config.clone()));
        let urls = [
            ("ORDERHUB_DEV_DATABASE_URL", &demo.database_url),
            ("ORDERHUB_DEV_NATS_URL", &demo.bus_url),
        ];
        lines.extend(
            urls.into_iter()
                .filter_map(|(name, url)| Some((name, url.clone()?))),
        );
    }
    for (name, value) in lines {
        out.data(&format!("export {name}={}", quoted(&value)));
    }
}

/// A word for a shell, whatever it holds.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_word_is_one_word_to_a_shell() {
        for text in ["plain", "with 'quotes'", "$HOME `id` \"x\"\n;"] {
            let script = format!("printf %s {}", quoted(text));
            let told = std::process::Command::new("sh")
                .args(["-c", &script])
                .output();
            let told = told.expect("a shell").stdout;
            assert_eq!(String::from_utf8(told).as_deref(), Ok(text));
        }
    }
}
