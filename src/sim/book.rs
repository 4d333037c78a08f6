//! A simulator's book: what it applied, a line of JSON each, never changed. What stands in it was
//! done, so a line is written before anything is answered, and a simulator that was killed reads
//! its book and goes on.
//!
//! Without a file the book is only its heading: a simulator then forgets with its process.

use std::fs::{File, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How far back what is not in memory any more is looked for.
const TAIL: u64 = 16 * 1024 * 1024;

/// Why a book cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The file cannot be read or written.
    #[error("the book {} cannot be used: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it.
    #[error("the book {} is kept by a simulator that runs already", .path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// It is not a book of this simulator, or somebody changed it.
    #[error("line {line} of the book {} cannot be read", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Heading {
    book: String,
    opened: i64,
}

/// A book of such lines.
pub(super) struct Book<L> {
    file: Option<(PathBuf, File)>,
    opened: i64,
    lines: PhantomData<fn(L) -> L>,
}

impl<L: Serialize + DeserializeOwned> Book<L> {
    /// Opens the book of this kind, a new one if there is none, and gives every line to `read`.
    pub(super) fn open(
        kind: &str,
        path: Option<&Path>,
        read: impl FnMut(L),
    ) -> Result<Self, BookError> {
        let now = Timestamp::now().as_second();
        let Some(path) = path else {
            return Ok(Self {
                file: None,
                opened: now,
                lines: PhantomData,
            });
        };
        let failed = |source| BookError::Io {
            path: path.to_owned(),
            source,
        };
        let options = &mut File::options();
        let options = options.read(true).append(true).create(true);
        let mut file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(BookError::Taken {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let opened = if let Some(opened) = read_back(kind, path, &mut file, read)? {
            opened
        } else {
            let book = kind.to_owned();
            let heading = Heading { book, opened: now };
            write(&mut file, &heading).map_err(failed)?;
            now
        };
        Ok(Self {
            file: Some((path.to_owned(), file)),
            opened,
            lines: PhantomData,
        })
    }

    /// When the world of this book began, in seconds since 1970. Ids are made of it, so that two
    /// worlds do not share any.
    pub(super) const fn opened(&self) -> i64 {
        self.opened
    }

    /// Writes a line. It is there when this returns, whatever happens to the process.
    pub(super) fn append(&mut self, line: &L) -> io::Result<()> {
        match &mut self.file {
            Some((_, file)) => write(file, line),
            None => Ok(()),
        }
    }

    /// The latest of the recent lines that `wanted` names.
    pub(super) fn recall(&self, wanted: impl Fn(&L) -> bool) -> Option<L> {
        let (path, _) = self.file.as_ref()?;
        let text = tail(path).inspect_err(|error| {
            tracing::warn!(%error, "the book cannot be looked up");
        });
        let lines = text.ok()?;
        let mut lines = lines.rsplit(|byte| *byte == b'\n');
        lines.find_map(|line| serde_json::from_slice(line).ok().filter(&wanted))
    }
}

fn tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut text = Vec::new();
    file.take(TAIL).read_to_end(&mut text)?;
    Ok(text)
}

fn write(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    let before = file.metadata()?.len();
    file.write_all(&text).inspect_err(|_| {
        // Half a line must not glue itself to the next one.
        drop(file.set_len(before));
    })
}

/// When the book was opened first; `None` if it is empty. A last line without an end was never
/// answered: it is cut off.
fn read_back<L: DeserializeOwned>(
    kind: &str,
    path: &Path,
    file: &mut File,
    mut read: impl FnMut(L),
) -> Result<Option<i64>, BookError> {
    let failed = |source| BookError::Io {
        path: path.to_owned(),
        source,
    };
    let mut reader = BufReader::new(&*file);
    let (mut text, mut opened, mut whole) = (Vec::new(), None, 0);
    for line in 1.. {
        text.clear();
        let length = reader.read_until(b'\n', &mut text).map_err(failed)?;
        if text.pop() != Some(b'\n') {
            break;
        }
        let unreadable = || BookError::Unreadable {
            path: path.to_owned(),
            line,
        };
        if line == 1 {
            let heading = serde_json::from_slice::<Heading>(&text).ok();
            let heading = heading.filter(|heading| heading.book == kind);
            opened = Some(heading.ok_or_else(unreadable)?.opened);
        } else {
            read(serde_json::from_slice(&text).map_err(|_| unreadable())?);
        }
        whole += length as u64;
    }
    file.set_len(whole).map_err(failed)?;
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(kind: &str, path: &Path) -> Result<(Book<u32>, Vec<u32>), BookError> {
        let mut lines = Vec::new();
        let book = Book::open(kind, Some(path), |line| lines.push(line))?;
        Ok((book, lines))
    }

    #[test]
    fn what_was_written_is_read_back_and_half_a_line_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("book.jsonl");
        let (mut book, lines) = open("numbers", &path).expect("a new book");
        assert!(lines.is_empty());
        let opened = book.opened();
        for number in [1, 2, 3] {
            book.append(&number).expect("written");
        }
        assert_eq!(book.recall(|number| *number < 3), Some(2));
        assert_eq!(book.recall(|number| *number > 3), None);
        drop(book);
        let mut torn = File::options().append(true).open(&path).expect("there");
        torn.write_all(b"4").expect("written");
        let (mut book, lines) = open("numbers", &path).expect("the same book");
        assert_eq!((lines, book.opened()), (vec![1, 2, 3], opened));
        book.append(&5).expect("written");
        drop(book);
        let (_, lines) = open("numbers", &path).expect("the same book");
        assert_eq!(lines, [1, 2, 3, 5]);
    }

    #[test]
    fn a_book_has_one_keeper_and_one_kind() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("book.jsonl");
        let (mut book, _) = open("numbers", &path).expect("a new book");
        assert!(matches!(
            open("numbers", &path),
            Err(BookError::Taken { .. })
        ));
        book.append(&1).expect("written");
        drop(book);
        assert!(matches!(
            open("letters", &path),
            Err(BookError::Unreadable { line: 1, .. })
        ));
        let mut broken = File::options().append(true).open(&path).expect("there");
        broken.write_all(b"x\n2\n").expect("written");
        assert!(matches!(
            open("numbers", &path),
            Err(BookError::Unreadable { line: 3, .. })
        ));
    }
}
