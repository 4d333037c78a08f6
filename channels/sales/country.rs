//! Countries as marketplaces write them: ISO 3166-1 codes of three letters, where the hub keeps those of two.

use orderhub_domain::places::is_country;

/// Each code of three letters with its code of two behind it, in alphabetical order; and `XKX`, that postal
/// services use for Kosovo.
const CODES: &str = "ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU \
    AUTAT AZEAZ BDIBI BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ \
    BMUBM BOLBO BRABR BRBBB BRNBN BTNBT BVTBV BWABW CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI \
    CMRCM CODCD COGCG COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE \
    DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK \
    FRAFR FROFO FSMFM GABGA GBRGB GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR \
    GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN \
    IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH \
    KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV \
    MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH MKDMK MLIML MLTMT MMRMM MNEME MNGMN \
    MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA NCLNC NERNE NFKNF NGANG NICNI \
    NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE PHLPH PLWPW PNGPG POLPL \
    PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG \
    SGSGS SHNSH SJMSJ SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK SVNSI \
    SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO TTOTT \
    TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY USAUS UZBUZ VATVA VCTVC VENVE VGBVG \
    VIRVI VNMVN VUTVU WLFWF WSMWS XKXXK YEMYE ZAFZA ZMBZM ZWEZW";

/// The code of two letters for a code of either length, in any case; `None` for what is no country's.
pub(super) fn two_letters(code: &str) -> Option<String> {
    let code = code.trim().to_ascii_uppercase();
    if is_country(&code) {
        return Some(code);
    }
    let pairs = CODES.split_ascii_whitespace();
    let mut found = pairs.filter_map(|pair| pair.split_at_checked(3));
    let (_, two) = found.find(|(three, _)| *three == code)?;
    Some(two.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_either_length_are_countries_and_other_texts_are_not() {
        for (code, country) in [
            ("DEU", Some("DE")),
            ("usa", Some("US")),
            ("AUT", Some("AT")),
            ("AUS", Some("AU")),
            ("XKX", Some("XK")),
            (" fr ", Some("FR")),
            ("Germany", None),
            ("EUR", None),
            ("DE ", Some("DE")),
            ("D", None),
            ("", None),
        ] {
            assert_eq!(two_letters(code).as_deref(), country, "{code}");
        }
    }

    #[test]
    fn every_pair_of_the_table_is_a_country() {
        let mut seen = 0;
        for pair in CODES.split_ascii_whitespace() {
            let (three, two) = pair.split_at(3);
            assert_eq!(two_letters(three).as_deref(), Some(two), "{pair}");
            assert!(is_country(two), "{pair}");
            seen += 1;
        }
        assert_eq!(seen, 250);
    }
}
