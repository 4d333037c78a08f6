//! Which open orders have news: only those are looked at one by one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Which orders changed since they were looked at, and how they looked.
#[derive(Default)]
pub(super) struct Watch {
    known: BTreeMap<String, Known>,
}

struct Known {
    /// As the list says.
    listed: u64,
    /// As the order itself said when it was looked at.
    seen: u64,
    order: Value,
}

impl Watch {
    /// What the list of open orders says: ids and versions.
    pub(super) fn look(&mut self, open: &[(String, u64)]) {
        let listed: BTreeMap<_, _> = open.iter().cloned().collect();
        self.known.retain(|id, _| listed.contains_key(id));
        for (id, version) in listed {
            let unseen = Known {
                listed: version,
                seen: 0,
                order: Value::Null,
            };
            self.known.entry(id).or_insert(unseen).listed = version;
        }
    }

    /// The orders to be looked at: the list knows more of them.
    pub(super) fn changed(&self) -> Vec<String> {
        let changed = self
            .known
            .iter()
            .filter(|(_, known)| known.listed > known.seen);
        changed.map(|(id, _)| id.clone()).collect()
    }

    /// An order as it was looked at.
    pub(super) fn seen(&mut self, id: &str, order: &Value) {
        if let Some(known) = self.known.get_mut(id) {
            known.seen = order["version"].as_u64().unwrap_or(known.seen);
            // Only the fulfilments matter; the rest would fill the memory.
            known.order = json!({ "fulfilments": order["fulfilments"] });
        }
    }

    /// All open orders as they were looked at last.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Value> {
        self.known.values().map(|known| &known.order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_looked_at_once_per_version_and_forgotten_with_its_end() {
        let mut watch = Watch::default();
        watch.look(&[("ord_1".to_owned(), 3)]);
        assert_eq!(watch.changed(), ["ord_1"]);
        watch.seen(
            "ord_1",
            &json!({"version": 4, "fulfilments": [{"id": "ful_1"}], "lines": []}),
        );
        assert!(watch.changed().is_empty());
        let shown: Vec<&Value> = watch.shown().collect();
        assert_eq!(shown, [&json!({"fulfilments": [{"id": "ful_1"}]})]);
        watch.look(&[("ord_1".to_owned(), 5)]);
        assert_eq!(watch.changed(), ["ord_1"]);
        watch.look(&[]);
        assert_eq!(watch.shown().count(), 0);
    }
}
