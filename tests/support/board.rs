//! The shipped dashboard, as Grafana reads it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::prometheus::shipped;

/// A panel that asks something.
#[derive(Debug, Clone)]
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) json: Value,
    /// Its queries, as they are written.
    pub(crate) exprs: Vec<String>,
}

/// The dashboard's JSON.
pub(crate) fn board() -> Value {
    let text = std::fs::read_to_string(shipped("overview.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// All panels but the headings of rows.
pub(crate) fn panels(board: &Value) -> Vec<Panel> {
    let all = board["panels"].as_array().unwrap().iter();
    let asking = all.filter(|panel| panel["type"] != "row");
    asking
        .map(|panel| {
            let targets = panel["targets"].as_array().unwrap().iter();
            Panel {
                title: panel["title"].as_str().unwrap_or_default().to_owned(),
                json: panel.clone(),
                exprs: targets
                    .map(|target| target["expr"].as_str().unwrap().to_owned())
                    .collect(),
            }
        })
        .collect()
}

/// A query with its variables replaced as Grafana does it for "All", at a scrape every second.
pub(crate) fn filled_in(expr: &str) -> String {
    expr.replace("$job", ".+")
        .replace("$instance", ".+")
        .replace("$__rate_interval", "15s")
        .replace("$__range", "1h")
}

/// The metrics that a query names: what is neither a function, a keyword, a label nor a text.
pub(crate) fn metrics_of(expr: &str) -> BTreeSet<String> {
    const WORDS: [&str; 6] = ["and", "or", "unless", "offset", "bool", "inf"];
    let mut rest = String::new();
    let (mut quoted, mut inside) = (false, 0);
    for c in expr.chars() {
        match c {
            '"' => quoted = !quoted,
            '{' | '[' if !quoted => inside += 1,
            '}' | ']' if !quoted => inside -= 1,
            c if !quoted && inside == 0 => rest.push(c),
            _ => {}
        }
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut found = BTreeSet::new();
    let mut rest = rest.as_str();
    while let Some(start) = rest.find(is_name) {
        let (_, from) = rest.split_at(start);
        let end = from.find(|c| !is_name(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        rest = after;
        if [
            "by",
            "without",
            "on",
            "ignoring",
            "group_left",
            "group_right",
        ]
        .contains(&word)
        {
            // The labels that follow are none of ours.
            rest = after.split_once(')').map_or("", |(_, rest)| rest);
        } else if word.starts_with(|c: char| !c.is_ascii_digit())
            && !["(", "by", "without"]
                .iter()
                .any(|next| after.trim_start().starts_with(next))
            && !WORDS.contains(&word)
        {
            found.insert(word.to_owned());
        }
    }
    found
}
