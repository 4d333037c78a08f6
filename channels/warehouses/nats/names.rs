//! The names that both sides agree on: two streams, and a subject for each location in each direction.

use orderhub_domain::ids::LocationCode;

use crate::settings::{ConfigError, Settings};

/// Longest prefix of subjects, and of streams.
const LONGEST: usize = 128;

/// The names of one connection.
#[derive(Debug)]
pub(super) struct Names {
    prefix: String,
    stream: String,
}

impl Names {
    /// As configured, or after the connection's slug.
    pub(super) fn of(settings: &Settings) -> Result<Self, ConfigError> {
        let slug = settings.slug.as_str();
        let prefix = match settings.text("prefix") {
            Some(prefix) => prefix.to_owned(),
            None => format!("orderhub.warehouses.{slug}"),
        };
        if prefix.len() > LONGEST || !is_subject(&prefix) {
            let what = "words of letters, digits, - and _ with dots between";
            return Err(settings.bad("prefix", what));
        }
        let stream = match settings.text("stream") {
            Some(stream) => stream.to_owned(),
            None => format!("ORDERHUB_{}", slug.to_ascii_uppercase()),
        };
        if stream.len() > LONGEST || !is_word(&stream) {
            return Err(settings.bad("stream", "letters, digits, - and _ only"));
        }
        Ok(Self { prefix, stream })
    }

    /// The stream that requests go to.
    pub(super) fn requests(&self) -> String {
        format!("{}_REQUESTS", self.stream)
    }

    /// The stream that reports are taken from.
    pub(super) fn reports(&self) -> String {
        format!("{}_REPORTS", self.stream)
    }

    /// Every subject that requests go to.
    pub(super) fn all_requests(&self) -> String {
        format!("{}.requests.>", self.prefix)
    }

    /// Every subject that reports come on.
    pub(super) fn all_reports(&self) -> String {
        format!("{}.reports.>", self.prefix)
    }

    /// Where a location's requests go. `None` for a code that no subject can have in it.
    pub(super) fn request_to(&self, location: &LocationCode) -> Option<String> {
        let code = &location.0;
        is_subject(code).then(|| format!("{}.requests.{code}", self.prefix))
    }

    /// The location whose report comes on a subject; `None` when it is no subject of reports.
    pub(super) fn location_of<'a>(&self, subject: &'a str) -> Option<&'a str> {
        let rest = subject.strip_prefix(&self.prefix)?;
        rest.strip_prefix(".reports.")
    }
}

/// Words with dots between: no wildcard, no space, nothing empty.
fn is_subject(text: &str) -> bool {
    text.split('.').all(is_word)
}

fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty() && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(prefix: &str) -> Result<Names, ConfigError> {
        Names::of(&Settings::new("north-1".into()).with_text("prefix", prefix))
    }

    #[test]
    fn names_follow_the_slug_unless_they_are_stated() {
        let names = Names::of(&Settings::new("north-1".into())).expect("names");
        assert_eq!(names.requests(), "ORDERHUB_NORTH-1_REQUESTS");
        assert_eq!(names.reports(), "ORDERHUB_NORTH-1_REPORTS");
        assert_eq!(
            names.request_to(&"HAM1".into()).as_deref(),
            Some("orderhub.warehouses.north-1.requests.HAM1")
        );
        let names = named("acme.wms").expect("names");
        assert_eq!(names.all_requests(), "acme.wms.requests.>");
        assert_eq!(names.all_reports(), "acme.wms.reports.>");
    }

    #[test]
    fn a_location_may_have_dots_and_is_found_in_its_subject_again() {
        let names = named("acme").expect("names");
        for code in ["BER1", "BER.1", "ber_1-a"] {
            let subject = names.request_to(&code.into()).expect("a subject");
            let answer = subject.replacen("requests", "reports", 1);
            assert_eq!(names.location_of(&answer), Some(code));
            assert_eq!(names.location_of(&subject), None, "that is a request");
        }
        for code in ["BER.", ".BER", "BER..1", "BER 1", "*", ">"] {
            assert_eq!(names.request_to(&code.into()), None, "{code}");
        }
        assert_eq!(names.location_of("acmes.reports.BER1"), None);
    }

    #[test]
    fn a_prefix_that_is_no_subject_is_refused() {
        for prefix in ["", "acme.", "acme.>", "acme.*", "$JS.API", "ac me"] {
            assert!(named(prefix).is_err(), "{prefix:?}");
        }
    }
}
