//! The texts of an order's cells, by their places in the canonical form, each with the row that it came from:
//! the way there as JSON, and the way back from a pointer.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::columns::{Kind, Step};

/// A text, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) kind: Kind,
    pub(super) row: u64,
}

/// A part of an order: a text, an object or a list. The columns see to it that it is one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tree {
    said: Option<Said>,
    members: BTreeMap<String, Tree>,
    /// By the numbers of their columns. Numbers that are left out leave no gap in the list.
    items: BTreeMap<usize, Tree>,
}

impl Tree {
    /// Puts a text in its place. `false`: another one stands there.
    pub(super) fn put(&mut self, path: &[Step], said: Said) -> bool {
        match path.split_first() {
            Some((Step::Member(name), rest)) => {
                let member = self.members.entry(name.clone()).or_default();
                member.put(rest, said)
            }
            Some((Step::Item(number), rest)) => {
                let item = self.items.entry(*number).or_default();
                item.put(rest, said)
            }
            None => {
                let known = self.said.get_or_insert_with(|| said.clone());
                known.text == said.text
            }
        }
    }

    /// A member, if anything is said of it.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        self.members.get(name)
    }

    /// The text of a member.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let said = self.member(name)?.said.as_ref()?;
        Some(&said.text)
    }

    /// As JSON.
    pub(super) fn json(&self) -> Value {
        match &self.said {
            Some(said) => said.json(),
            None if self.items.is_empty() => {
                let member = |(name, tree): (&String, &Self)| (name.clone(), tree.json());
                Value::Object(self.members.iter().map(member).collect::<Map<_, _>>())
            }
            None => self.items.values().map(Self::json).collect(),
        }
    }

    /// The names and numbers of the columns on the way to a place, and the row that says what stands there.
    pub(super) fn way<'a>(
        &self,
        segments: impl Iterator<Item = &'a str>,
    ) -> (Vec<String>, Option<u64>) {
        let mut here = Some(self);
        let mut names = Vec::new();
        for segment in segments {
            let place = segment.parse::<usize>().ok();
            let item = here.and_then(|tree| tree.items.iter().nth(place?));
            let is_list = here.is_none_or(|tree| tree.members.is_empty());
            if let Some((number, tree)) = item {
                names.push(number.to_string());
                here = Some(tree);
                continue;
            }
            match place.filter(|_| is_list) {
                // An item that is missing is counted from 1 all the same.
                Some(place) => names.push((place + 1).to_string()),
                None => names.push(segment.replace("~1", "/").replace("~0", "~")),
            }
            let name = names.last();
            here = here.and_then(|tree| tree.members.get(name?));
        }
        let said = here.and_then(|tree| tree.said.as_ref());
        (names, said.map(|said| said.row))
    }
}

impl Said {
    fn json(&self) -> Value {
        let text = || Value::from(self.text.as_str());
        match (self.kind, self.text.as_str()) {
            // Spreadsheets write them in capitals.
            (Kind::Flag, "true" | "TRUE") => true.into(),
            (Kind::Flag, "false" | "FALSE") => false.into(),
            (Kind::Count, number) => number.parse::<u64>().map_or_else(|_| text(), Value::from),
            _ => text(),
        }
    }
}
