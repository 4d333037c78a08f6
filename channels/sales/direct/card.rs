//! Recognises card numbers, so that none is ever stored: 14 to 19 digits, plain or in groups with
//! single spaces or dashes, under a prefix that card schemes use and with a right check digit.

/// Whether a text contains a card number.
pub(crate) fn contains_card_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let groups = groups(&bytes[at..]);
        let last = groups.last().map_or(1, |(_, end)| *end);
        for start in 0..groups.len() {
            let mut number = Vec::with_capacity(19);
            for (from, to) in &groups[start..] {
                number.extend(bytes[at + from..at + to].iter().map(|byte| byte - b'0'));
                if number.len() > 19 {
                    break;
                }
                if is_card(&number) {
                    return true;
                }
            }
        }
        at += last;
    }
    false
}

/// Ranges of the groups of digits that follow each other with single separators.
fn groups(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut groups = Vec::new();
    let mut start = 0;
    loop {
        let digits = bytes[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit());
        let end = start + digits.count();
        groups.push((start, end));
        let separated = matches!(bytes.get(end), Some(b' ' | b'-'));
        if !separated || !bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            return groups;
        }
        start = end + 1;
    }
}

fn is_card(digits: &[u8]) -> bool {
    (14..=19).contains(&digits.len()) && has_known_prefix(digits) && passes_luhn(digits)
}

fn has_known_prefix(digits: &[u8]) -> bool {
    let prefix = |length: usize| {
        let digits = &digits[..length];
        digits
            .iter()
            .fold(0_u32, |value, digit| value * 10 + u32::from(*digit))
    };
    match digits.len() {
        14 => matches!(prefix(2), 30 | 36 | 38 | 39),
        15 => matches!(prefix(2), 34 | 37),
        16 => {
            prefix(1) == 4
                || (51..=55).contains(&prefix(2))
                || (2221..=2720).contains(&prefix(4))
                || (3528..=3589).contains(&prefix(4))
                || is_long_scheme(prefix(2), prefix(3), prefix(4))
        }
        19 if prefix(1) == 4 => true,
        _ => is_long_scheme(prefix(2), prefix(3), prefix(4)),
    }
}

/// Schemes whose numbers have 16 to 19 digits.
fn is_long_scheme(two: u32, three: u32, four: u32) -> bool {
    four == 6011 || (644..=649).contains(&three) || two == 65 || two == 62
}

fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_seen_in_every_spelling() {
        for text in [
            "4242424242424242",
            "4242 4242 4242 4242",
            "4242-4242-4242-4242",
            "card: 5555 5555 5555 4444, thanks",
            "378282246310005",
            "3782 822463 10005",
            "6011111111111117",
            "30569309025904",
            "2223003122003222",
            "3566002020360505",
            "4242 4242 4242 4242 12 34",
            "12 4242424242424242",
        ] {
            assert!(contains_card_number(text), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_left_alone() {
        for text in [
            "4242424242424241",
            "820982911946154508",
            "+49 30 901820",
            "1000000000000008",
            "4006381333931",
            "DE89 3704 0044 0532 0130 00",
            "1760000000000000000",
            "ord_0199f3c8a2b17def8a6b1c2d3e4f5061",
            "424242424242424242424242",
            "",
        ] {
            assert!(!contains_card_number(text), "{text}");
        }
    }
}
