//! The report that the channel writes of a feed (`ProcessingReport.xsd`). Pure. Every feed of ours has one message, so
//! it was taken or it was not; what says neither cannot be read.

use std::io::Read as _;

use flate2::read::GzDecoder;

use super::feeds::Fate;
use crate::wire::code;

/// Largest report that is read. One of a single message has a few lines.
const LARGEST: u64 = 1024 * 1024;

/// What a report says of its feed, packed (GZIP) or as it is. `None` where it says nothing that can be read.
pub(super) fn judge(report: &[u8], packed: bool) -> Option<Fate> {
    let mut text = String::new();
    if packed {
        let mut report = GzDecoder::new(report).take(LARGEST);
        report.read_to_string(&mut text).ok()?;
    } else {
        text = String::from_utf8_lossy(report).into_owned();
    }
    let summary = between(&text, "ProcessingSummary")?;
    let count = |name| between(summary, name)?.trim().parse::<u32>().ok();
    match (count("MessagesSuccessful")?, count("MessagesWithError")?) {
        (1, 0) => Some(Fate::Taken),
        (0, 1) => Some(Fate::Refused(first_error(&text))),
        _ => None,
    }
}

/// The channel's code of what is wrong; its sentences may quote the buyer.
fn first_error(report: &str) -> String {
    let results = report.split("<Result>").skip(1);
    let mut errors = results.filter(|result| {
        let word = between(result, "ResultCode");
        word.is_some_and(|word| word.trim() == "Error")
    });
    let said = errors.find_map(|error| code(between(error, "ResultMessageCode")?.trim()));
    said.unwrap_or_else(|| "feed_refused".to_owned())
}

/// What stands in the first element of this name.
fn between<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inside, _) = rest.split_once(&format!("</{name}>"))?;
    Some(inside)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn report(taken: u32, wrong: u32, results: &str) -> String {
        format!(
            "<AmazonEnvelope><Message><ProcessingReport>\n <StatusCode>Complete</StatusCode>\n \
             <ProcessingSummary>\n<MessagesProcessed>1</MessagesProcessed>\
             <MessagesSuccessful>{taken}</MessagesSuccessful>\
             <MessagesWithError>{wrong}</MessagesWithError></ProcessingSummary>{results}\
             </ProcessingReport></Message></AmazonEnvelope>"
        )
    }

    fn result(word: &str, code: &str) -> String {
        format!(
            "<Result><MessageID>1</MessageID><ResultCode>{word}</ResultCode>\
             <ResultMessageCode>{code}</ResultMessageCode></Result>"
        )
    }

    #[test]
    fn one_message_was_taken_or_was_not() {
        let refused = |code: &str| Some(Fate::Refused(code.to_owned()));
        let warned = result("Warning", "18000");
        let both = format!("{warned}{}", result("Error", "18028"));
        for (report, fate) in [
            (report(1, 0, ""), Some(Fate::Taken)),
            (report(1, 0, &warned), Some(Fate::Taken)),
            (report(0, 1, &both), refused("18028")),
            (
                report(0, 1, &result("Error", "Jane Doe")),
                refused("feed_refused"),
            ),
            (report(0, 1, ""), refused("feed_refused")),
            (report(0, 0, ""), None),
            (report(2, 0, ""), None),
            (report(1, 1, ""), None),
            ("<html>".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(judge(report.as_bytes(), false), fate, "{report}");
        }
    }

    #[test]
    fn a_packed_report_says_the_same_and_a_broken_one_nothing() {
        let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
        writer
            .write_all(report(1, 0, "").as_bytes())
            .expect("packed");
        let packed = writer.finish().expect("packed");
        assert_eq!(judge(&packed, true), Some(Fate::Taken));
        assert_eq!(judge(&packed, false), None);
        assert_eq!(judge(&packed[..packed.len() / 2], true), None);
        assert_eq!(judge(report(1, 0, "").as_bytes(), true), None);
    }
}
