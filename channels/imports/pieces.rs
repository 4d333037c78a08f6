//! A file in pieces of whole orders. Nothing is read of an order but where it ends: in a CSV it goes on as
//! long as rows have the same name, in lines of JSON it is a line.

use std::io::Read;

use csv::{ByteRecord, Reader, ReaderBuilder, Writer};

use super::ImportFormat;

/// Why a file is none of this format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

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
    kept: Option<ByteRecord>,
    done: bool,
}

enum Source<R> {
    Csv {
        reader: Box<Reader<R>>,
        heading: ByteRecord,
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
    let is = |title: &[u8], name: &str| {
        let title = super::without_mark(title).trim_ascii();
        title.eq_ignore_ascii_case(name.as_bytes())
    };
    let mut places = names
        .iter()
        .filter_map(|name| heading.iter().position(|title| is(title, name)));
    places.next()
}

/// A reader of rows as both the pieces and the orders read them.
pub(super) fn rows<R: Read>(source: R) -> Reader<R> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(source)
}

impl<R: Read> Pieces<R> {
    /// Begins with a file.
    ///
    /// # Errors
    /// When it has no heading, or none of this format.
    pub fn of(format: ImportFormat, file: R) -> Result<Self, Broken> {
        let source = if format == ImportFormat::Ndjson {
            Source::Lines {
                reader: std::io::BufReader::new(file),
                read: 0,
            }
        } else {
            let mut reader = Box::new(rows(file));
            let mut heading = ByteRecord::new();
            let any = reader.read_byte_record(&mut heading).map_err(unread)?;
            if !any {
                return Err(Broken("it is empty".to_owned()));
            }
            let names = name_columns(format);
            let name = place(&heading, names).ok_or_else(|| {
                let wanted = names.join(" or ");
                Broken(format!(
                    "it has no column {wanted}: it is no {}",
                    format.word()
                ))
            })?;
            Source::Csv {
                reader,
                heading,
                name,
            }
        };
        let row = match source {
            Source::Csv { .. } => 2,
            Source::Lines { .. } => 1,
        };
        Ok(Self {
            source,
            row,
            kept: None,
            done: false,
        })
    }

    fn piece(&mut self) -> Result<Option<Piece>, Broken> {
        let first_row = self.row;
        match &mut self.source {
            Source::Lines { reader, read } => {
                let (bytes, rows) = lines(reader, read)?;
                self.row += rows;
                let read = *read;
                Ok((rows > 0).then_some(Piece {
                    first_row,
                    rows,
                    bytes,
                    read,
                }))
            }
            Source::Csv {
                reader,
                heading,
                name,
            } => {
                let mut writer = Writer::from_writer(Vec::new());
                writer.write_byte_record(heading).map_err(unread)?;
                let (mut rows, mut orders, mut bytes) = (0, 0, 0);
                let mut of_order = 0;
                let mut last: Option<Vec<u8>> = None;
                let mut next = self.kept.take();
                loop {
                    let record = if let Some(record) = next.take() {
                        record
                    } else {
                        let mut record = ByteRecord::new();
                        if !reader.read_byte_record(&mut record).map_err(unread)? {
                            break;
                        }
                        record
                    };
                    let named = record.get(*name).unwrap_or_default();
                    if last.as_deref() != Some(named) {
                        if orders == MOST_ORDERS || bytes >= ENOUGH_BYTES {
                            self.kept = Some(record);
                            break;
                        }
                        orders += 1;
                        of_order = 0;
                        last = Some(named.to_vec());
                    }
                    rows += 1;
                    bytes += record.as_slice().len();
                    of_order += record.as_slice().len();
                    if of_order > MOST_BYTES {
                        let at = first_row + rows - 1;
                        return Err(Broken(format!(
                            "row {at}: an order has at most {} MiB",
                            MOST_BYTES / (1024 * 1024)
                        )));
                    }
                    writer.write_byte_record(&record).map_err(unread)?;
                }
                self.row += rows;
                let read = reader.position().byte();
                let bytes = writer
                    .into_inner()
                    .map_err(|error| Broken(error.to_string()))?;
                Ok((rows > 0).then_some(Piece {
                    first_row,
                    rows,
                    bytes,
                    read,
                }))
            }
        }
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
        let more = more.map_err(|error| Broken(error.to_string()))?;
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

fn unread(error: csv::Error) -> Broken {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Broken(error.to_string()),
        _ => Broken("a row of it cannot be read".to_owned()),
    }
}
