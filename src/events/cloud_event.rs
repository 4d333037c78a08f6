//! The message that an entry of a log becomes: `CloudEvents` 1.0, structured JSON.

use bytes::Bytes;
use jiff::Timestamp;
use orderhub_domain::ids::OrderId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::store::{Entry, Logged, LoggedEntry, LoggedEvent, LoggedStock};

/// An entry of a log as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// `order.received.v1`.
    pub(crate) kind: String,
    /// The event's public id, the same in every repeat.
    pub(crate) id: Uuid,
    /// Where it is published: bounded in number, so it names no order.
    pub(crate) subject: String,
    /// Its place in a trace, after the W3C's recommendation.
    pub(crate) traceparent: String,
    /// The envelope.
    pub(crate) body: Bytes,
}

/// What all messages of a process have in common.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    /// The node's name.
    pub(crate) node: String,
    /// The database's generation.
    pub(crate) generation: i32,
}

/// The root of the ids of changes of stock; its own value has no meaning.
const LOCATIONS: Uuid = Uuid::from_u128(0x6f72_6465_7268_7562_0000_0073_746f_636b);

/// What is said of every entry.
struct About {
    id: Uuid,
    /// `order.received.v1`.
    kind: String,
    subject: String,
    time: Timestamp,
    sequence: i64,
    /// What the entries of one log have in common that must stay in order.
    partition_key: String,
    trace: Uuid,
    data: Value,
}

impl Envelope {
    /// Wraps an entry.
    pub(crate) fn wrap(&self, logged: &Logged) -> Message {
        match &logged.entry {
            Entry::Event(event) => self.wrap_event(event, logged.recorded_at),
            Entry::Stock(stock) => self.wrap_stock(stock, logged.seq, logged.recorded_at),
            Entry::Logbook(entry) => self.wrap_entry(entry, logged.seq, logged.recorded_at),
        }
    }

    fn wrap_event(&self, event: &LoggedEvent, recorded_at: Timestamp) -> Message {
        let order = event.order.to_string();
        let channel = event.channel.as_deref().unwrap_or("unknown");
        let (entity, name) = event
            .kind
            .split_once('.')
            .unwrap_or(("order", event.kind.as_str()));
        // One stored event is one message, so its index is always 0.
        let id = format!("event:{}:0:{}", event.version, self.generation);
        let about = About {
            id: Uuid::new_v5(&event.order.uuid(), id.as_bytes()),
            kind: format!("{entity}.{name}.v{}", event.schema),
            subject: order.clone(),
            time: event.occurred_at.unwrap_or(recorded_at),
            sequence: event.version,
            partition_key: order.clone(),
            trace: event.order.uuid(),
            data: public(event.body.clone()),
        };
        let own = json!({ "correlationid": order, "channel": channel, "actor": event.actor });
        let subject = format!(
            "orderhub.evt.{}.{}.{}.p{:02}",
            token(entity),
            token(name),
            token(channel),
            event.order.shard().0 / 4,
        );
        self.message(about, own, subject)
    }

    fn wrap_stock(&self, stock: &LoggedStock, seq: i64, recorded_at: Timestamp) -> Message {
        let location = Uuid::new_v5(&LOCATIONS, stock.location.as_str().as_bytes());
        let id = format!("stock:{seq}:{}", self.generation);
        let mut data = json!({
            "location": stock.location,
            "sku": stock.sku,
            "seq": seq,
            "d_on_hand": stock.d_on_hand,
            "d_reserved": stock.d_reserved,
            "d_allocated": stock.d_allocated,
            "cause": stock.cause,
        });
        let mut own = json!({});
        if let Some(order) = &stock.order {
            data["order_id"] = order.to_string().into();
            own["correlationid"] = order.to_string().into();
        }
        let about = About {
            id: Uuid::new_v5(&location, id.as_bytes()),
            kind: "inventory.stock_changed.v1".to_owned(),
            subject: format!("{}/{}", stock.location, stock.sku),
            time: recorded_at,
            sequence: seq,
            partition_key: stock.location.to_string(),
            trace: stock.order.map_or(location, OrderId::uuid),
            data,
        };
        // Stock belongs to no channel.
        let part = location.as_bytes()[0] / 4;
        let subject = format!("orderhub.evt.inventory.stock_changed._.p{part:02}");
        self.message(about, own, subject)
    }

