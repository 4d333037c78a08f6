//! Rows of a CSV, cut while its bytes arrive. Whoever has the bytes brings them: a file, or a body that is
//! still being sent.
//!
//! Columns are set apart by the first of `,`, `;` and a tab that the heading has. A row that is too long is
//! named and not kept. A quote that nobody closes swallows what follows it: the row that it began in says so,
//! because what it swallowed may have been anything. What the cells mean is their readers' business.

use std::io::Read;

use csv::ByteRecord;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use orderhub_domain::canonical::Violation;

/// Most bytes that a heading may have.
const LONGEST_HEADING: usize = 64 * 1024;
/// Most cells of a row.
const MOST_CELLS: usize = 10_000;
/// What is kept of a row that is too long: enough to say whose it was.
const KEPT: usize = 4 * 1024;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The row.
    pub row: u64,
    /// What, and where in the row: a JSON pointer; of a CSV its one member is the column.
    pub violation: Violation,
}

/// The pointer to a column; to the row itself for a column without a title.
pub(crate) fn pointer(column: &str) -> String {
    match column {
        "" => String::new(),
        column => format!("/{}", column.replace('~', "~0").replace('/', "~1")),
    }
}

/// Why the cells of a row are not all there is to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It is too long; its beginning was kept.
    TooLong,
    /// A quote was opened in it and never closed: it goes on to the end of the file.
    Unclosed,
}

/// One row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Its number; the heading is row 1.
    pub(crate) number: u64,
    /// Its cells, as they stand.
    pub(crate) cells: ByteRecord,
    /// Its bytes, as they came; none of a row that is too long.
    pub(crate) raw: Vec<u8>,
    /// What is the matter with it.
    pub(crate) flaw: Option<Flaw>,
}

/// Cuts bytes into rows; the first one is the heading.
pub(crate) struct Rows {
    parser: Option<Reader>,
    /// What came and is not read yet begins at `at`.
    waiting: Vec<u8>,
    at: usize,
    ended: bool,
    row: Unfinished,
    number: u64,
    first: u64,
    most: usize,
    read: u64,
}

/// The row that is being read.
#[derive(Default)]
struct Unfinished {
    cells: Vec<u8>,
    filled: usize,
    ends: Vec<usize>,
    ended: usize,
    raw: Vec<u8>,
    too_long: bool,
    unclosed: bool,
}

impl Rows {
    /// Rows of at most `most` bytes; the one after the heading has the number `first`.
    pub(crate) fn new(first: u64, most: usize) -> Self {
        Self {
            parser: None,
            waiting: Vec::new(),
            at: 0,
            ended: false,
            row: Unfinished::default(),
            number: 1,
            first,
            most,
            read: 0,
        }
    }

