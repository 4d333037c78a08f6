//! Every error code the API gives, in one table: what it is, what to do, and the page that its
//! `type` link leads to.
//!
//! A code is a promise: clients branch on it. Entries are added, never renamed.

use http::StatusCode;

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

const fn entry(
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

/// All codes, by status and name.
pub const CATALOGUE: &[Entry] = &[
    entry(
        "bad_request",
        400,
        "The request cannot be read",
        "Send a well-formed HTTP/1.1 request.",
    ),
    entry(
        "body_incomplete",
        400,
        "The body ended early",
        "Send as many bytes as Content-Length says.",
    ),
    entry(
        "empty_body",
        400,
        "The body is empty",
        "Send a JSON object; {} where nothing needs to be said.",
    ),
    entry(
        "malformed_json",
        400,
        "The body is not JSON",
        "Send valid JSON in UTF-8, without a byte order mark.",
    ),
    entry(
        "not_an_object",
        400,
        "The body is not a JSON object",
        "Send one JSON object.",
    ),
    entry(
        "too_deep",
        400,
        "The body is nested too deeply",
        "Nest objects and lists at most 32 levels deep.",
    ),
    entry(
        "unauthorized",
        401,
        "No valid API key",
        "Send Authorization: Bearer ohk_…; make a key with `orderhub keys create`.",
    ),
    entry(
        "signature_invalid",
        401,
        "The webhook is not believed",
        "Check the connection's webhook secret on both sides.",
    ),
    entry(
        "forbidden",
        403,
        "The key may not do this",
        "Use a key with the scope that the detail names.",
    ),
    entry(
        "not_found",
        404,
        "Not found",
        "Check the address and the id.",
    ),
    entry(
        "no_such_fulfilment",
        404,
        "No such fulfilment",
        "Take the id from the order's fulfilments.",
    ),
    entry(
        "method_not_allowed",
        405,
        "Method not allowed",
        "Use a method that the Allow header names.",
    ),
    entry(
        "body_timeout",
        408,
        "The body came too slowly",
        "Send the whole body within ten seconds.",
    ),
    entry(
        "external_id_conflict",
        409,
        "The external id is taken",
        "Another body was recorded under this channel and external_id; read that order or use another id.",
    ),
    entry(
        "wrong_stage",
        409,
        "Not possible at this stage",
        "Ask /v1/orders/{id}/explain which actions are possible now.",
    ),
    entry(
        "label_missing",
        409,
        "The shipping label is not there yet",
        "Wait until tracking_number appears in the order, then try again.",
    ),
    entry(
        "on_hold",
        409,
        "A hold blocks it",
        "Release the hold that the detail names.",
    ),
    entry(
        "stale_version",
        412,
        "The order has changed",
        "Read the order again and decide on what it says now.",
    ),
    entry(
        "too_large",
        413,
        "The body is too large",
        "Send at most 1 MiB, 4 MiB for webhooks, 1 MiB per line of NDJSON.",
    ),
    entry(
        "uri_too_long",
        414,
        "The address is too long",
        "Use an address of at most 8 KiB.",
    ),
    entry(
        "unsupported_media_type",
        415,
        "Unsupported media type",
        "Send application/json (application/x-ndjson for batches) in UTF-8.",
    ),
    entry(
        "unsupported_encoding",
        415,
        "Unsupported content encoding",
        "Send the body uncompressed, without Content-Encoding.",
    ),
    entry(
        "blocks_nothing",
        422,
        "The hold would block nothing",
        "Name at least one of reserve, capture, release, ship, refund.",
    ),
    entry(
        "card_data_not_allowed",
        422,
        "Card data is not allowed",
        "Send the gateway's token instead of a card number.",
    ),
    entry(
        "decimal_string_required",
        422,
        "A decimal string is required",
        "Send amounts, rates and quantities as strings: \"19.99\".",
    ),
    entry(
        "duplicate",
        422,
        "Duplicate",
        "Make it unique within the order.",
    ),
    entry(
        "duplicate_key",
        422,
        "A member stands twice",
        "Name each member of an object once.",
    ),
    entry(
        "idempotency_key_invalid",
        422,
        "The idempotency key is not usable",
        "Use 1 to 255 visible ASCII characters.",
    ),
    entry(
        "idempotency_key_reused",
        422,
        "The idempotency key was used with another body",
        "Use a new key for a new request, and the same body for a repeat.",
    ),
    entry(
        "if_match_invalid",
        422,
        "If-Match is not a version",
        "Send If-Match: \"<version>\" with the version of the order that you saw.",
    ),
    entry(
        "invalid_query",
        422,
        "A query parameter is not valid",
        "Use the parameters that the API's description names.",
    ),
    entry(
        "invalid_value",
        422,
        "A value is not valid",
        "Send a value that the hint describes.",
    ),
    entry(
        "negative",
        422,
        "The value is negative",
        "Send zero or more.",
    ),
    entry(
        "no_such_hold",
        422,
        "No such hold",
        "Take hold_id from the order's holds; a released hold is gone.",
    ),
    entry(
        "no_such_line",
        422,
        "No such line",
        "Name lines by their external_id, as the order's fulfilment lists them.",
    ),
    entry(
        "not_positive",
        422,
        "The value must be more than zero",
        "Send more than zero.",
    ),
    entry(
        "not_whole",
        422,
        "Whole units only",
        "Stock is counted in whole units; sell the smaller unit.",
    ),
    entry(
        "nul_character",
        422,
        "A text holds a NUL character",
        "Remove the NUL character.",
    ),
    entry(
        "required",
        422,
        "Something is missing",
        "Send the member that the pointer names.",
    ),
    entry(
        "too_large_value",
        422,
        "The value is too large",
        "Send a value within the range that the hint names.",
    ),
    entry(
        "too_long",
        422,
        "The text is too long",
        "Shorten it to what the hint names.",
    ),
    entry("too_many", 422, "Too many", "Send at most what is left."),
    entry(
        "too_precise",
        422,
        "Too many decimals",
        "Use at most the decimals that the hint names.",
    ),
    entry(
        "total_mismatch",
        422,
        "The total does not add up",
        "Compute stated_total from the parts as the API's description says.",
    ),
    entry(
        "unknown_channel",
        422,
        "Unknown channel",
        "Use the slug of a configured channel of kind direct.",
    ),
    entry(
        "unknown_currency",
        422,
        "Unknown currency",
        "Use an ISO 4217 code.",
    ),
    entry(
        "unknown_field",
        422,
        "Unknown member",
        "Remove it, or correct its spelling.",
    ),
    entry(
        "unknown_gateway",
        422,
        "Unknown gateway",
        "Use the slug of a configured payment connection.",
    ),
    entry(
        "validation_failed",
        422,
        "The request is not valid",
        "Correct every part that errors names.",
    ),
    entry(
        "wrong_type",
        422,
        "A value has the wrong type",
        "Send the type that the hint names.",
    ),
    entry(
        "rate_limited",
        429,
        "Too many requests",
        "Wait as long as Retry-After says.",
    ),
    entry(
        "headers_too_large",
        431,
        "The headers are too large",
        "Send at most 100 headers and 16 KiB of them.",
    ),
    entry(
        "internal",
        500,
        "The hub has made a mistake",
        "Send the request again; report the request_id if it stays.",
    ),
    entry(
        "not_ready",
        503,
        "The hub is not ready yet",
        "Wait as long as Retry-After says.",
    ),
    entry(
        "outcome_unknown",
        503,
        "It is not known whether it was recorded",
        "Send the same request again with the same idempotency key: it finds out.",
    ),
    entry(
        "overloaded",
        503,
        "The hub is busy",
        "Wait as long as Retry-After says.",
    ),
    entry(
        "read_only",
        503,
        "The order cannot be changed by this version of the hub",
        "Try again when every node runs the same version.",
    ),
    entry(
        "store_unavailable",
        503,
        "The store is not available",
        "Nothing was recorded; wait as long as Retry-After says.",
    ),
];

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
            let snake = |b: u8| b.is_ascii_lowercase() || b == b'_';
            assert!(entry.code.bytes().all(snake), "{}", entry.code);
            assert!(entry.status().is_client_error() || entry.status().is_server_error());
            assert!(entry.page().contains(entry.code));
        }
    }

    #[test]
    fn codes_of_the_canonical_order_are_explained() {
        // What `OrderDraft::violations` and `Rejection::code` may say.
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
            "on_hold",
            "blocks_nothing",
            "idempotency_key_reused",
        ] {
            assert!(find(code).is_some(), "{code}");
        }
    }
}
