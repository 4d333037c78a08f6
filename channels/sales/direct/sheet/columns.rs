//! The columns that a file of orders may have. A column is named by the place of its texts in the canonical
//! order: `ship_to.city`; members of lines begin with `line.`, and items of lists are numbered from 1
//! (`ship_to.lines.1`, `line.taxes.1.amount`). `attributes.` is followed by any name.

use orderhub_domain::canonical::Violation;

use crate::rows::pointer;

/// Most items of a list that have columns.
const MOST_ITEMS: usize = 100;

/// How a cell is written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As a text. Amounts, rates and quantities are texts too.
    Text,
    /// As a text that names something: a spreadsheet must not have rounded it.
    Id,
    /// As a text that may be empty, but not left out.
    Blank,
    /// As `true` or `false`.
    Flag,
    /// As a number.
    Count,
}

/// A step to a place in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A member of an object.
    Member(String),
    /// An item of a list, counted from 1.
    Item(usize),
}

/// A column of a file.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) title: String,
    /// It is about a line, not about the order.
    pub(super) of_line: bool,
    /// Where its texts stand, in the order or in the line.
    pub(super) path: Vec<Step>,
    pub(super) kind: Kind,
}

/// A part of the canonical order.
enum Shape {
    Cell(Kind),
    Members(&'static [(&'static str, Shape)]),
    Items(&'static Shape),
    /// Any members, each a text.
    Named,
}

use Shape::{Cell, Items, Members, Named};

const TEXT: Shape = Cell(Kind::Text);
const ID: Shape = Cell(Kind::Id);

const TAX: Shape = Members(&[
    ("name", TEXT),
    ("rate", TEXT),
    ("amount", TEXT),
    ("included", Cell(Kind::Flag)),
]);
const CHARGE: Shape = Members(&[("title", TEXT), ("amount", TEXT), ("taxes", Items(&TAX))]);
const DISCOUNT: Shape = Members(&[("code", TEXT), ("amount", TEXT), ("funded_by", TEXT)]);
const TENDER: Shape = Members(&[
    ("terms", TEXT),
    ("gateway", TEXT),
    ("token", TEXT),
    ("reference", ID),
    ("amount", TEXT),
    ("expires_at", TEXT),
]);
const COMPONENT: Shape = Members(&[("sku", ID), ("quantity", TEXT)]);
const LINE: Shape = Members(&[
    ("external_id", ID),
    ("sku", ID),
    ("title", TEXT),
    ("quantity", TEXT),
    ("unit_price", TEXT),
    ("discounts", Items(&DISCOUNT)),
    ("taxes", Items(&TAX)),
    ("weight_g", Cell(Kind::Count)),
    ("hs_code", ID),
    ("origin_country", TEXT),
    ("fulfilled_by", TEXT),
    ("components", Items(&COMPONENT)),
]);
const ORDER: Shape = Members(&[
    ("channel", TEXT),
    (super::NAME, ID),
    ("number", ID),
    ("placed_at", TEXT),
    ("currency", TEXT),
    ("tax_mode", TEXT),
    ("test", Cell(Kind::Flag)),
    (
        "customer",
        Members(&[
            ("external_id", ID),
            ("name", TEXT),
            ("email", TEXT),
            ("phone", ID),
        ]),
    ),
    (
        "ship_to",
        Members(&[
            ("name", TEXT),
            ("lines", Items(&TEXT)),
            ("city", TEXT),
            ("postcode", Cell(Kind::Blank)),
            ("region", TEXT),
            ("country", TEXT),
            ("phone", ID),
            ("lat", TEXT),
            ("lon", TEXT),
        ]),
    ),
    (
        "bill_to",
        Members(&[
            ("name", TEXT),
            ("lines", Items(&TEXT)),
            ("city", TEXT),
            ("postcode", TEXT),
            ("region", TEXT),
            ("country", TEXT),
            ("phone", ID),
        ]),
    ),
    ("pickup_location", TEXT),
    ("shipping", Items(&CHARGE)),
    ("discounts", Items(&DISCOUNT)),
    ("fees", Items(&CHARGE)),
    (
        "payment",
        Members(&[
            ("terms", TEXT),
            ("gateway", TEXT),
            ("token", TEXT),
            ("reference", ID),
            ("amount", TEXT),
            ("expires_at", TEXT),
            ("tenders", Items(&TENDER)),
        ]),
    ),
    ("stated_total", TEXT),
    ("attributes", Named),
    // In a file a line is a row: its members need no number.
    (OF_LINE, LINE),
]);

