//! Answers of a vendor's own API, where they are read in place of the one order that a message holds: an object
//! or a list around one order or several, as whoever copies an answer, or sends one on, has it. Each order is
//! read by itself, so that a bad one loses nothing else. Pure.
//!
//! Not here: pages that a poll asks for. They are opened where they are asked for.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::taken::{NotTaken, unknown};
use crate::port::Inbound;

/// How a vendor's answers hold its orders.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answers {
    /// Members of which every order has one, and nothing around an order.
    pub(super) of_order: &'static [&'static str],
    /// Where an answer holds an order or a list of them: members, with `/` between.
    pub(super) at: &'static [&'static str],
}

impl Answers {
    /// What a body says that `whole` reads; of an answer what `one` reads of each of its orders. An order on
    /// its own, where `whole` needs more than that, is read by `one` as well.
    pub(super) fn each<W, O>(
        self,
        body: &[u8],
        whole: impl Fn(&[u8]) -> Result<W, NotTaken>,
        one: impl Fn(&[u8]) -> Result<O, NotTaken>,
    ) -> Vec<Inbound>
    where
        W: IntoIterator<Item = Inbound>,
        O: IntoIterator<Item = Inbound>,
    {
        let why = match whole(body) {
            Ok(read) => return read.into_iter().collect(),
            Err(why) => why,
        };
        // What is not known to the hub was read, and is no answer.
        let (NotTaken::Unreadable(_), Some(orders)) = (&why, self.opened(body)) else {
            return vec![why.into()];
        };
        if orders.is_empty() {
            return vec![unknown("answer:no_order").into()];
        }
        let mut items = Vec::new();
        for order in orders {
            if !self.is_order(order) {
                items.push(unknown("answer:not_an_order").into());
                continue;
            }
            match one(order.get().as_bytes()) {
                Ok(read) => items.extend(read),
                Err(why) => items.push(why.into()),
            }
        }
        items
    }

    /// Whether a body is an order, or an answer that holds one.
    pub(super) fn hold(self, body: &[u8]) -> bool {
        let orders = self.opened(body).unwrap_or_default();
        orders.iter().any(|order| self.is_order(order))
    }

    /// What becomes of a message that is none of those which the vendor sends, for this reason: an answer, or
    /// an order on its own, is kept by name, because nobody here has asked for it.
    pub(super) fn unasked(self, body: &[u8], why: NotTaken) -> Inbound {
        if matches!(why, NotTaken::Unreadable(_)) && self.hold(body) {
            return unknown("answer:not_asked_for").into();
        }
        why.into()
    }

    /// The orders of an answer, or the order that the body is; none for what is neither.
    fn opened(self, body: &[u8]) -> Option<Vec<&RawValue>> {
        let body: &RawValue = serde_json::from_slice(body).ok()?;
        if body.get().starts_with('[') {
            return held(body);
        }
        if self.is_order(body) {
            return Some(vec![body]);
        }
        self.at.iter().find_map(|path| held(within(body, path)?))
    }

    fn is_order(self, body: &RawValue) -> bool {
        let members = members(body);
        members.is_some_and(|members| self.of_order.iter().any(|own| members.contains_key(*own)))
    }
}

fn members(body: &RawValue) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(body.get()).ok()
}

/// The member at a path.
fn within<'a>(body: &'a RawValue, path: &str) -> Option<&'a RawValue> {
    let step = |at: &'a RawValue, name: &str| members(at)?.remove(name);
    path.split('/').try_fold(body, step)
}

/// The things in a list, or the one that stands there without one.
fn held(at: &RawValue) -> Option<Vec<&RawValue>> {
    match at.get().as_bytes().first() {
        Some(b'[') => serde_json::from_str(at.get()).ok(),
        Some(b'{') => Some(vec![at]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::taken::unreadable;
    use super::*;

    const ANSWERS: Answers = Answers {
        of_order: &["id"],
        at: &["order", "data/orders"],
    };

    /// Reads an order whose id is a text.
    fn read(body: &[u8]) -> Result<[Inbound; 1], NotTaken> {
        #[derive(serde::Deserialize)]
        struct Order {
            id: String,
        }
        let order: Order = serde_json::from_slice(body).map_err(|_| unreadable("id"))?;
        let topic = order.id;
        Ok([Inbound::Unknown { topic }])
    }

    fn said(body: &str) -> Vec<String> {
        let items = ANSWERS.each(body.as_bytes(), read, read).into_iter();
        let text = |item| match item {
            Inbound::Unknown { topic } => topic,
            Inbound::Unreadable { reason } => reason,
            other => panic!("{other:?}"),
        };
        items.map(text).collect()
    }

    #[test]
    fn an_order_is_found_wherever_an_answer_holds_it() {
        for body in [
            r#"{"id":"a"}"#,
            r#"{"order":{"id":"a"}}"#,
            r#"{"data":{"orders":[{"id":"a"}]},"more":true}"#,
            r#" [ {"id":"a"} ] "#,
        ] {
            assert_eq!(said(body), ["a"], "{body}");
        }
    }

    #[test]
    fn a_bad_order_of_an_answer_loses_nothing_else() {
        let body = r#"{"data":{"orders":[{"id":"a"},{"id":7},{"name":"b"},null,{"id":"c"}]}}"#;
        let neither = "answer:not_an_order";
        let wanted = ["a", "id cannot be read", neither, neither, "c"];
        assert_eq!(said(body), wanted);
    }

    #[test]
    fn an_order_that_cannot_be_read_is_not_searched_for_others() {
        let body = r#"{"id":7,"order":{"id":"a"}}"#;
        assert_eq!(said(body), ["id cannot be read"]);
    }

    #[test]
    fn an_answer_without_an_order_is_kept_by_name_and_what_is_none_as_it_was() {
        for body in ["[]", r#"{"data":{"orders":[]}}"#] {
            assert_eq!(said(body), ["answer:no_order"], "{body}");
        }
        for body in [
            "{}",
            "7",
            "{",
            r#"{"data":{"orders":null}}"#,
            r#"{"order":"a"}"#,
        ] {
            assert_eq!(said(body), ["id cannot be read"], "{body}");
        }
    }

    #[test]
    fn an_answer_that_nobody_asked_for_is_kept_by_name() {
        let kept = |body: &str| ANSWERS.unasked(body.as_bytes(), unreadable("type"));
        let topic = "answer:not_asked_for".to_owned();
        assert_eq!(kept(r#"{"order":{"id":"a"}}"#), Inbound::Unknown { topic });
        let reason = "type cannot be read".to_owned();
        assert_eq!(kept(r#"{"other":1}"#), Inbound::Unreadable { reason });
    }
}
