//! Who is signed in to the console: an API key in a cookie, and forms that only our own pages can send.
//!
//! The hub keeps no sessions, so a restart signs nobody out and a revoked key is out at once. The
//! cookie cannot be read by scripts, is not sent along from other sites, and ends with the browser.

use http::HeaderMap;
use http::header::{COOKIE, HOST, HeaderValue, ORIGIN};

use super::problem::Problem;

/// The cookie's name.
const NAME: &str = "orderhub-key";

/// The key in the cookie, if there is one.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter();
    let texts = cookies.filter_map(|cookie| cookie.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
}

/// The header that signs in. `secure`: people reach the hub over TLS, and only so.
pub fn begin(token: &str, secure: bool) -> Result<HeaderValue, Problem> {
    cookie(token, "", secure)
}

/// The header that signs out.
pub fn end(secure: bool) -> Result<HeaderValue, Problem> {
    cookie("", "; Max-Age=0", secure)
}

fn cookie(value: &str, more: &str, secure: bool) -> Result<HeaderValue, Problem> {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{NAME}={value}; Path=/console; HttpOnly; SameSite=Strict{secure}{more}");
    HeaderValue::from_str(&text).map_err(|_| Problem::new("bad_request", "This can be no key."))
}

/// Refuses a form that does not come from a page of this hub. Browsers name the origin of every form;
/// whatever names none is no browser, and whatever names another was made by somebody else.
pub fn check_origin(headers: &HeaderMap, public_url: &str) -> Result<(), Problem> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let origin = text(ORIGIN).unwrap_or_default();
    let here = origin.split_once("://").map(|(_, authority)| authority);
    let same = here.is_some_and(|here| text(HOST) == Some(here));
    if same || (!origin.is_empty() && origin == public_url.trim_end_matches('/')) {
        return Ok(());
    }
    let detail = "The form was not sent by a page of this hub.";
    Err(Problem::new("forbidden", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(http::HeaderName, &str)]) -> HeaderMap {
        let pair = |(name, value): &(http::HeaderName, &str)| {
            (name.clone(), HeaderValue::from_str(value).expect("a value"))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn the_key_is_found_among_other_cookies() {
        let found = |text| token(&headers(&[(COOKIE, text)])).map(str::to_owned);
        assert_eq!(
            found("a=1; orderhub-key=ohk_x; b=2").as_deref(),
            Some("ohk_x")
        );
        assert_eq!(found("orderhub-key2=ohk_x; my_orderhub-key=y"), None);
    }

    #[test]
    fn a_form_comes_from_our_own_page_or_not_at_all() {
        let public = "https://hub.example";
        let check = |pairs: &[_]| check_origin(&headers(pairs), public).is_ok();
        assert!(check(&[
            (HOST, "127.0.0.1:7070"),
            (ORIGIN, "http://127.0.0.1:7070")
        ]));
        assert!(check(&[
            (HOST, "inside:7070"),
            (ORIGIN, "https://hub.example")
        ]));
        assert!(!check(&[(HOST, "127.0.0.1:7070")]));
        assert!(!check(&[(HOST, "127.0.0.1:7070"), (ORIGIN, "null")]));
        assert!(!check(&[
            (HOST, "127.0.0.1:7070"),
            (ORIGIN, "http://127.0.0.1:9999")
        ]));
        assert!(!check(&[
            (HOST, "127.0.0.1:7070"),
            (ORIGIN, "https://evil.example")
        ]));
    }
}