/// What the columns of a line begin with.
const OF_LINE: &str = "line";

/// The column with this title, the `number`th of the heading.
///
/// # Errors
/// When no order has such a column; says what could have stood there.
pub(super) fn column(title: &str, number: usize) -> Result<Column, Violation> {
    if title.is_empty() {
        let hint = format!("a title for every column; column {number} has none");
        return Err(Violation::new("", "required", hint));
    }
    let (path, shape) = walk(title);
    let kind = match shape {
        Ok(Cell(kind)) => *kind,
        Ok(shape) => return Err(unknown(title, title, shape)),
        Err((prefix, shape)) => return Err(unknown(title, prefix, shape)),
    };
    let of_line = path.first() == Some(&Step::Member(OF_LINE.to_owned()));
    Ok(Column {
        title: title.to_owned(),
        of_line,
        path: path.into_iter().skip(usize::from(of_line)).collect(),
        kind,
    })
}

/// The column in which something is missing: the first one below a part of the order.
pub(super) fn first_below(part: String) -> String {
    let mut title = part;
    loop {
        let below = match walk(&title).1 {
            Ok(Members(members)) => members.first().map(|(name, _)| *name),
            Ok(Items(_)) => Some("1"),
            _ => None,
        };
        let Some(below) = below else {
            return title;
        };
        title = format!("{title}.{below}");
    }
}

/// What stands at a title; or how much of it is known, and what stands there.
type Walked<'a> = Result<&'static Shape, (&'a str, &'static Shape)>;

/// The steps of a title.
fn walk(title: &str) -> (Vec<Step>, Walked<'_>) {
    let mut shape: &'static Shape = &ORDER;
    let mut path = Vec::new();
    let mut rest = Some(title);
    while let Some(left) = rest {
        let known = &title[..title.len() - left.len()];
        let known = known.trim_end_matches('.');
        let (segment, further) = match (shape, left.split_once('.')) {
            (Named, _) | (_, None) => (left, None),
            (_, Some((segment, further))) => (segment, Some(further)),
        };
        let next = match shape {
            Cell(_) => None,
            Named => (!segment.is_empty()).then_some((Step::Member(segment.to_owned()), &TEXT)),
            Members(members) => {
                let found = members.iter().find(|(name, _)| *name == segment);
                found.map(|(name, shape)| (Step::Member((*name).to_owned()), shape))
            }
            Items(item) => {
                let plain = !segment.starts_with(['0', '+']);
                let number = segment.parse().ok().filter(|number| *number <= MOST_ITEMS);
                number
                    .filter(|_| plain)
                    .map(|number| (Step::Item(number), *item))
            }
        };
        let Some((step, below)) = next else {
            return (path, Err((known, shape)));
        };
        path.push(step);
        shape = below;
        rest = further;
    }
    (path, Ok(shape))
}

fn unknown(title: &str, known: &str, shape: &Shape) -> Violation {
    let prefix = match known {
        "" => String::new(),
        known => format!("{known}."),
    };
    let hint = match shape {
        Cell(_) => format!("{known}, with nothing behind it"),
        Named => format!("{known}. and a name"),
        Items(_) => format!("{known}. and a number from 1 to {MOST_ITEMS}"),
        Members(members) => {
            let name = |(name, shape): &(&str, Shape)| match shape {
                Cell(_) => format!("{prefix}{name}"),
                Members(_) => format!("{prefix}{name}..."),
                Items(_) => format!("{prefix}{name}.1"),
                Named => format!("{prefix}{name}.<name>"),
            };
            let names: Vec<String> = members.iter().map(name).collect();
            format!("one of: {}", names.join(", "))
        }
    };
    let title: String = title.chars().take(64).collect();
    Violation::new(pointer(&title), "unknown_field", hint)
}

/// Every column there is, items numbered 1.
#[cfg(test)]
pub(super) fn all() -> Vec<String> {
    fn below(shape: &Shape, title: &str, all: &mut Vec<String>) {
        match shape {
            Cell(_) => all.push(title.to_owned()),
            Named => all.push(format!("{title}.<name>")),
            Items(item) => below(item, &format!("{title}.1"), all),
            Members(members) => {
                for (name, shape) in *members {
                    let dot = if title.is_empty() { "" } else { "." };
                    below(shape, &format!("{title}{dot}{name}"), all);
                }
            }
        }
    }
    let mut titles = Vec::new();
    below(&ORDER, "", &mut titles);
    titles
}
