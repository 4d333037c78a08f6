//! Where values come from: a file's text, the environment, flags.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::Fault;

const PREFIX: &str = "ORDERHUB__";

/// Names that platforms inject, and the settings that they win over.
const WELL_KNOWN: [(&str, &str); 2] = [("DATABASE_URL", "store.url"), ("NATS_URL", "bus.url")];

/// Where each value came from, by path.
pub type Given = BTreeMap<String, String>;

/// What the configuration is read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file's text and its name for messages.
    pub file: Option<(String, String)>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// Settings by path, from flags: (`http.addr`, `127.0.0.1:80`).
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// This process's environment and, if there is one, this file.
    pub fn of_process(file: Option<&Path>) -> std::io::Result<Self> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let file = match file {
            None => None,
            Some(path) => Some((std::fs::read_to_string(path)?, path.display().to_string())),
        };
        Ok(Self {
            file,
            environment,
            flags: Vec::new(),
        })
    }

    /// One table of everything, later sources over earlier ones, and where each value is from.
    pub(super) fn merged(&self, faults: &mut Vec<Fault>) -> (Table, Given) {
        let mut given = Given::new();
        let mut table = Table::new();
        if let Some((text, name)) = &self.file {
            match text.parse::<Table>() {
                Ok(parsed) => table = parsed,
                Err(error) => {
                    let line = error
                        .span()
                        .map(|span| text[..span.start].lines().count().max(1));
                    let line = line.map_or(String::new(), |line| format!(", line {line}"));
                    // The parser's own text repeats the line, and the line may hold a secret.
                    let what = format!("is not valid TOML: {}", error.message());
                    faults.push(Fault {
                        at: format!("{name}{line}"),
                        what,
                    });
                }
            }
            note("", &table, name, &mut given);
        }
        for (name, path) in WELL_KNOWN {
            if let Some(value) = self.environment.get(name).filter(|value| !value.is_empty()) {
                let place: Vec<&str> = path.split('.').collect();
                set(&mut table, &place, value, name, &mut given, faults);
            }
        }
        for (name, value) in &self.environment {
            if let Some(rest) = name.strip_prefix(PREFIX) {
                let path = rest.to_ascii_lowercase();
                let place: Vec<&str> = path.split("__").collect();
                set(&mut table, &place, value, name, &mut given, faults);
            }
        }
        for (path, value) in &self.flags {
            let place: Vec<&str> = path.split('.').collect();
            set(&mut table, &place, value, "flag", &mut given, faults);
        }
        (table, given)
    }
}

/// Remembers that the file gave every value below `at`.
fn note(at: &str, table: &Table, name: &str, given: &mut Given) {
    for (key, value) in table {
        let path = if at.is_empty() {
            key.clone()
        } else {
            format!("{at}.{key}")
        };
        match value {
            Value::Table(inner) => note(&path, inner, name, given),
            _ => {
                given.insert(path, name.to_owned());
            }
        }
    }
}

fn set(
    table: &mut Table,
    place: &[&str],
    value: &str,
    source: &str,
    given: &mut Given,
    faults: &mut Vec<Fault>,
) {
    let [section, key] = place else {
        let what = "names no setting; the form is ORDERHUB__SECTION__KEY".to_owned();
        faults.push(Fault {
            at: source.to_owned(),
            what,
        });
        return;
    };
    let section = table
        .entry(*section)
        .or_insert_with(|| Value::Table(Table::new()));
    let Value::Table(section) = section else {
        let what = "names a list; lists are set in the file only".to_owned();
        faults.push(Fault {
            at: source.to_owned(),
            what,
        });
        return;
    };
    section.insert((*key).to_owned(), Value::String(value.to_owned()));
    given.insert(place.join("."), source.to_owned());
}
