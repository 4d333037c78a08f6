//! The demo's world: a retailer with two web shops, a till, a place on a marketplace, a social shop and an API
//! of its own, two gateways, two carriers, and four places with 200 things on their shelves, one of which is
//! run by a system of its own. As data: the configuration that the hub reads like any other, the secrets
//! beside it, and what is on hand.

use std::path::PathBuf;

use ring::rand::{SecureRandom, SystemRandom};

use super::home::Home;
use crate::cli::{Exit, Failure, Root};
use crate::config::Config;
use crate::http::keys::{Key, NewKey, Scope, generate, token_hash};
use crate::sim::{marketplace, shop, social, till};

/// Where everything is reached.
pub(super) struct Places {
    pub(super) http: u16,
    pub(super) admin: u16,
    pub(super) database_url: String,
    pub(super) bus_url: String,
    pub(super) partners: Partners,
}

/// Ports of the partners' simulators.
pub(super) struct Partners {
    pub(super) gateways: [u16; 2],
    pub(super) carriers: [u16; 2],
    pub(super) shops: [u16; 2],
    pub(super) till: u16,
    pub(super) marketplace: u16,
    pub(super) social: u16,
    pub(super) wms: u16,
}

/// Slugs of connections.
pub(super) const GATEWAYS: [&str; 2] = ["stripe-eu", "stripe-uk"];
pub(super) const CARRIERS: [&str; 2] = ["easypost", "express"];
pub(super) const SHOPS: [&str; 2] = ["shop-de", "shop-fr"];

pub(super) const TILL: &str = "till-muc";
pub(super) const MARKETPLACE: &str = "walmart-us";
pub(super) const SOCIAL: &str = "tiktok-de";
/// The warehouse whose people use the hub's API, and the one with a system of its own.
pub(super) const STAFF: &str = "own";
pub(super) const WMS: &str = "north";

/// Everybody who sells by themselves.
pub(super) const SELLERS: [&str; 5] = [SHOPS[0], SHOPS[1], TILL, MARKETPLACE, SOCIAL];

/// Code, country, kind, latitude, longitude, and the warehouse that runs it.
pub(super) const LOCATIONS: [(&str, &str, &str, &str, &str, &str); 4] = [
    ("BER1", "DE", "warehouse", "52.5", "13.4", STAFF),
    ("PAR1", "FR", "warehouse", "48.9", "2.3", STAFF),
    ("STORE-3", "DE", "store", "48.1", "11.6", STAFF),
    ("HAM1", "DE", "warehouse", "53.6", "10.0", WMS),
];

/// The codes of the locations that a warehouse runs, with commas between them.
pub(super) fn locations_of(warehouse: &str) -> String {
    let codes = LOCATIONS.iter().filter(|(.., by)| *by == warehouse);
    let codes: Vec<&str> = codes.map(|(code, ..)| *code).collect();
    codes.join(",")
}

/// What counts against emptying a shelf. Where a buyer is, no channel says by degrees, so that of several
/// places in one country the first would have all the work.
const LAST_UNITS: u32 = 10;

const THINGS: [&str; 10] = [
    "TEE", "HOODIE", "CAP", "SOCKS", "MUG", "POSTER", "BAG", "SCARF", "BELT", "VEST",
];
const COLOURS: [&str; 5] = ["RED", "BLUE", "GREEN", "BLACK", "SAND"];
const SIZES: [&str; 4] = ["S", "M", "L", "XL"];

/// What the retailer sells.
pub(super) fn skus() -> Vec<String> {
    let mut skus = Vec::with_capacity(THINGS.len() * COLOURS.len() * SIZES.len());
    for thing in THINGS {
        for colour in COLOURS {
            skus.extend(SIZES.map(|size| format!("{thing}-{colour}-{size}")));
        }
    }
    skus
}

/// How many of the n-th SKU lie on the m-th location's shelf at first.
pub(super) const fn on_hand(sku: usize, location: usize) -> usize {
    40 + (sku * 7 + location * 13) % 60
}

/// The secret with this name; made at the first start.
pub(super) fn secret(home: &Home, name: &str, prefix: &str) -> Result<String, Failure> {
    let file = format!("secret-{name}");
    if let Some(kept) = home.read(&file) {
        return Ok(kept);
    }
    let mut random = [0; 16];
    SystemRandom::new().fill(&mut random).map_err(|_| {
        let message = "the system gives no random numbers";
        Failure::new(Exit::Failed, message, "orderhub dev")
    })?;
    let secret = format!("{prefix}{}", hex::encode(random));
    home.write(&file, &secret)?;
    Ok(secret)
}

