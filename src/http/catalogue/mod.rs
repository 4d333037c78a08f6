//! Every error code the API gives, in one table: what it is, what to do, and the page that its
//! `type` link leads to.
//!
//! A code is a promise: clients branch on it. Entries are added, never renamed.

mod codes;

use http::StatusCode;

pub use codes::CATALOGUE;

/// One error code.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What clients branch on.
    pub code: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The HTTP status it comes with as the top-level code of an answer.
    pub status: u16,
    /// The same request may succeed later, unchanged.
    pub retryable: bool,
    /// What to do about it.
    pub remedy: &'static str,
}

pub(super) const fn entry(
    code: &'static str,
    status: u16,
    title: &'static str,
    remedy: &'static str,
) -> Entry {
    Entry {
        code,
        title,
        status,
        retryable: matches!(status, 408 | 429 | 503),
        remedy,
    }
}

/// The entry of a code.
pub fn find(code: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.code == code)
}

impl Entry {
    /// Its status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The page that `type` links to: small, and it needs no network.
    pub fn page(&self) -> String {
        let again = if self.retryable {
            "The same request may succeed later, unchanged."
        } else {
            "The same request will fail again; change it first."
        };
        format!(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\n\
             <h1>{title}</h1>\n<p><code>{code}</code>, status {status}.</p>\n\
             <p>{remedy}</p>\n<p>{again}</p>\n</html>\n",
            title = self.title,
            code = self.code,
            status = self.status,
            remedy = self.remedy.replace('<', "&lt;").replace('>', "&gt;"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once_and_links_resolve() {
        for (index, entry) in CATALOGUE.iter().enumerate() {
            assert!(
                CATALOGUE[index + 1..]
                    .iter()
                    .all(|other| other.code != entry.code)
            );
            let snake = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_');
            assert!(entry.code.bytes().all(snake), "{}", entry.code);
            assert!(entry.status().is_client_error() || entry.status().is_server_error());
            assert!(entry.page().contains(entry.code));
        }
    }

    #[test]
    fn codes_of_the_canonical_order_are_explained() {
        // What `OrderDraft::violations`, `Rejection::code` and the canonical reader may say.
        for code in [
            "required",
            "duplicate",
            "negative",
            "not_positive",
            "too_precise",
            "not_whole",
            "wrong_stage",
            "no_such_fulfilment",
            "no_such_hold",
            "no_such_line",
            "too_many",
            "label_missing",
            "too_many_parcels",
            "contents_missing",
            "empty_parcel",
            "not_all_packed",
            "packed_otherwise",
            "no_such_parcel",
            "units_unknown",
            "units_known",
            "on_hold",
            "blocks_nothing",
            "idempotency_key_reused",
            "total_mismatch",
            "tenders_mismatch",
            "decimal_as_number",
            "bad_decimal",
            "bad_time",
            "bad_slug",
            "card_data_not_allowed",
            "duplicate_member",
            "nul_character",
            "not_a_count",
            "out_of_range",
            "too_long",
            "unknown_country",
            "unknown_currency",
            "unknown_field",
            "unknown_gateway",
            "unknown_word",
            "wrong_exponent",
            "wrong_type",
            // What the reader of files adds.
            "wrong_cells",
            "unclosed_quote",
            "not_utf8",
            "rows_differ",
            "bad_id",
            "other_channel",
        ] {
            assert!(find(code).is_some(), "{code}");
        }
    }
}
