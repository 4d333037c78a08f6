//! A warehouse's own system that speaks NATS: it reads what it is asked, and says what it has done.
//! Written after `docs/connectors/nats.md`.

use async_nats::ConnectOptions;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, Context};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::support::hub::kept_secret;
use crate::support::nats::Nats;
use crate::support::patience::{AFTER_A_CRASH, until};

/// The hub's word at the NATS server.
const HUBS_WORD: &str = "the-hubs-own-word";
/// The warehouse's.
const WMS_WORD: &str = "the-warehouses-own-word";

/// What the page says that both need, and no more; the double also looks into the requests by number.
const USERS: &str = r#"
{ user: hub, password: "the-hubs-own-word", permissions: {
    publish: ["orderhub.warehouses.north.requests.>",
              "$JS.API.STREAM.INFO.ORDERHUB_NORTH_REQUESTS", "$JS.API.STREAM.INFO.ORDERHUB_NORTH_REPORTS",
              "$JS.API.STREAM.CREATE.ORDERHUB_NORTH_REQUESTS", "$JS.API.STREAM.CREATE.ORDERHUB_NORTH_REPORTS",
              "$JS.API.STREAM.MSG.GET.ORDERHUB_NORTH_REPORTS"],
    subscribe: ["_INBOX.>"] } }
{ user: wms, password: "the-warehouses-own-word", permissions: {
    publish: ["orderhub.warehouses.north.reports.HAM1",
              "$JS.API.STREAM.INFO.ORDERHUB_NORTH_REQUESTS", "$JS.API.STREAM.MSG.GET.ORDERHUB_NORTH_REQUESTS"],
    subscribe: ["_INBOX.>"] } }
"#;

/// What it was asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    pub(crate) subject: String,
    pub(crate) id: String,
    pub(crate) body: Value,
}

/// The warehouse `north`, with the location `HAM1`.
pub(crate) struct Wms {
    context: Context,
}

/// The hub's word in a file, for its configuration.
pub(crate) fn secret() -> NamedTempFile {
    kept_secret(HUBS_WORD)
}

/// Lets the hub and the warehouse in.
pub(crate) fn admit(nats: &Nats) {
    nats.admit(USERS);
}

/// The sections of the hub's configuration.
pub(crate) fn sections(nats: &Nats, secret: &NamedTempFile) -> String {
    format!(
        "[[warehouses]]\nslug = \"north\"\nkind = \"nats\"\nurl = \"{}\"\nuser = \"hub\"\n\
         credentials = {{ file = \"{}\" }}\n\
         [[locations]]\ncode = \"HAM1\"\nwarehouse = \"north\"\ncountry = \"DE\"\n",
        nats.url(),
        secret.path().display()
    )
}

impl Wms {
    /// Connects to a server that runs.
    pub(crate) async fn connect(nats: &Nats) -> Self {
        let options = ConnectOptions::with_user_and_password("wms".into(), WMS_WORD.into());
        let client = options.connect(nats.url()).await.unwrap();
        Self {
            context: jetstream::new(client),
        }
    }

    /// All that its stream has, oldest first; nothing while there is no stream.
    pub(crate) async fn asked(&self) -> Vec<Asked> {
        let Ok(stream) = self.context.get_stream("ORDERHUB_NORTH_REQUESTS").await else {
            return Vec::new();
        };
        let mut asked = Vec::new();
        for number in 1..=stream.cached_info().state.last_sequence {
            let message = stream.get_raw_message(number).await.unwrap();
            let id = message.headers.get("Nats-Msg-Id");
            asked.push(Asked {
                subject: message.subject.to_string(),
                id: id.map(ToString::to_string).unwrap_or_default(),
                body: serde_json::from_slice(&message.payload).unwrap(),
            });
        }
        asked
    }

    /// Once it was asked so much: all of it.
    pub(crate) async fn until_asked(&self, count: usize) -> Vec<Asked> {
        let what = format!("the warehouse was asked {count} things");
        until(&what, AFTER_A_CRASH, || async {
            let asked = self.asked().await;
            (asked.len() >= count).then_some(asked)
        })
        .await
    }

    /// Says of work at HAM1 what it has done.
    pub(crate) async fn says(&self, fulfilment: &str, done: &str) {
        self.publishes(&report(fulfilment, "HAM1", done).to_string())
            .await;
    }

    /// Publishes anything, until the stream has it.
    pub(crate) async fn publishes(&self, body: &str) {
        let subject = "orderhub.warehouses.north.reports.HAM1";
        until("a stream takes the report", AFTER_A_CRASH, || async {
            let publish = PublishMessage::build().payload(body.to_owned().into());
            let sent = self.context.send_publish(subject, publish).await.ok()?;
            sent.await.ok()
        })
        .await;
    }
}

/// A report as the page describes it.
pub(crate) fn report(fulfilment: &str, location: &str, done: &str) -> Value {
    json!({
        "type": format!("fulfilment.{done}"), "timestamp": jiff::Timestamp::now().to_string(),
        "data": { "fulfilment": fulfilment, "location": location },
    })
}
