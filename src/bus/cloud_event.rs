//! The message that an event becomes: `CloudEvents` 1.0, structured JSON.

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::store::LoggedEvent;

/// An event as it is sent.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// The event's public id, the same in every repeat.
    pub(super) id: Uuid,
    /// Where it is published: bounded in number, so it names no order.
    pub(super) subject: String,
    /// Its place in a trace, after the W3C's recommendation.
    pub(super) traceparent: String,
    /// The envelope.
    pub(super) body: Bytes,
}

/// What all events of a process have in common.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    /// The node's name.
    pub(super) node: String,
    /// The database's generation.
    pub(super) generation: i32,
}

impl Envelope {
    /// Wraps an event.
    pub(super) fn wrap(&self, event: &LoggedEvent) -> Message {
        let id = self.id_of(event);
        let order = event.order.to_string();
        let channel = event.channel.as_deref().unwrap_or("unknown");
        let (entity, name) = event
            .kind
            .split_once('.')
            .unwrap_or(("order", event.kind.as_str()));
        let kind = format!("{entity}.{name}.v{}", event.schema);
        let traceparent = traceparent(event.order.uuid(), id);
        let body = json!({
            "specversion": "1.0",
            "id": id,
            "source": format!("/orderhub/{}", self.node),
            "type": format!("io.orderhub.{kind}"),
            "subject": order,
            "time": event.occurred_at.unwrap_or(event.recorded_at),
            "datacontenttype": "application/json",
            "dataschema": format!("/schemas/{kind}.json"),
            "sequence": event.version.to_string(),
            "partitionkey": order,
            "correlationid": order,
            "traceparent": traceparent,
            "channel": channel,
            "actor": event.actor,
            "data": public(event.body.clone()),
        });
        let subject = format!(
            "orderhub.evt.{}.{}.{}.p{:02}",
            token(entity),
            token(name),
            token(channel),
            event.shard.0 / 4,
        );
        Message {
            id,
            subject,
            traceparent,
            body: Bytes::from(body.to_string()),
        }
    }

    /// One stored event is one message, so its index is always 0.
    fn id_of(&self, event: &LoggedEvent) -> Uuid {
        let name = format!("event:{}:0:{}", event.version, self.generation);
        Uuid::new_v5(&event.order.uuid(), name.as_bytes())
    }
}

/// An order's whole life is one trace, whose id is the order's; each event is a span of it, named
/// by the first half of its id. Marked as sampled, so that consumers whose samplers follow their
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
    use orderhub_domain::ids::{OrderId, ShardId};

    use super::*;

    fn event() -> LoggedEvent {
        let at = "2026-11-20T09:00:00Z".parse().expect("a time");
        LoggedEvent {
            shard: ShardId(255),
            seq: 9,
            order: OrderId::new(0, [1; 8], [255, 0]),
            version: 3,
            kind: "order.received".into(),
            schema: 1,
            actor: "system".into(),
            occurred_at: None,
            recorded_at: at,
            body: json!({"draft": {"tenders": [
                {"terms": {"kind": "to_authorize", "gateway": "g", "token": "pm_secret"}}
            ]}}),
            channel: Some("shop.de *".into()),
            read_at: at,
        }
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
        let next = LoggedEvent {
            version: 4,
            ..event()
        };
        assert_ne!(before.wrap(&event()).id, before.wrap(&next).id);
    }

    #[test]
    fn events_of_an_order_are_spans_of_its_trace() {
        let envelope = Envelope {
            node: "n".into(),
            generation: 1,
        };
        let message = envelope.wrap(&event());
        let order = event().order.uuid().simple().to_string();
        let span = message.id.simple().to_string();
        let expected = format!("00-{order}-{}-01", &span[..16]);
        assert_eq!(message.traceparent, expected);
        let sent: Value = serde_json::from_slice(&message.body).expect("JSON");
        assert_eq!(sent["traceparent"], expected);
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
