//! The shop's texts. WordPress keeps the names of products, fees and taxes with HTML's entities in them
//! (`Mug &ndash; blue`): whoever packs reads what the buyer saw.

use crate::sales::buyer::clean;

/// The longest entity that is looked for, without `&` and `;`.
const LONGEST: usize = 8;

/// A name that may have entities in it; `None` when nothing is left.
pub(crate) fn name(text: Option<&String>) -> Option<String> {
    clean(Some(&decoded(text?)))
}

/// A text with its entities as the characters that they stand for; one that is not known stays.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.bytes().take(LONGEST + 1).position(|byte| byte == b';');
        match end.and_then(|end| Some((character(&rest[..end])?, end))) {
            Some((character, end)) => {
                out.push(character);
                rest = &rest[end + 1..];
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
    out
}

/// The character that an entity stands for, as far as WordPress writes it.
fn character(entity: &str) -> Option<char> {
    if let Some(number) = entity.strip_prefix('#') {
        let hexadecimal = number.strip_prefix(['x', 'X']);
        let code = match hexadecimal {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "times" => '×',
        "reg" => '®',
        "trade" => '™',
        "copy" => '©',
        "euro" => '€',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_become_what_the_buyer_saw_and_nothing_else_changes() {
        for (stored, seen) in [
            ("Mug &ndash; blue", "Mug – blue"),
            ("Salt &amp; Pepper", "Salt & Pepper"),
            ("&#8220;Own&#8221; &#x2013;", "“Own” –"),
            ("&amp;lt;", "&lt;"),
            ("Fish & Chips; large", "Fish & Chips; large"),
            ("&unknown; &#0xyz; &", "&unknown; &#0xyz; &"),
            ("&ééééééé;", "&ééééééé;"),
        ] {
            assert_eq!(name(Some(&stored.to_owned())).as_deref(), Some(seen));
        }
        assert_eq!(name(Some(&" \0".to_owned())), None);
        assert_eq!(name(None), None);
    }
}
