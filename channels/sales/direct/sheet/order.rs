//! One order of a file: its rows put together as a body in the canonical form, and what is wrong with that
//! body told by row and column.

use orderhub_domain::canonical::Violation;
use orderhub_domain::ids::Slug;
use serde_json::{Value, json};

use super::columns::{Column, Kind, Step, first_below};
use super::tree::{Said, Tree};
use super::{Gathered, Heading};
use crate::rows::{Fault, Flaw, Row, pointer};

/// An order of a file.
#[derive(Debug, Clone)]
pub struct SheetOrder {
    /// The number of its first row, from 1; the heading is row 1.
    pub row: u64,
    /// The number of its last row.
    pub last_row: u64,
    /// The channel's id of it, as far as it could be read.
    pub external_id: Option<String>,
    /// The body that says the same, or why there is none.
    pub body: Result<Vec<u8>, Refused>,
    order: Tree,
    lines: Vec<(u64, Tree)>,
}

/// Why rows are no order, whatever they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// They have more bytes than an order may.
    TooLarge,
    /// They do not fit the heading or each other; at least one.
    Faults(Vec<Fault>),
}

impl SheetOrder {
    pub(super) fn of(heading: &Heading, gathered: &Gathered, channel: Option<&Slug>) -> Self {
        let first = gathered.rows.first();
        let row = first.map_or(0, |row| row.number);
        let named = first.map(|row| String::from_utf8_lossy(heading.named(row)).into_owned());
        let mut reading = Reading {
            columns: &heading.columns,
            order: Tree::default(),
            lines: Vec::with_capacity(gathered.rows.len()),
            faults: Vec::new(),
        };
        for row in &gathered.rows {
            reading.row(row);
        }
        reading.channel(row, channel);
        reading.postcode(row);
        let Reading {
            order,
            lines,
            faults,
            ..
        } = reading;
        let body = if gathered.too_large {
            Err(Refused::TooLarge)
        } else if faults.is_empty() {
            Ok(body(&order, &lines))
        } else {
            Err(Refused::Faults(faults))
        };
        Self {
            row,
            last_row: gathered.last_row,
            external_id: named.filter(|named| !named.is_empty()),
            body,
            order,
            lines,
        }
    }

    /// What is wrong with the body, as a fault of a row: its pointer has the column as its one member.
    pub fn fault(&self, violation: &Violation) -> Fault {
        let mut segments = violation.pointer.split('/').skip(1).peekable();
        let (title, row) = if segments.next_if_eq(&"lines").is_some() {
            let place = segments
                .next()
                .and_then(|place| place.parse::<usize>().ok());
            let line = place.and_then(|place| self.lines.get(place));
            let (row, tree) = line.map_or((self.row, None), |(row, tree)| (*row, Some(tree)));
            let nothing = Tree::default();
            let (names, said) = tree.unwrap_or(&nothing).way(segments);
            let title = [vec!["line".to_owned()], names].concat();
            (title, said.unwrap_or(row))
        } else {
            let (names, said) = self.order.way(segments);
            (names, said.unwrap_or(self.row))
        };
        let column = match title.join(".") {
            whole if whole.is_empty() => whole,
            part => first_below(part),
        };
        let hint = match violation.code {
            // `19,99` is how a spreadsheet writes it in half the world.
            "bad_decimal" => {
                "digits with a point before the decimals and nothing between thousands, e.g. 1234.50"
            }
            _ => violation.hint.as_str(),
        };
        Fault {
            row,
            violation: Violation::new(pointer(&column), violation.code, hint),
        }
    }
}

/// What the rows of one order have said so far.
struct Reading<'a> {
    columns: &'a [Column],
    order: Tree,
    lines: Vec<(u64, Tree)>,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    fn fault(&mut self, row: u64, column: &str, code: &'static str, hint: &str) {
        let violation = Violation::new(pointer(column), code, hint);
        self.faults.push(Fault { row, violation });
    }

    fn row(&mut self, row: &Row) {
        if row.flaw == Some(Flaw::Unclosed) {
            let hint = "a quote at the end of each text that begins with one; this one goes on to the end of \
                        the file, and nothing behind it was read";
            self.fault(row.number, "", "unclosed_quote", hint);
        }
        if row.cells.len() != self.columns.len() {
            let hint = format!(
                "as many cells as the heading, {}, not {}; a text with the separator, a quote or the end of a \
                 line in it stands in quotes, and decimals have a point",
                self.columns.len(),
                row.cells.len()
            );
            self.fault(row.number, "", "wrong_cells", &hint);
            return;
        }
        let mut line = Tree::default();
        let columns = self.columns;
        for (column, cell) in columns.iter().zip(&row.cells) {
            let Ok(text) = std::str::from_utf8(cell) else {
                self.fault(row.number, &column.title, "not_utf8", "a file in UTF-8");
                continue;
            };
            if text.is_empty() {
                continue;
            }
            if column.kind == Kind::Id && is_rounded(text) {
                let hint =
                    "all its digits; a spreadsheet has rounded it: make the column one of texts";
                self.fault(row.number, &column.title, "bad_id", hint);
            }
            let said = Said {
                text: text.to_owned(),
                kind: column.kind,
                row: row.number,
            };
            let place = if column.of_line {
                &mut line
            } else {
                &mut self.order
            };
            if !place.put(&column.path, said) {
                let hint = "what the rows of the order before it say, or nothing";
                self.fault(row.number, &column.title, "rows_differ", hint);
            }
        }
        self.lines.push((row.number, line));
    }

    /// Orders that name no channel are of the file's.
    fn channel(&mut self, row: u64, channel: Option<&Slug>) {
        let Some(channel) = channel else {
            return;
        };
        match self.order.text("channel") {
            Some(named) if named != channel.as_str() => {
                let hint = format!("{channel}, the channel of this file, or nothing");
                self.fault(row, "channel", "other_channel", &hint);
            }
            _ => self.say(row, &["channel"], channel.as_str(), Kind::Text),
        }
    }

    /// An address may have an empty postcode, but not none: the file's column for it says that it is empty.
    fn postcode(&mut self, row: u64) {
        let stated = self.columns.iter().any(|column| column.kind == Kind::Blank);
        if stated
            && self
                .order
                .member("ship_to")
                .is_some_and(|to| to.text("postcode").is_none())
        {
            self.say(row, &["ship_to", "postcode"], "", Kind::Blank);
        }
    }

    fn say(&mut self, row: u64, path: &[&str], text: &str, kind: Kind) {
        let path: Vec<Step> = path
            .iter()
            .map(|name| Step::Member((*name).to_owned()))
            .collect();
        let text = text.to_owned();
        self.order.put(&path, Said { text, kind, row });
    }
}

/// The body; a customer of whom nothing is said is an empty one.
fn body(order: &Tree, lines: &[(u64, Tree)]) -> Vec<u8> {
    let mut body = order.json();
    if let Value::Object(members) = &mut body {
        members.entry("customer").or_insert_with(|| json!({}));
        let lines = lines.iter().map(|(_, line)| line.json());
        members.insert("lines".to_owned(), lines.collect());
    }
    body.to_string().into_bytes()
}

/// Whether a spreadsheet made a number of it that has fewer digits than the id had: `8.20983E+17`.
fn is_rounded(text: &str) -> bool {
    let Some((mantissa, power)) = text.split_once("E+") else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    digits(whole) && digits(fraction) && digits(power)
}