/// Secrets of a connection: what its webhooks are signed with, and the key for calls.
pub(super) struct Secrets {
    pub(super) webhook: String,
    pub(super) key: String,
}

pub(super) fn secrets(home: &Home, slug: &str, key_prefix: &str) -> Result<Secrets, Failure> {
    Ok(Secrets {
        webhook: secret(home, &format!("{slug}-webhook"), "whsec_")?,
        key: secret(home, &format!("{slug}-key"), key_prefix)?,
    })
}

/// How the keys of each kind of connection begin.
pub(super) const GATEWAY_KEY: &str = "sk_test_";
pub(super) const CARRIER_KEY: &str = "EZTK";
pub(super) const SHOP_KEY: &str = "shpat_";
pub(super) const TILL_KEY: &str = "EAAA";
pub(super) const MARKETPLACE_KEY: &str = "WM_";
pub(super) const SOCIAL_KEY: &str = "ROW_";
/// Requests to a warehouse's own system are signed as its webhooks are.
pub(super) const WMS_KEY: &str = "whsec_";

/// Writes the configuration; its file.
pub(super) fn configure(home: &Home, places: &Places) -> Result<PathBuf, Failure> {
    let kept = |slug: &str, what: &str| {
        let file = home.at(&format!("secret-{slug}-{what}"));
        format!("{{ file = {:?} }}", file.display().to_string())
    };
    let mut sections = vec![format!(
        "# Written anew at every start of orderhub dev.\n\
         [http]\naddr = \"127.0.0.1:{}\"\n[admin]\naddr = \"127.0.0.1:{}\"\n[node]\nname = \"dev\"\n\
         [store]\nurl = {:?}\n[bus]\nurl = {:?}\n[policy.sourcing]\nrisk = {LAST_UNITS}\n\
         [[sales]]\nslug = \"web\"\nkind = \"direct\"\npayment = \"stripe-eu\"\n",
        places.http, places.admin, places.database_url, places.bus_url
    )];
    for ((slug, port), gateway) in SHOPS.iter().zip(places.partners.shops).zip(GATEWAYS) {
        secrets(home, slug, SHOP_KEY)?;
        let (webhook, key) = (kept(slug, "webhook"), kept(slug, "key"));
        sections.push(format!(
            "[[sales]]\nslug = \"{slug}\"\nkind = \"shopify\"\nsecrets = [{webhook}]\n\
             access_token = {key}\nbase_url = \"http://127.0.0.1:{port}\"\npayment = \"{gateway}\"\n\
             stock_location = \"{}\"\n",
            shop::LOCATION
        ));
    }
    let gateways = places.partners.gateways.iter().zip(GATEWAYS);
    let gateways = gateways.map(|(port, slug)| ("payments", "stripe", GATEWAY_KEY, *port, slug));
    let carriers = places.partners.carriers.iter().zip(CARRIERS);
    let carriers = carriers.map(|(port, slug)| ("carriers", "easypost", CARRIER_KEY, *port, slug));
    for (family, kind, prefix, port, slug) in gateways.chain(carriers) {
        secrets(home, slug, prefix)?;
        let (webhook, key) = (kept(slug, "webhook"), kept(slug, "key"));
        sections.push(format!(
            "[[{family}]]\nslug = \"{slug}\"\nkind = \"{kind}\"\napi_key = {key}\n\
             webhook_secrets = [{webhook}]\nbase_url = \"http://127.0.0.1:{port}\"\n"
        ));
    }
    sections.extend(channels(home, &places.partners, &kept)?);
    sections.extend(warehouses(home, &places.partners, &kept)?);
    let locations = LOCATIONS.iter().zip(CARRIERS.iter().cycle());
    for ((code, country, kind, lat, lon, warehouse), carrier) in locations {
        sections.push(format!(
            "[[locations]]\ncode = \"{code}\"\nwarehouse = \"{warehouse}\"\nkind = \"{kind}\"\n\
             country = \"{country}\"\nlat = {lat}\nlon = {lon}\ncarrier = \"{carrier}\"\n"
        ));
    }
    home.write("orderhub.toml", &sections.concat())
}

/// Where a secret is kept: of which connection, and which.
type Kept<'a> = dyn Fn(&str, &str) -> String + 'a;

