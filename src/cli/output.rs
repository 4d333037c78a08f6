//! Where verbs print: data on stdout, words on stderr.

use std::io::{self, IsTerminal as _, Write};

use serde_json::Value;

use super::Failure;

/// How data is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// What `-o` may say. One verb has a form of its own beside the formats of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For a shell: `status` alone.
    #[value(hide = true)]
    Env,
}

impl Output {
    /// The format, where only the formats of all verbs will do.
    pub(super) fn format(self) -> Result<Format, Failure> {
        match self {
            Self::Text => Ok(Format::Text),
            Self::Json => Ok(Format::Json),
            Self::Env => {
                let message = "only the verb status prints for a shell";
                Err(Failure::usage(message, "orderhub status -o env"))
            }
        }
    }
}

/// Where verbs print.
pub struct Out {
    data: Box<dyn Write + Send>,
    words: Box<dyn Write + Send>,
    /// Words go to a terminal.
    terminal: bool,
}

impl Out {
    /// The process's own stdout and stderr.
    pub fn of_process() -> Self {
        Self {
            terminal: io::stderr().is_terminal(),
            ..Self::new(Box::new(io::stdout()), Box::new(io::stderr()))
        }
    }

    /// Any two places.
    pub fn new(data: Box<dyn Write + Send>, words: Box<dyn Write + Send>) -> Self {
        let terminal = false;
        Self {
            data,
            words,
            terminal,
        }
    }

    /// Prints data. A reader that went away (`| head`) is no failure.
    pub fn data(&mut self, text: &str) {
        print(&mut self.data, text);
    }

    /// Prints data at once; `false` when its reader has gone, and more would be for nobody.
    pub fn tell(&mut self, text: &str) -> bool {
        let told = writeln!(self.data, "{text}").and_then(|()| self.data.flush());
        told.is_ok()
    }

    /// Writes a line of words over the one that was written last in this way; `false` where words do not go
    /// to a terminal, and nothing was written.
    pub fn redraw(&mut self, text: &str) -> bool {
        let text = printable(text, &[]);
        self.terminal
            && write!(self.words, "\r\x1b[2K{text}")
                .and_then(|()| self.words.flush())
                .is_ok()
    }

    /// Prints words for a person.
    pub fn words(&mut self, text: &str) {
        print(&mut self.words, text);
    }

    /// Prints a value for programs, or its text for people.
    pub fn value(&mut self, format: Format, value: &Value, text: &str) {
        match format {
            Format::Json => self.data(&value.to_string()),
            Format::Text => self.data(text),
        }
    }

    /// Prints rows under a heading, or the same as a JSON list of objects.
    pub fn rows(&mut self, format: Format, heading: &[&str], rows: &[Vec<Value>]) {
        if format == Format::Json {
            let objects = rows.iter().map(|row| {
                let fields = heading.iter().zip(row);
                Value::Object(
                    fields
                        .map(|(name, value)| ((*name).to_owned(), value.clone()))
                        .collect(),
                )
            });
            self.data(&objects.collect::<Value>().to_string());
            return;
        }
        let titles = heading
            .iter()
            .map(|name| name.to_uppercase().replace('_', " "))
            .collect();
        let mut table: Vec<Vec<String>> = vec![titles];
        table.extend(rows.iter().map(|row| row.iter().map(cell).collect()));
        let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<usize> = (0..heading.len()).filter_map(width).collect();
        for row in &table {
            let cells = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:width$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            self.data(line.trim_end());
        }
    }

    /// Prints one thing as its fields, one below the other, or as the JSON object that it is.
    pub fn record(&mut self, format: Format, object: &Value, fields: &[(String, Value)]) {
        if format == Format::Json {
            self.data(&object.to_string());
            return;
        }
        let label = |name: &str| printable(&name.replace('_', " "), &[]);
        let labels: Vec<String> = fields.iter().map(|(name, _)| label(name)).collect();
        let width = labels.iter().map(|label| label.chars().count()).max();
        let width = width.unwrap_or_default();
        for (label, (_, value)) in labels.iter().zip(fields) {
            self.data(&format!("{label:width$}  {}", cell(value)));
        }
    }
}

/// A value on one line. Some hold vendors' words.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text, &[]),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(","),
        other => printable(&other.to_string(), &[]),
    }
}

/// The text without control characters but these: words from outside must not move a cursor, paint
/// over what stands there, or break a table.
pub(super) fn printable(text: &str, spared: &[char]) -> String {
    let control = |c: char| c.is_control() && !spared.contains(&c);
    text.replace(control, "\u{fffd}")
}

/// A moment to the second: what the hub says with more is cut for people.
pub(super) fn moment(value: &Value) -> Value {
    let text = value.as_str().unwrap_or_default();
    match text.split_once('.') {
        Some((seconds, rest)) if rest.ends_with('Z') => format!("{seconds}Z").into(),
        _ => value.clone(),
    }
}

/// At most so many characters of a text, with a sign that there was more.
pub(super) fn short(value: &Value, most: usize) -> Value {
    let text = value.as_str().unwrap_or_default();
    if text.chars().count() <= most {
        return value.clone();
    }
    let kept = text.chars().take(most.saturating_sub(1));
    kept.chain(['\u{2026}']).collect::<String>().into()
}

fn print(to: &mut Box<dyn Write + Send>, text: &str) {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    drop(write!(to, "{text}{end}"));
}

/// A table under its name; nothing when there are no rows.
pub(super) fn section(
    name: &str,
    heading: &[&str],
    items: &Value,
    row: impl Fn(&Value) -> Vec<Value>,
    out: &mut Out,
) {
    let items = items.as_array().into_iter().flatten();
    let rows: Vec<Vec<Value>> = items.map(row).collect();
    if !rows.is_empty() {
        out.data(&format!("\n{name}"));
        out.rows(Format::Text, heading, &rows);
    }
}