    /// Takes bytes that came.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.at > 0 {
            self.waiting.drain(..self.at);
            self.at = 0;
        }
        self.waiting.extend_from_slice(bytes);
    }

    /// No more bytes will come.
    pub(crate) const fn end(&mut self) {
        self.ended = true;
    }

    /// Whether no more bytes will come.
    pub(crate) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Bytes that were read, up to the end of the last row.
    pub(crate) const fn read(&self) -> u64 {
        self.read
    }

    /// The number of the row that is next.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// The next row. None: more bytes are needed, or after the end there is none.
    pub(crate) fn next(&mut self) -> Option<Row> {
        let mut parser = match self.parser.take() {
            Some(parser) => parser,
            None => parser_of(&self.waiting, self.ended)?,
        };
        let row = self.advance(&mut parser);
        self.parser = Some(parser);
        row
    }

    /// The next row, of bytes that are read for it.
    pub(crate) fn pull(&mut self, from: &mut impl Read) -> std::io::Result<Option<Row>> {
        loop {
            if let Some(row) = self.next() {
                return Ok(Some(row));
            }
            if self.ended {
                return Ok(None);
            }
            let mut piece = vec![0; 64 * 1024];
            match from.read(&mut piece)? {
                0 => self.end(),
                length => self.push(&piece[..length]),
            }
        }
    }

    fn advance(&mut self, parser: &mut Reader) -> Option<Row> {
        loop {
            let is_last = self.at == self.waiting.len();
            if is_last && !self.ended {
                return None;
            }
            self.row.make_room();
            let asks = is_last && self.row.is_begun() && !self.row.unclosed;
            let cells = &mut self.row.cells[self.row.filled..];
            let ends = &mut self.row.ends[self.row.ended..];
            let result = if asks {
                // Whether the end of the file stands between quotes the parser does not say, but there the end
                // of a line is text, and anywhere else it ends the row.
                let (result, _, _, ended) = parser.read_record(b"\n", cells, ends);
                self.row.unclosed = !matches!(result, ReadRecordResult::Record);
                self.row.ended += ended;
                result
            } else {
                let input = &self.waiting[self.at..];
                let (result, read, written, ended) = parser.read_record(input, cells, ends);
                self.row.take(&input[..read], written, ended, self.most);
                self.at += read;
                self.read += read as u64;
                result
            };
            match result {
                ReadRecordResult::Record => {
                    let number = self.number;
                    self.number = if number == 1 { self.first } else { number + 1 };
                    return Some(std::mem::take(&mut self.row).finish(number));
                }
                ReadRecordResult::End => return None,
                ReadRecordResult::InputEmpty
                | ReadRecordResult::OutputFull
                | ReadRecordResult::OutputEndsFull => {}
            }
        }
    }
}

impl Unfinished {
    /// Whether anything of it was read beside the ends of lines before it.
    fn is_begun(&self) -> bool {
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        self.too_long || !self.raw.iter().all(is_end)
    }

    /// Makes room for more; of a row that is too long what is written is no longer kept.
    fn make_room(&mut self) {
        if self.too_long {
            self.filled = self.filled.min(KEPT);
            self.ended = self.ended.min(KEPT);
        }
        if self.filled == self.cells.len() {
            let more = self.cells.len().max(KEPT);
            self.cells.resize(self.filled + more, 0);
        }
        if self.ended == self.ends.len() {
            self.ends.resize(self.ended + 64, 0);
        }
    }

    fn take(&mut self, read: &[u8], written: usize, ended: usize, most: usize) {
        self.filled += written;
        self.ended += ended;
        self.raw.extend_from_slice(read);
        if self.too_long || self.raw.len() > most || self.ended > MOST_CELLS {
            self.too_long = true;
            self.raw = Vec::new();
        }
    }

    fn finish(mut self, number: u64) -> Row {
        if self.unclosed
            && let Some(end) = self.ends[..self.ended].last_mut()
        {
            // The parser took the end of a line that it was asked with for text.
            *end -= 1;
        }
        let kept = if self.too_long {
            self.filled.min(KEPT)
        } else {
            self.filled
        };
        let mut cells = ByteRecord::new();
        let mut from = 0;
        for end in &self.ends[..self.ended] {
            // Of a row that is too long the ends go on where nothing was kept.
            let Some(cell) = self.cells[..kept].get(from..*end) else {
                break;
            };
            cells.push_field(cell);
            from = *end;
        }
        let too_long = self.too_long.then_some(Flaw::TooLong);
        let unclosed = self.unclosed.then_some(Flaw::Unclosed);
        Row {
            number,
            cells,
            raw: self.raw,
            flaw: unclosed.or(too_long),
        }
    }
}

