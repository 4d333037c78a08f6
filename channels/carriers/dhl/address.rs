//! Addresses as DHL wants them: names and lines under its own members, countries in three letters.

use orderhub_domain::canonical::Address;
use serde::Serialize;

use crate::carriers::labels::street;

/// Countries and territories by ISO 3166-1, two letters and three. DHL takes the three.
const COUNTRIES: &str = "\
AD AND AE ARE AF AFG AG ATG AI AIA AL ALB AM ARM AO AGO AR ARG AS ASM AT AUT AU AUS AW ABW AX ALA AZ AZE \
BA BIH BB BRB BD BGD BE BEL BF BFA BG BGR BH BHR BI BDI BJ BEN BL BLM BM BMU BN BRN BO BOL BQ BES BR BRA \
BS BHS BT BTN BW BWA BY BLR BZ BLZ CA CAN CC CCK CD COD CF CAF CG COG CH CHE CI CIV CK COK CL CHL CM CMR \
CN CHN CO COL CR CRI CU CUB CV CPV CW CUW CX CXR CY CYP CZ CZE DE DEU DJ DJI DK DNK DM DMA DO DOM DZ DZA \
EC ECU EE EST EG EGY EH ESH ER ERI ES ESP ET ETH FI FIN FJ FJI FK FLK FM FSM FO FRO FR FRA GA GAB GB GBR \
GD GRD GE GEO GF GUF GG GGY GH GHA GI GIB GL GRL GM GMB GN GIN GP GLP GQ GNQ GR GRC GT GTM GU GUM GW GNB \
GY GUY HK HKG HN HND HR HRV HT HTI HU HUN ID IDN IE IRL IL ISR IM IMN IN IND IQ IRQ IR IRN IS ISL IT ITA \
JE JEY JM JAM JO JOR JP JPN KE KEN KG KGZ KH KHM KI KIR KM COM KN KNA KP PRK KR KOR KW KWT KY CYM KZ KAZ \
LA LAO LB LBN LC LCA LI LIE LK LKA LR LBR LS LSO LT LTU LU LUX LV LVA LY LBY MA MAR MC MCO MD MDA ME MNE \
MF MAF MG MDG MH MHL MK MKD ML MLI MM MMR MN MNG MO MAC MP MNP MQ MTQ MR MRT MS MSR MT MLT MU MUS MV MDV \
MW MWI MX MEX MY MYS MZ MOZ NA NAM NC NCL NE NER NF NFK NG NGA NI NIC NL NLD NO NOR NP NPL NR NRU NU NIU \
NZ NZL OM OMN PA PAN PE PER PF PYF PG PNG PH PHL PK PAK PL POL PM SPM PN PCN PR PRI PS PSE PT PRT PW PLW \
PY PRY QA QAT RE REU RO ROU RS SRB RU RUS RW RWA SA SAU SB SLB SC SYC SD SDN SE SWE SG SGP SH SHN SI SVN \
SK SVK SL SLE SM SMR SN SEN SO SOM SR SUR SS SSD ST STP SV SLV SX SXM SY SYR SZ SWZ TC TCA TD TCD TG TGO \
TH THA TJ TJK TK TKL TL TLS TM TKM TN TUN TO TON TR TUR TT TTO TV TUV TW TWN TZ TZA UA UKR UG UGA US USA \
UY URY UZ UZB VA VAT VC VCT VE VEN VG VGB VI VIR VN VNM VU VUT WF WLF WS WSM YE YEM YT MYT ZA ZAF ZM ZMB \
ZW ZWE";

/// The three letters of a country; none for one that is not in the list.
pub(super) fn three_letters(two: &str) -> Option<&'static str> {
    let mut words = COUNTRIES.split(' ');
    loop {
        let (known, three) = (words.next()?, words.next()?);
        if known == two {
            return Some(three);
        }
    }
}

/// Somebody at an address, with whatever parts there are.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Party<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name1: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name2: Option<&'a str>,
    /// Of a sender: whatever does not fit into the street.
    #[serde(skip_serializing_if = "Option::is_none")]
    name3: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address_street: Option<&'a str>,
    /// Of a receiver: the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_address_information1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
}

/// Who sends. DHL takes neither a state nor a telephone number of it.
pub(super) fn shipper(address: &Address) -> Party<'_> {
    let rest = street(address).1;
    Party {
        name3: rest,
        additional_address_information1: None,
        state: None,
        phone: None,
        ..consignee(address)
    }
}

/// Who receives.
pub(super) fn consignee(address: &Address) -> Party<'_> {
    let (line, rest) = street(address);
    let company = address.company.as_deref();
    let person = address.name.as_deref();
    Party {
        name1: company.or(person),
        name2: company.and(person),
        name3: None,
        address_street: line,
        additional_address_information1: rest,
        postal_code: address.postcode.as_deref(),
        city: address.city.as_deref(),
        state: address.region.as_deref(),
        country: address.country.as_deref().and_then(three_letters),
        phone: address.phone.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_country_has_its_own_three_letters() {
        let words: Vec<&str> = COUNTRIES.split(' ').collect();
        assert_eq!(words.len() % 2, 0);
        let pairs = words.chunks(2);
        for pair in pairs {
            assert_eq!((pair[0].len(), pair[1].len()), (2, 3), "{pair:?}");
        }
        let different: BTreeSet<&str> = words.iter().copied().collect();
        assert_eq!(different.len(), words.len());
        assert_eq!(three_letters("DE"), Some("DEU"));
        assert_eq!(three_letters("AT"), Some("AUT"));
        assert_eq!(three_letters("ZW"), Some("ZWE"));
        for none in ["", "de", "XX", "DEU"] {
            assert_eq!(three_letters(none), None, "{none}");
        }
    }
}