/// The channels that are asked for their orders.
fn channels(home: &Home, ports: &Partners, kept: &Kept<'_>) -> Result<[String; 3], Failure> {
    let all = [
        (TILL, TILL_KEY),
        (MARKETPLACE, MARKETPLACE_KEY),
        (SOCIAL, SOCIAL_KEY),
    ];
    for (slug, prefix) in all {
        secrets(home, slug, prefix)?;
    }
    let section = |slug: &str, kind: &str, port: u16, own: &str| {
        format!(
            "[[sales]]\nslug = \"{slug}\"\nkind = \"{kind}\"\nbase_url = \"http://127.0.0.1:{port}\"\n{own}"
        )
    };
    let till = format!(
        "secrets = [{}]\naccess_token = {}\nmerchant_id = \"{}\"\nlocation_id = \"{}\"\n",
        kept(TILL, "webhook"),
        kept(TILL, "key"),
        till::MERCHANT,
        till::LOCATION
    );
    // Days pass in minutes here: what a vendor wants to be asked every few minutes is asked sooner.
    let marketplace = format!(
        "client_id = \"{}\"\nclient_secret = {}\npoll_every = \"10s\"\n",
        marketplace::CLIENT,
        kept(MARKETPLACE, "key")
    );
    let social = format!(
        "app_key = \"{}\"\nsecrets = [{}]\nrefresh_token = {}\nshop_id = \"{}\"\n\
         shop_cipher = \"{}\"\n",
        social::APP,
        kept(SOCIAL, "webhook"),
        kept(SOCIAL, "key"),
        social::SHOP,
        social::CIPHER
    );
    Ok([
        section(TILL, "square", ports.till, &till),
        section(MARKETPLACE, "walmart", ports.marketplace, &marketplace),
        section(SOCIAL, "tiktok_shop", ports.social, &social),
    ])
}

/// Who runs the locations.
fn warehouses(home: &Home, ports: &Partners, kept: &Kept<'_>) -> Result<[String; 2], Failure> {
    secrets(home, WMS, WMS_KEY)?;
    let (callbacks, requests) = (kept(WMS, "webhook"), kept(WMS, "key"));
    Ok([
        format!("[[warehouses]]\nslug = \"{STAFF}\"\nkind = \"managed\"\n"),
        format!(
            "[[warehouses]]\nslug = \"{WMS}\"\nkind = \"webhook\"\n\
             url = \"https://wms.example/hooks/orderhub\"\nbase_url = \"http://127.0.0.1:{}\"\n\
             request_secret = {requests}\ncallback_secrets = [{callbacks}]\n",
            ports.wms
        ),
    ])
}

/// The demo's API key; made at the first start.
pub(super) async fn key(home: &Home, config: &Config, root: &dyn Root) -> Result<String, Failure> {
    if let Some(kept) = home.read("key") {
        return Ok(kept);
    }
    let (token, id) = generate()
        .map_err(|error| Failure::new(Exit::Failed, error.to_string(), "orderhub dev"))?;
    let key = Key {
        id,
        name: "demo".to_owned(),
        scopes: vec![Scope::Admin],
        channel: None,
    };
    let token_hash = token_hash(&token);
    root.keys(config)
        .await?
        .add(&NewKey { key, token_hash })
        .await?;
    home.write("key", &token)?;
    Ok(token)
}

/// Puts everything on its shelf, once, through the hub's own API.
pub(super) async fn stock_shelves(home: &Home, http: u16, key: &str) -> Result<(), Failure> {
    if home.read("stocked").is_some() {
        return Ok(());
    }
    let client = reqwest::Client::new();
    for (number, sku) in skus().iter().enumerate() {
        for (place, (code, ..)) in LOCATIONS.iter().enumerate() {
            let url = format!("http://127.0.0.1:{http}/v1/inventory/{code}/{sku}");
            let count = serde_json::json!({ "on_hand": on_hand(number, place) });
            let answer = client.put(url).bearer_auth(key).json(&count).send().await;
            let counted = answer.and_then(reqwest::Response::error_for_status);
            counted.map_err(|error| {
                let message = format!("the demo's shelves cannot be filled: {error}");
                Failure::new(Exit::Failed, message, "orderhub dev")
            })?;
        }
    }
    home.write("stocked", "")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_things_with_names_of_their_own() {
        let skus = skus();
        let names: std::collections::BTreeSet<&String> = skus.iter().collect();
        assert_eq!((skus.len(), names.len()), (200, 200));
    }
}