/// The parser for what begins like this, once the heading is there.
fn parser_of(begun: &[u8], ended: bool) -> Option<Reader> {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let heading = begun.iter().position(is_end);
    if heading.is_none() && !ended && begun.len() < LONGEST_HEADING {
        return None;
    }
    let heading = &begun[..heading.unwrap_or(begun.len())];
    let is_separator = |byte: &&u8| matches!(byte, b',' | b';' | b'\t');
    let separator = heading.iter().find(is_separator).copied();
    let separator = separator.unwrap_or(b',');
    Some(ReaderBuilder::new().delimiter(separator).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row, the bytes brought in pieces of so many.
    fn cut(file: &[u8], piece: usize, most: usize) -> Vec<(u64, Vec<String>, Option<Flaw>)> {
        let mut rows = Rows::new(2, most);
        let mut found = Vec::new();
        let mut take = |rows: &mut Rows| {
            while let Some(row) = rows.next() {
                let texts = row.cells.iter().map(String::from_utf8_lossy);
                let texts = texts.map(String::from).collect();
                found.push((row.number, texts, row.flaw));
            }
        };
        for bytes in file.chunks(piece) {
            rows.push(bytes);
            take(&mut rows);
        }
        rows.end();
        take(&mut rows);
        assert_eq!(rows.read(), file.len() as u64);
        found
    }

    fn texts(of: &[&str]) -> Vec<String> {
        of.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn rows_are_the_same_however_their_bytes_come() {
        let file =
            "\u{feff}a;b\r\n1;\"two\r\nlines; \"\"quoted\"\" 😀\"\r\n\r\n9007199254740993;5\" pipe";
        for piece in [1, 2, 3, 7, 1_000] {
            let rows = cut(file.as_bytes(), piece, 1_000);
            let expected = [
                (1, texts(&["a", "b"]), None),
                (2, texts(&["1", "two\r\nlines; \"quoted\" 😀"]), None),
                (3, texts(&["9007199254740993", "5\" pipe"]), None),
            ];
            assert_eq!(rows, expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn the_heading_says_what_sets_columns_apart() {
        for (file, heading) in [
            ("a,b;c\n", texts(&["a", "b;c"])),
            ("a\tb,c\n", texts(&["a", "b,c"])),
            ("a;b\n", texts(&["a", "b"])),
            ("a", texts(&["a"])),
        ] {
            assert_eq!(cut(file.as_bytes(), 1, 1_000)[0].1, heading);
        }
        assert!(cut(b"", 1, 1_000).is_empty());
        assert!(cut(b"\n\r\n", 1, 1_000).is_empty());
    }

    #[test]
    fn a_quote_that_nobody_closes_is_named_and_a_closed_one_at_the_end_is_not() {
        let flaw = |file: &str| {
            let rows = cut(file.as_bytes(), 2, 1_000);
            rows.last()
                .and_then(|(number, _, flaw)| Some((*number, (*flaw)?)))
        };
        assert_eq!(flaw("a,b\n1,\"x\n2,y\n3,z\n"), Some((2, Flaw::Unclosed)));
        assert_eq!(flaw("a,b\n1,\""), Some((2, Flaw::Unclosed)));
        assert_eq!(flaw("a,b\n1,\"x\""), None);
        assert_eq!(flaw("a,b\n1,x"), None);
        assert_eq!(flaw("a,b\n1,\n\n"), None);
        assert_eq!(flaw("a,b\r\n1,x\r\n"), None);
    }

    #[test]
    fn a_row_that_is_too_long_keeps_its_beginning_and_the_next_one_is_whole() {
        let long = "x".repeat(20_000);
        let file = format!("a,b\n1,{long}\n2,{long},{long}\n3,z\n");
        for piece in [1_000, 100_000] {
            let rows = cut(file.as_bytes(), piece, 10_000);
            let begins = |place: usize| rows[place].1.first().cloned();
            assert_eq!(
                (begins(1), rows[1].2),
                (Some("1".to_owned()), Some(Flaw::TooLong))
            );
            assert_eq!(
                (begins(2), rows[2].2),
                (Some("2".to_owned()), Some(Flaw::TooLong))
            );
            assert_eq!(rows[3], (4, texts(&["3", "z"]), None));
        }
        let cells = ",".repeat(30_000);
        let rows = cut(format!("a\n{cells}\n3\n").as_bytes(), 999, 100_000);
        assert_eq!(rows[1].2, Some(Flaw::TooLong));
        assert_eq!(rows[2], (3, texts(&["3"]), None));
    }
}
