//! Buyers' names and addresses as shops write them, cleaned the same way for all of them.

use orderhub_domain::canonical::Address;
use orderhub_domain::places::is_country;

/// A text without what a database cannot keep; `None` when nothing is left.
pub(crate) fn clean(text: Option<&String>) -> Option<String> {
    let text = text?.replace('\0', "");
    (!text.trim().is_empty()).then_some(text)
}

/// First and last name, or the one of them that there is.
pub(crate) fn full_name(first: Option<&String>, last: Option<&String>) -> Option<String> {
    let parts: Vec<_> = [clean(first), clean(last)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// An address in a shop's own words.
#[derive(Clone, Copy, Default)]
pub(crate) struct Postal<'a> {
    /// The whole name, where the shop has it; else it is put together.
    pub(crate) name: Option<&'a String>,
    pub(crate) first_name: Option<&'a String>,
    pub(crate) last_name: Option<&'a String>,
    pub(crate) company: Option<&'a String>,
    pub(crate) streets: [Option<&'a String>; 2],
    pub(crate) city: Option<&'a String>,
    pub(crate) postcode: Option<&'a String>,
    /// The region's code, before its name.
    pub(crate) regions: [Option<&'a String>; 2],
    /// ISO 3166 two-letter code, in any case; anything else is left out.
    pub(crate) country: Option<&'a String>,
    pub(crate) phone: Option<&'a String>,
}

impl Postal<'_> {
    /// The address; `None` when the shop has none and sends an object of empty texts.
    pub(crate) fn address(&self) -> Option<Address> {
        let country = clean(self.country).map(|code| code.to_ascii_uppercase());
        let [code, region] = self.regions;
        let read = Address {
            name: clean(self.name).or_else(|| full_name(self.first_name, self.last_name)),
            company: clean(self.company),
            lines: self.streets.into_iter().filter_map(clean).collect(),
            city: clean(self.city),
            postcode: clean(self.postcode),
            region: clean(code).or_else(|| clean(region)),
            country: country.filter(|code| is_country(code)),
            phone: clean(self.phone),
        };
        (read != Address::default()).then_some(read)
    }
}