    /// A logbook's places are its own, so its key is another one than that of the location's changes of stock.
    fn wrap_entry(&self, entry: &LoggedEntry, seq: i64, recorded_at: Timestamp) -> Message {
        let location = Uuid::new_v5(&LOCATIONS, entry.location.as_str().as_bytes());
        let id = format!("logbook:{seq}:{}", self.generation);
        let mut data = entry.body.clone();
        data["location"] = entry.location.as_str().into();
        data["seq"] = seq.into();
        data["after_seq"] = entry.after_seq.into();
        let sku = entry.sku.as_ref().map(|sku| format!("/{sku}"));
        let about = About {
            id: Uuid::new_v5(&location, id.as_bytes()),
            kind: format!("{}.v1", entry.kind),
            subject: format!("{}{}", entry.location, sku.unwrap_or_default()),
            time: recorded_at,
            sequence: seq,
            partition_key: format!("{}/logbook", entry.location),
            trace: location,
            data,
        };
        let name = entry.kind.rsplit('.').next().unwrap_or_default();
        let part = location.as_bytes()[0] / 4;
        let subject = format!("orderhub.evt.inventory.{}._.p{part:02}", token(name));
        self.message(about, json!({}), subject)
    }

    /// `own` are the attributes that only this kind of entry has.
    fn message(&self, about: About, own: Value, subject: String) -> Message {
        let traceparent = traceparent(about.trace, about.id);
        let mut body = json!({
            "specversion": "1.0",
            "id": about.id,
            "source": format!("/orderhub/{}", self.node),
            "type": format!("io.orderhub.{}", about.kind),
            "subject": about.subject,
            "time": about.time,
            "datacontenttype": "application/json",
            "dataschema": format!("/schemas/{}.json", about.kind),
            "sequence": about.sequence.to_string(),
            "partitionkey": about.partition_key,
            "traceparent": traceparent,
        });
        body["data"] = about.data;
        if let (Value::Object(body), Value::Object(own)) = (&mut body, own) {
            body.extend(own);
        }
        Message {
            kind: about.kind,
            id: about.id,
            subject,
            traceparent,
            body: Bytes::from(body.to_string()),
        }
    }
}

/// An order's whole life is one trace, whose id is the order's; each of its events and changes of
/// stock is a span of it, named by the first half of its id. Marked as sampled, so that consumers whose samplers follow their
/// parent record what they do about it.
fn traceparent(trace: Uuid, event: Uuid) -> String {
    let (span, _) = event.as_u64_pair();
    format!("00-{}-{span:016x}-01", trace.simple())
}

/// The body without the gateway's tokens of means of payment: nobody but the hub has a use for them.
fn public(mut body: Value) -> Value {
    let tenders = body.pointer_mut("/draft/tenders");
    for tender in tenders.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(terms) = tender.get_mut("terms").and_then(Value::as_object_mut) {
            terms.remove("token");
        }
    }
    body
}

/// A subject's token: neither dots nor wildcards nor white space.
fn token(text: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let text: String = text
        .chars()
        .map(|c| if legal(c) { c } else { '_' })
        .collect();
    if text.is_empty() { "_".into() } else { text }
}

#[cfg(test)]
mod tests {
    use orderhub_domain::ids::{LocationCode, ShardId, Sku};

    use crate::store::Log;

    use super::*;

    fn order() -> OrderId {
        OrderId::new(0, [1; 8], [255, 0])
    }

    fn logged(log: Log, entry: Entry) -> Logged {
        let at = "2026-11-20T09:00:00Z".parse().expect("a time");
        Logged {
            log,
            seq: 9,
            recorded_at: at,
            read_at: at,
            entry,
        }
    }

    fn event_at(version: i64) -> Logged {
        let event = LoggedEvent {
            order: order(),
            version,
            kind: "order.received".into(),
            schema: 1,
            actor: "system".into(),
            occurred_at: None,
            body: json!({"draft": {"tenders": [
                {"terms": {"kind": "to_authorize", "gateway": "g", "token": "pm_secret"}}
            ]}}),
            channel: Some("shop.de *".into()),
        };
        logged(Log::Shard(ShardId(255)), Entry::Event(event))
    }

    fn event() -> Logged {
        event_at(3)
    }

    fn stock(order: Option<OrderId>) -> Logged {
        let location = LocationCode("BER1".into());
        let stock = LoggedStock {
            location: location.clone(),
            sku: Sku("A/1".into()),
            d_on_hand: 0,
            d_reserved: 2,
            d_allocated: 0,
            cause: "reserve".into(),
            order,
        };
        logged(Log::Location(location), Entry::Stock(stock))
    }

    #[test]
    fn a_subject_has_six_tokens_whatever_the_channel_is_called() {
        let envelope = Envelope {
            node: "n".into(),
            generation: 1,
        };
        let message = envelope.wrap(&event());
        assert_eq!(message.subject, "orderhub.evt.order.received.shop_de__.p63");
    }

