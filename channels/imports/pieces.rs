//! A file in pieces of whole orders. Nothing is read of an order but where it ends: in a CSV it goes on as
//! long as rows have the same name, in lines of JSON it is a line.

use std::io::Read;

use csv::ByteRecord;

use super::ImportFormat;
use crate::rows::{Flaw, Row, Rows};

/// Why a file is none of this format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// A small file of the same format, with whole orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The number of the first row of its first order, in the whole file.
    pub first_row: u64,
    /// Rows in it, without the heading.
    pub rows: u64,
    /// Its bytes, with the heading if the format has one.
    pub bytes: Vec<u8>,
    /// Bytes of the whole file that were read up to its end.
    pub read: u64,
}

/// Orders of a piece at most.
const MOST_ORDERS: usize = 500;
/// Bytes after which a piece takes no further order.
const ENOUGH_BYTES: usize = 1024 * 1024;
/// Bytes of one order at most.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Cuts a file into pieces.
pub struct Pieces<R> {
    source: Source<R>,
    /// Number of the next row.
    row: u64,
    /// A row that begins the next piece.
    kept: Option<Row>,
    done: bool,
}

enum Source<R> {
    Csv {
        file: R,
        rows: Box<Rows>,
        /// The heading's bytes.
        heading: Vec<u8>,
        /// Where the name of an order stands.
        name: usize,
    },
    Lines {
        reader: std::io::BufReader<R>,
        read: u64,
    },
}

/// The columns that name the order of a row, by format; the first that a file has counts.
pub(super) const fn name_columns(format: ImportFormat) -> &'static [&'static str] {
    match format {
        ImportFormat::ShopifyCsv => &["Name"],
        ImportFormat::WooCommerceCsv => &["order_id"],
        ImportFormat::Ndjson => &[],
    }
}

/// Where the first of these columns stands in a heading.
pub(super) fn place(heading: &ByteRecord, names: &[&str]) -> Option<usize> {
    let is = |title: &[u8], name: &str| title.trim_ascii().eq_ignore_ascii_case(name.as_bytes());
    let mut places = names
        .iter()
        .filter_map(|name| heading.iter().position(|title| is(title, name)));
    places.next()
}

impl<R: Read> Pieces<R> {
    /// Begins with a file of orders of the past.
    ///
    /// # Errors
    /// When it has no heading, or none of this format.
    pub fn of(format: ImportFormat, file: R) -> Result<Self, Broken> {
        match format {
            ImportFormat::Ndjson => Ok(Self::lines(file)),
            ImportFormat::ShopifyCsv | ImportFormat::WooCommerceCsv => {
                Self::rows(name_columns(format), format.word(), file)
            }
        }
    }

    /// Begins with lines of JSON, each an order.
    pub fn lines(file: R) -> Self {
        let reader = std::io::BufReader::new(file);
        Self::begin(Source::Lines { reader, read: 0 }, 1)
    }

    /// Begins with a CSV in which rows with the same name in the first of these columns that there is are
    /// one order. `word` is what such a file is called.
    ///
    /// # Errors
    /// When it has no heading, or none of these columns.
    pub fn rows(names: &[&str], word: &str, mut file: R) -> Result<Self, Broken> {
        let mut rows = Box::new(Rows::new(2, MOST_BYTES));
        let heading = rows.pull(&mut file)?;
        let heading = heading.ok_or_else(|| Broken("it is empty".to_owned()))?;
        let name = place(&heading.cells, names).ok_or_else(|| {
            let wanted = names.join(" or ");
            Broken(format!("it has no column {wanted}: it is no {word}"))
        })?;
        let heading = heading.raw;
        let source = Source::Csv {
            file,
            rows,
            heading,
            name,
        };
        Ok(Self::begin(source, 2))
    }

    fn begin(source: Source<R>, row: u64) -> Self {
        Self {
            source,
            row,
            kept: None,
            done: false,
        }
    }

    fn piece(&mut self) -> Result<Option<Piece>, Broken> {
        let first_row = self.row;
        let (bytes, rows, read) = match &mut self.source {
            Source::Lines { reader, read } => {
                let (bytes, rows) = lines(reader, read)?;
                (bytes, rows, *read)
            }
            Source::Csv {
                file,
                rows,
                heading,
                name,
            } => {
                let mut bytes = heading.clone();
                let count = whole_orders(file, rows, &mut self.kept, *name, &mut bytes)?;
                (bytes, count, rows.read())
            }
        };
        self.row += rows;
        Ok((rows > 0).then_some(Piece {
            first_row,
            rows,
            bytes,
            read,
        }))
    }
}

/// Adds the next rows up to the bounds of a piece, which ends where an order does. Answers how many they are.
fn whole_orders<R: Read>(
    file: &mut R,
    rows: &mut Rows,
    kept: &mut Option<Row>,
    name: usize,
    bytes: &mut Vec<u8>,
) -> Result<u64, Broken> {
    let (mut count, mut orders, mut of_order) = (0, 0, 0);
    let mut last: Option<Vec<u8>> = None;
    loop {
        let next = match kept.take() {
            Some(row) => Some(row),
            None => rows.pull(file)?,
        };
        let Some(row) = next else {
            return Ok(count);
        };
        let named = row.cells.get(name).unwrap_or_default();
        if last.as_deref() != Some(named) {
            if orders == MOST_ORDERS || bytes.len() >= ENOUGH_BYTES {
                *kept = Some(row);
                return Ok(count);
            }
            orders += 1;
            of_order = 0;
            last = Some(named.to_vec());
        }
        count += 1;
        of_order += row.raw.len();
        if of_order > MOST_BYTES || row.flaw == Some(Flaw::TooLong) {
            return Err(Broken(format!(
                "row {}: an order has at most {} MiB; is a quote not closed before it?",
                row.number,
                MOST_BYTES / (1024 * 1024)
            )));
        }
        bytes.extend_from_slice(&row.raw);
    }
}

impl<R: Read> Iterator for Pieces<R> {
    type Item = Result<Piece, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let piece = self.piece().transpose();
        self.done = !matches!(piece, Some(Ok(_)));
        piece
    }
}

/// The next lines, up to the bounds of a piece. Empty lines are kept: they count as rows.
fn lines<R: Read>(
    reader: &mut std::io::BufReader<R>,
    read: &mut u64,
) -> Result<(Vec<u8>, u64), Broken> {
    use std::io::BufRead as _;
    let mut bytes = Vec::new();
    let mut rows = 0;
    while rows < MOST_ORDERS as u64 && bytes.len() < ENOUGH_BYTES {
        let before = bytes.len();
        let bound = MOST_BYTES as u64 + 1;
        let more = reader.by_ref().take(bound).read_until(b'\n', &mut bytes);
        let more = more?;
        if more == 0 {
            break;
        }
        *read += more as u64;
        rows += 1;
        if bytes.len() - before > MOST_BYTES {
            return Err(Broken(format!(
                "a line has more than {} MiB: it is no ndjson",
                MOST_BYTES / (1024 * 1024)
            )));
        }
    }
    Ok((bytes, rows))
}
