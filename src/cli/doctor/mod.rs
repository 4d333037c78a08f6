//! `orderhub doctor`: why does it not start? Every check is a small function with one result; those
//! that need the store or the bus are the composition root's, those of this machine are `local`'s.

mod local;

use std::path::Path;

use serde_json::{Value, json};

use super::output::printable;
use super::{Exit, Failure, Format, Out, Root, given_file, load};

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    what: &'static str,
    verdict: Verdict,
    detail: String,
    /// The command that mends it.
    next: Option<String>,
}

/// How it stands with something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    /// The hub starts all the same.
    Warn,
    /// It does not start, or not as it is asked to: the configuration is wrong, or else something
    /// is missing.
    Fail(Exit),
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail(_) => "fail",
        }
    }
}

impl Finding {
    /// It is well, for this reason; or it is not.
    pub fn of(what: &'static str, found: Result<String, Failure>) -> Self {
        match found {
            Ok(detail) => Self {
                what,
                verdict: Verdict::Ok,
                detail,
                next: None,
            },
            Err(failure) => Self {
                what,
                verdict: Verdict::Fail(failure.exit),
                detail: failure.message,
                next: Some(failure.next),
            },
        }
    }

    /// The hub starts, and somebody should know.
    pub fn warning(what: &'static str, detail: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            what,
            verdict: Verdict::Warn,
            detail: detail.into(),
            next: Some(next.into()),
        }
    }

    /// The same, where the hub starts without it.
    fn not_needed(mut self) -> Self {
        if matches!(self.verdict, Verdict::Fail(_)) {
            self.verdict = Verdict::Warn;
        }
        self
    }
}

pub(super) async fn run(
    file: Option<&Path>,
    root: &dyn Root,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let findings = examine(file, root).await;
    if format == Format::Json {
        out.data(&findings.iter().map(value).collect::<Value>().to_string());
    } else {
        for finding in &findings {
            show(finding, out);
        }
    }
    verdict(&findings)
}

async fn examine(file: Option<&Path>, root: &dyn Root) -> Vec<Finding> {
    let what = "configuration";
    let named = given_file(file);
    let mut findings = Vec::new();
    match load(file, []) {
        Ok(config) if named.is_none() && config.given.is_empty() => {
            let detail = "there is none; this is what orderhub dev needs";
            findings.push(Finding::of(what, Ok(detail.to_owned())));
            findings.extend(local::programs());
            findings.push(local::disk());
        }
        Ok(config) => {
            let from = named.map_or("the environment".to_owned(), |file| {
                file.display().to_string()
            });
            findings.push(Finding::of(what, Ok(format!("{from} is right"))));
            findings.extend(root.examine(&config).await);
            findings.push(local::port("http", config.http.addr).await);
            findings.push(local::port("admin", config.admin.addr).await);
            findings.extend(local::programs().into_iter().map(Finding::not_needed));
        }
        Err(failure) => {
            findings.push(Finding::of(what, Err(failure)));
            findings.extend(local::programs().into_iter().map(Finding::not_needed));
        }
    }
    findings.push(local::descriptors());
    findings
}

fn value(finding: &Finding) -> Value {
    json!({
        "check": finding.what,
        "verdict": finding.verdict.word(),
        "detail": finding.detail,
        "next": finding.next,
    })
}

/// One line, and the command that mends it below.
fn show(finding: &Finding, out: &mut Out) {
    let verdict = match finding.verdict {
        Verdict::Fail(_) => "FAIL",
        other => other.word(),
    };
    let detail = printable(&finding.detail, &['\n']).replace('\n', "\n      ");
    out.data(&format!("{verdict:4}  {}  - {detail}", finding.what));
    if let Some(next) = &finding.next {
        out.data(&format!("      next: {}", printable(next, &[])));
    }
}

/// A configuration that is wrong comes first: what is missing may be missing because of it.
fn verdict(findings: &[Finding]) -> Result<(), Failure> {
    let exit = |finding: &Finding| match finding.verdict {
        Verdict::Fail(exit) => Some(exit),
        Verdict::Ok | Verdict::Warn => None,
    };
    let failed: Vec<&Finding> = findings.iter().filter(|one| exit(one).is_some()).collect();
    let Some(first) = failed.first() else {
        return Ok(());
    };
    let wrong = failed.iter().any(|one| exit(one) == Some(Exit::Usage));
    let exit = if wrong { Exit::Usage } else { Exit::Missing };
    let message = format!("{} of {} checks failed", failed.len(), findings.len());
    let next = first.next.clone().unwrap_or_default();
    Err(Failure::new(exit, message, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_configuration_counts_before_what_is_missing() {
        let well = Finding::of("a", Ok("fine".into()));
        let told = Finding::warning("b", "odd", "look");
        let missing = Finding::of("c", Err(Failure::new(Exit::Failed, "gone", "bring it")));
        let wrong = Finding::of("d", Err(Failure::usage("wrong", "correct it")));
        assert_eq!(verdict(&[well.clone(), told.clone()]), Ok(()));
        let exit = |findings: &[Finding]| verdict(findings).map_err(|failure| failure.exit);
        assert_eq!(exit(&[well.clone(), missing.clone()]), Err(Exit::Missing));
        assert_eq!(exit(&[missing.clone(), wrong]), Err(Exit::Usage));
        assert_eq!(exit(&[missing.not_needed(), told]), Ok(()));
    }
}
