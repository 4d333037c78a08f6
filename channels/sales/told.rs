//! What telling a channel comes to, whoever the vendor is: what it will not take, and names of any form as one
//! segment of a path.
//!
//! Not here: which codes any vendor refuses with, and how each wants to be told.

use std::fmt::Write as _;

use orderhub_domain::order::NoticeEvidence;
use rust_decimal::prelude::ToPrimitive;

use super::Offered;
use crate::wire::Exact;

/// A notice that is not taken, by the vendor's code or ours.
pub(super) fn refused(code: &str) -> NoticeEvidence {
    NoticeEvidence::Refused {
        code: code.to_owned(),
    }
}

/// Whether a notice was not taken.
pub(super) const fn is_refused(evidence: &NoticeEvidence) -> bool {
    matches!(evidence, NoticeEvidence::Refused { .. })
}

/// Units that are not taken, by the vendor's code or ours.
pub(super) fn not_offered(code: &str) -> Offered {
    Offered::Refused {
        code: code.to_owned(),
    }
}

/// Whether units were not taken.
pub(super) const fn is_not_offered(offered: &Offered) -> bool {
    matches!(offered, Offered::Refused { .. })
}

/// A name of any form as one segment of a path: everything but letters, digits, dashes, underscores and
/// dots is written in percent (RFC 3986 section 2.1). `None` for what no path can name: nothing, dots alone,
/// or more than 200 bytes.
pub(super) fn segment(name: &str) -> Option<String> {
    let dots = name.bytes().all(|byte| byte == b'.');
    if dots || name.len() > 200 {
        return None;
    }
    let mut written = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            written.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            write!(written, "%{byte:02X}").ok();
        }
    }
    Some(written)
}

/// A number of units that a channel states; none for what is no number of whole ones.
pub(super) fn count(text: &Exact) -> u32 {
    let whole = text.decimal().filter(|units| units.fract().is_zero());
    whole.and_then(|units| units.to_u32()).unwrap_or(0)
}

/// An id of a form that its vendor may change at any time: printable ASCII, at most 64 of them.
pub(super) fn opaque_id(text: &str) -> Option<String> {
    let fits =
        !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_segment_whatever_is_in_it() {
        for (name, written) in [
            ("MUG-1_b.2", Some("MUG-1_b.2")),
            ("a/b?c#d%e f", Some("a%2Fb%3Fc%23d%25e%20f")),
            ("ü", Some("%C3%BC")),
            ("6498!26", Some("6498%2126")),
            ("", None),
            (".", None),
            ("..", None),
        ] {
            assert_eq!(segment(name).as_deref(), written, "{name}");
        }
        assert_eq!(segment(&"x".repeat(201)), None);
    }

    #[test]
    fn units_are_whole() {
        for (text, units) in [
            ("3", 3),
            ("3.0", 3),
            ("2.5", 0),
            ("-1", 0),
            ("x", 0),
            ("", 0),
        ] {
            assert_eq!(count(&Exact(text.to_owned())), units, "{text}");
        }
    }

    #[test]
    fn an_id_is_printable_and_short() {
        assert_eq!(opaque_id("07-07160-44").as_deref(), Some("07-07160-44"));
        for bad in ["", "a b", "é", "a\n", &"1".repeat(65)] {
            assert_eq!(opaque_id(bad), None, "{bad}");
        }
    }
}