    #[test]
    fn an_id_is_the_same_in_every_repeat_and_another_after_a_restore() {
        let before = Envelope {
            node: "n".into(),
            generation: 1,
        };
        let restored = Envelope {
            node: "m".into(),
            generation: 2,
        };
        let elsewhere = Envelope {
            node: "m".into(),
            ..before.clone()
        };
        assert_eq!(before.wrap(&event()).id, elsewhere.wrap(&event()).id);
        assert_ne!(before.wrap(&event()).id, restored.wrap(&event()).id);
        assert_ne!(before.wrap(&event()).id, before.wrap(&event_at(4)).id);
        let stock = stock(None);
        assert_eq!(before.wrap(&stock).id, elsewhere.wrap(&stock).id);
        assert_ne!(before.wrap(&stock).id, restored.wrap(&stock).id);
    }

    #[test]
    fn events_of_an_order_are_spans_of_its_trace() {
        let envelope = Envelope {
            node: "n".into(),
            generation: 1,
        };
        let message = envelope.wrap(&event());
        let order = order().uuid().simple().to_string();
        let span = message.id.simple().to_string();
        let expected = format!("00-{order}-{}-01", &span[..16]);
        assert_eq!(message.traceparent, expected);
        let sent: Value = serde_json::from_slice(&message.body).expect("JSON");
        assert_eq!(sent["traceparent"], expected);
    }

    #[test]
    fn a_change_of_stock_says_what_moved_where_and_for_whom() {
        let envelope = Envelope {
            node: "n".into(),
            generation: 1,
        };
        let message = envelope.wrap(&stock(Some(order())));
        let sent: Value = serde_json::from_slice(&message.body).expect("JSON");
        let order = order().to_string();
        assert_eq!(sent["type"], "io.orderhub.inventory.stock_changed.v1");
        assert_eq!(
            (&sent["subject"], &sent["sequence"]),
            (&"BER1/A/1".into(), &"9".into())
        );
        assert_eq!(
            (&sent["partitionkey"], &sent["correlationid"]),
            (&"BER1".into(), &order.as_str().into())
        );
        assert_eq!(sent.get("channel"), None);
        let data = json!({ "location": "BER1", "sku": "A/1", "seq": 9, "d_on_hand": 0,
                           "d_reserved": 2, "d_allocated": 0, "cause": "reserve", "order_id": order });
        assert_eq!(sent["data"], data);
        let nobodys = envelope.wrap(&stock(None));
        let sent: Value = serde_json::from_slice(&nobodys.body).expect("JSON");
        assert_eq!(
            (sent.get("correlationid"), sent["data"].get("order_id")),
            (None, None)
        );
        // A location's messages share a subject, whatever they are about.
        assert_eq!(message.subject, nobodys.subject);
        assert!(
            message
                .subject
                .starts_with("orderhub.evt.inventory.stock_changed._.p")
        );
    }

    #[test]
    fn an_entry_of_a_logbook_is_no_change_of_stock_at_the_same_place() {
        let envelope = Envelope {
            node: "n".into(),
            generation: 1,
        };
        let location = LocationCode("BER1".into());
        let entry = LoggedEntry {
            location: location.clone(),
            after_seq: 7,
            kind: "inventory.availability_changed".into(),
            sku: Some(Sku("A/1".into())),
            body: json!({"sku": "A/1", "version": 2, "available": 5}),
        };
        let message = envelope.wrap(&logged(Log::Logbook(location), Entry::Logbook(entry)));
        assert_ne!(message.id, envelope.wrap(&stock(None)).id);
        let sent: Value = serde_json::from_slice(&message.body).expect("JSON");
        assert_eq!(
            sent["type"],
            "io.orderhub.inventory.availability_changed.v1"
        );
        assert_eq!(
            (&sent["subject"], &sent["partitionkey"], &sent["sequence"]),
            (&"BER1/A/1".into(), &"BER1/logbook".into(), &"9".into())
        );
        let data = json!({"location": "BER1", "seq": 9, "after_seq": 7, "sku": "A/1",
                          "version": 2, "available": 5});
        assert_eq!(sent["data"], data);
        let subject = "orderhub.evt.inventory.availability_changed._.p";
        assert!(message.subject.starts_with(subject), "{}", message.subject);
    }

    #[test]
    fn a_means_of_payment_stays_inside() {
        let envelope = Envelope {
            node: "n".into(),
            generation: 1,
        };
        let body = envelope.wrap(&event()).body;
        let sent: Value = serde_json::from_slice(&body).expect("JSON");
        let terms = &sent["data"]["draft"]["tenders"][0]["terms"];
        assert_eq!(*terms, json!({"kind": "to_authorize", "gateway": "g"}));
    }
}
