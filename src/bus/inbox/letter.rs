//! What a message of the inbox says: its subject names the channel, its `Nats-Msg-Id` the request,
//! its body is the order.

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::Message;
use bytes::Bytes;
use orderhub_domain::ids::{CommandId, Slug};
use orderhub_domain::order::{REPLY_SCHEMA, Request};

use crate::http::limits::JSON_BYTES;
use crate::http::problem::Problem;
use crate::intake::{Desk, Sender, Taken, usable_key};

/// Where orders come from.
const IN: &str = "orderhub.in.";
/// Where verdicts go. Outside of what the stream collects.
const OUT: &str = "orderhub.in-result.";

/// A message, as the desk needs it.
#[derive(Debug)]
pub(super) struct Letter {
    /// The subject's last part.
    channel: Slug,
    msg_id: MsgId,
    body: Bytes,
}

#[derive(Debug)]
enum MsgId {
    /// The order's natural key serves.
    None,
    Usable(String),
    /// It cannot be a key.
    Unusable(String),
}

impl Letter {
    pub(super) fn of(message: &Message) -> Self {
        Self::new(
            message.subject.as_str(),
            message.headers.as_ref(),
            message.payload.clone(),
        )
    }

    fn new(subject: &str, headers: Option<&HeaderMap>, body: Bytes) -> Self {
        let channel = subject.strip_prefix(IN).unwrap_or(subject);
        let mut ids = headers
            .into_iter()
            .flat_map(|headers| headers.get_all(NATS_MESSAGE_ID))
            // The bus, too, takes an empty one for none.
            .filter(|id| !id.as_str().is_empty());
        let msg_id = match (ids.next(), ids.next()) {
            (None, _) => MsgId::None,
            (Some(id), None) => usable_key(id.as_str()).map_or_else(
                || MsgId::Unusable(id.as_str().to_owned()),
                |key| MsgId::Usable(key.to_owned()),
            ),
            (Some(id), Some(_)) => MsgId::Unusable(id.as_str().to_owned()),
        };
        Self {
            channel: Slug::from(channel),
            msg_id,
            body,
        }
    }

    /// The message's id, if it has one.
    pub(super) fn msg_id(&self) -> Option<&str> {
        match &self.msg_id {
            MsgId::None => None,
            MsgId::Usable(id) | MsgId::Unusable(id) => Some(id),
        }
    }

    /// Where its verdict goes.
    pub(super) fn result_subject(&self) -> String {
        format!("{OUT}{}", self.channel)
    }

    /// Brings the order to the desk.
    pub(super) async fn take_to(&self, desk: &Desk) -> Result<Taken, Problem> {
        desk.direct(&self.channel)?;
        if self.body.len() > JSON_BYTES {
            let detail = format!("The order has more than {JSON_BYTES} bytes.");
            return Err(Problem::new("too_large", detail));
        }
        desk.take(self, &self.body).await
    }
}

impl Sender for Letter {
    fn actor(&self) -> String {
        "inbox".to_owned()
    }

    fn check_channel(&self, channel: &Slug) -> Result<(), Problem> {
        if *channel == self.channel {
            return Ok(());
        }
        let hint = format!("{}, the channel of the subject", self.channel);
        Err(Problem::at("/channel", "invalid_value", hint))
    }

    /// No API key's id is `inbox`: those are hexadecimal.
    fn request(&self, target: &str, body_hash: &str) -> Result<Option<Request>, Problem> {
        let key = match &self.msg_id {
            MsgId::None => return Ok(None),
            MsgId::Usable(key) => key,
            MsgId::Unusable(_) => {
                let detail =
                    "Nats-Msg-Id must be given once, as 1 to 255 visible ASCII characters.";
                return Err(Problem::new("idempotency_key_invalid", detail));
            }
        };
        Ok(Some(Request {
            command_id: CommandId::of_request("inbox", "PUB", IN, target, key),
            body_hash: body_hash.to_owned(),
            reply_schema: REPLY_SCHEMA,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(ids: &[&str]) -> Letter {
        let mut headers = HeaderMap::new();
        for id in ids {
            headers.append(NATS_MESSAGE_ID, *id);
        }
        Letter::new("orderhub.in.web", Some(&headers), Bytes::new())
    }

    #[test]
    fn a_message_id_is_a_key_of_the_order_that_it_reaches() {
        let of = |id: &str, target: &str| {
            let request = letter(&[id]).request(target, "hash").expect("a usable key");
            request.expect("a request").command_id
        };
        assert_eq!(of("m-1", "web/1"), of("m-1", "web/1"));
        assert_ne!(of("m-1", "web/1"), of("m-1", "web/2"));
        assert_ne!(of("m-1", "web/1"), of("m-2", "web/1"));
    }

    #[test]
    fn a_message_without_an_id_is_no_request_and_an_unusable_one_is_refused() {
        for none in [&[][..], &[""]] {
            let letter = letter(none);
            assert_eq!(letter.request("t", "h").expect("fine"), None);
            assert_eq!(letter.msg_id(), None);
        }
        let long = "x".repeat(256);
        for unusable in [&["über"][..], &[long.as_str()], &["a", "b"]] {
            let refused = letter(unusable).request("t", "h").expect_err("a refusal");
            assert_eq!(refused.code(), "idempotency_key_invalid");
        }
    }

    #[test]
    fn body_and_subject_must_name_the_same_channel() {
        let letter = letter(&[]);
        assert!(letter.check_channel(&Slug::from("web")).is_ok());
        let refused = letter.check_channel(&Slug::from("app"));
        assert_eq!(
            refused.expect_err("a refusal").errors()[0].pointer,
            "/channel"
        );
        assert_eq!(letter.result_subject(), "orderhub.in-result.web");
    }
}
