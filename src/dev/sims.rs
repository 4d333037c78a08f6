//! The demo's partners: this binary again, once per simulator, talking to the hub over loopback like
//! strangers. All but the staff keep books, so that one that was killed goes on where it was.

use super::Demo;
use super::home::Home;
use super::keeper::{Keeper, Run};
use super::world::{
    CARRIER_KEY, CARRIERS, GATEWAY_KEY, GATEWAYS, MARKETPLACE, MARKETPLACE_KEY, Places, SELLERS,
    SHOP_KEY, SHOPS, SOCIAL, SOCIAL_KEY, STAFF, TILL, TILL_KEY, WMS, WMS_KEY, locations_of,
    secrets, skus,
};
use crate::cli::{Exit, Failure};

/// One simulator: what its log is called, the command line after `orderhub sim`, and what no list of
/// processes may show.
struct Sim {
    name: &'static str,
    words: Vec<String>,
    secrets: Vec<(&'static str, String)>,
}

/// What all of them are started with.
struct Stage<'a> {
    home: &'a Home,
    places: &'a Places,
    demo: &'a Demo,
    /// The hub's API key.
    key: &'a str,
    /// The file that lists what is sold.
    skus: String,
}

/// Starts all of them.
pub(super) fn start(
    home: &Home,
    places: &Places,
    key: &str,
    demo: &Demo,
) -> Result<Vec<Keeper>, Failure> {
    let list = home.write("skus.txt", &skus().join("\n"))?;
    let stage = Stage {
        home,
        places,
        demo,
        key,
        skus: list.display().to_string(),
    };
    let mut sims = stage.partners()?;
    sims.extend(stage.shops()?);
    sims.extend(stage.channels()?);
    sims.push(stage.staff());
    sims.push(stage.wms()?);
    let numbered = (0_u64..).zip(&mut sims);
    numbered
        .map(|(number, sim)| {
            let seed = demo.seed.wrapping_add(number);
            sim.words.extend(words(&[("--seed", &seed.to_string())]));
            launch(home, sim)
        })
        .collect()
}

impl Stage<'_> {
    fn partners(&self) -> Result<Vec<Sim>, Failure> {
        let ports = &self.places.partners;
        let gateways = GATEWAYS.into_iter().zip(ports.gateways);
        let gateways =
            gateways.map(|(slug, port)| ("gateway", "payments", GATEWAY_KEY, slug, port));
        let carriers = CARRIERS.into_iter().zip(ports.carriers);
        let carriers =
            carriers.map(|(slug, port)| ("carrier", "carriers", CARRIER_KEY, slug, port));
        let mut sims = Vec::new();
        for (kind, family, prefix, slug, port) in gateways.chain(carriers) {
            let known = secrets(self.home, slug, prefix)?;
            let hook = format!("{}/v1/hooks/{family}/{slug}", self.hub());
            let mut line = self.line(kind, slug, port, &[("--webhook-url", &hook)]);
            if kind == "carrier" {
                line.extend(words(&[("--speed", &self.demo.speed.to_string())]));
            }
            sims.push(Sim {
                name: slug,
                words: line,
                secrets: vec![
                    ("ORDERHUB_SIM_WEBHOOK_SECRET", known.webhook),
                    ("ORDERHUB_SIM_API_KEY", known.key),
                ],
            });
        }
        Ok(sims)
    }

    fn shops(&self) -> Result<Vec<Sim>, Failure> {
        let mut sims = Vec::new();
        for (slug, port) in SHOPS.into_iter().zip(self.places.partners.shops) {
            let known = secrets(self.home, slug, SHOP_KEY)?;
            sims.push(Sim {
                name: slug,
                words: self.seller("shop", slug, port),
                secrets: vec![
                    ("ORDERHUB_SIM_SECRET", known.webhook),
                    ("ORDERHUB_SIM_ACCESS_TOKEN", known.key),
                ],
            });
        }
        Ok(sims)
    }

    /// Channels that are asked for their orders.
    fn channels(&self) -> Result<[Sim; 3], Failure> {
        let ports = &self.places.partners;
        let till = secrets(self.home, TILL, TILL_KEY)?;
        let marketplace = secrets(self.home, MARKETPLACE, MARKETPLACE_KEY)?;
        let social = secrets(self.home, SOCIAL, SOCIAL_KEY)?;
        Ok([
            Sim {
                name: TILL,
                words: self.seller("till", TILL, ports.till),
                secrets: vec![
                    ("ORDERHUB_SIM_SECRET", till.webhook),
                    ("ORDERHUB_SIM_ACCESS_TOKEN", till.key),
                ],
            },
            Sim {
                name: MARKETPLACE,
                words: self.seller("marketplace", MARKETPLACE, ports.marketplace),
                secrets: vec![("ORDERHUB_SIM_SECRET", marketplace.key)],
            },
            Sim {
                name: SOCIAL,
                words: self.seller("social", SOCIAL, ports.social),
                secrets: vec![
                    ("ORDERHUB_SIM_SECRET", social.webhook),
                    ("ORDERHUB_SIM_REFRESH_TOKEN", social.key),
                ],
            },
        ])
    }

    fn staff(&self) -> Sim {
        let mut line = vec!["warehouse".to_owned()];
        line.extend(words(&[("--hub", &self.hub())]));
        line.extend(self.work(STAFF));
        Sim {
            name: "warehouse",
            words: line,
            secrets: vec![("ORDERHUB_SIM_KEY", self.key.to_owned())],
        }
    }

    fn wms(&self) -> Result<Sim, Failure> {
        let known = secrets(self.home, WMS, WMS_KEY)?;
        let named = [("--hub", self.hub()), ("--slug", WMS.to_owned())];
        let named = named
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let mut line = self.line("wms", WMS, self.places.partners.wms, &named);
        line.extend(self.work(WMS));
        Ok(Sim {
            name: WMS,
            words: line,
            secrets: vec![
                ("ORDERHUB_SIM_SECRET", known.key),
                ("ORDERHUB_SIM_WEBHOOK_SECRET", known.webhook),
                ("ORDERHUB_SIM_KEY", self.key.to_owned()),
            ],
        })
    }

    /// The command line of somebody who sells. All of them together sell what was asked for.
    fn seller(&self, kind: &str, slug: &str, port: u16) -> Vec<String> {
        let (hub, rate) = (self.hub(), rate(self.demo.orders_per_minute));
        let more = [
            ("--hub", hub.as_str()),
            ("--slug", slug),
            ("--skus", &self.skus),
            ("--rate", &rate),
        ];
        self.line(kind, slug, port, &more)
    }

    /// The command line of somebody who listens and keeps a book.
    fn line(&self, kind: &str, slug: &str, port: u16, more: &[(&str, &str)]) -> Vec<String> {
        let book = self.home.at(&format!("{slug}.jsonl"));
        let faults = if self.demo.faults { "some" } else { "none" };
        let mut line = vec![kind.to_owned()];
        line.extend(words(more));
        line.extend(words(&[
            ("--addr", &format!("127.0.0.1:{port}")),
            ("--book", &book.display().to_string()),
            ("--faults", faults),
        ]));
        line
    }

    /// Where the people of a warehouse work, how fast, and what they fill up.
    fn work(&self, warehouse: &str) -> Vec<String> {
        words(&[
            ("--locations", &locations_of(warehouse)),
            ("--speed", &self.demo.speed.to_string()),
            ("--skus", &self.skus),
        ])
    }

    fn hub(&self) -> String {
        format!("http://127.0.0.1:{}", self.places.http)
    }
}

/// Orders per second of one of those who share so many a minute, in thousandths and never none.
fn rate(orders_per_minute: u32) -> String {
    let sellers = u32::try_from(SELLERS.len()).unwrap_or(1);
    let thousandths = orders_per_minute.saturating_mul(1_000) / (60 * sellers);
    let thousandths = thousandths.max(1);
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

fn words(options: &[(&str, &str)]) -> Vec<String> {
    let pairs = options.iter().flat_map(|(name, value)| [*name, *value]);
    pairs.map(str::to_owned).collect()
}

fn launch(home: &Home, sim: &Sim) -> Result<Keeper, Failure> {
    let broken = |error: std::io::Error| {
        let message = format!("the simulator {} does not start: {error}", sim.name);
        Failure::new(Exit::Failed, message, "orderhub dev --no-sims")
    };
    let program = std::env::current_exe().map_err(broken)?;
    let mut arguments = vec!["sim".to_owned()];
    arguments.extend(sim.words.iter().cloned());
    let log = home.at(&format!("sim-{}.log", sim.name));
    Keeper::start(&Run {
        program: &program,
        arguments: &arguments,
        secrets: &sim.secrets,
        log: &log,
        signal: "TERM",
        account: None,
        folder: home.path(),
    })
    .map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sellers_together_sell_what_was_asked_for() {
        assert_eq!(rate(60), "0.200");
        assert_eq!(rate(600), "2.000");
        assert_eq!(rate(0), "0.001");
    }
}
