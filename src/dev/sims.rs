//! The demo's partners: this binary again, once per simulator, talking to the hub over loopback like
//! strangers.

use super::Demo;
use super::home::Home;
use super::keeper::{Keeper, Run};
use super::world::{
    CARRIER_KEY, CARRIERS, GATEWAY_KEY, GATEWAYS, LOCATIONS, Places, SHOP_KEY, SHOPS, secrets, skus,
};
use crate::cli::{Exit, Failure};

/// One simulator: what its log is called, the command line after `orderhub sim`, and what no list of
/// processes may show.
struct Sim {
    name: &'static str,
    words: Vec<String>,
    secrets: Vec<(&'static str, String)>,
}

/// Starts all of them.
pub(super) fn start(
    home: &Home,
    places: &Places,
    key: &str,
    demo: &Demo,
) -> Result<Vec<Keeper>, Failure> {
    let list = home.write("skus.txt", &skus().join("\n"))?;
    let list = list.display().to_string();
    let mut sims = partners(home, places, demo)?;
    sims.extend(shops(home, places, demo, &list)?);
    sims.push(staff(places, key, demo, &list));
    let numbered = (0_u64..).zip(&mut sims);
    numbered
        .map(|(number, sim)| {
            let seed = demo.seed.wrapping_add(number);
            sim.words.extend(words(&[("--seed", &seed.to_string())]));
            launch(home, sim)
        })
        .collect()
}

/// Gateways and carriers keep books, so that one that was killed goes on where it was.
fn partners(home: &Home, places: &Places, demo: &Demo) -> Result<Vec<Sim>, Failure> {
    let gateways = GATEWAYS.iter().zip(places.partners.gateways);
    let gateways = gateways.map(|(slug, port)| ("gateway", "payments", GATEWAY_KEY, *slug, port));
    let carriers = CARRIERS.iter().zip(places.partners.carriers);
    let carriers = carriers.map(|(slug, port)| ("carrier", "carriers", CARRIER_KEY, *slug, port));
    let mut sims = Vec::new();
    for (kind, family, prefix, slug, port) in gateways.chain(carriers) {
        let known = secrets(home, slug, prefix)?;
        let book = home.at(&format!("{slug}.jsonl"));
        let mut line = vec![kind.to_owned()];
        line.extend(words(&[
            ("--addr", &address(port)),
            (
                "--webhook-url",
                &format!("{}/v1/hooks/{family}/{slug}", hub(places)),
            ),
            ("--book", &book.display().to_string()),
            ("--faults", faults(demo)),
        ]));
        if kind == "carrier" {
            line.extend(words(&[("--speed", &demo.speed.to_string())]));
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

/// A shop's book is what it still knows of its orders when the hub speaks of them later.
fn shops(home: &Home, places: &Places, demo: &Demo, list: &str) -> Result<Vec<Sim>, Failure> {
    // Orders per second, in hundredths; the two shops share them.
    let hundredths = demo.orders_per_minute * 100 / 120;
    let rate = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let mut sims = Vec::new();
    for (slug, port) in SHOPS.into_iter().zip(places.partners.shops) {
        let known = secrets(home, slug, SHOP_KEY)?;
        let book = home.at(&format!("{slug}.jsonl"));
        let mut line = vec!["shop".to_owned()];
        line.extend(words(&[
            ("--hub", &hub(places)),
            ("--slug", slug),
            ("--skus", list),
            ("--rate", &rate),
            ("--addr", &address(port)),
            ("--book", &book.display().to_string()),
            ("--faults", faults(demo)),
        ]));
        sims.push(Sim {
            name: slug,
            words: line,
            secrets: vec![
                ("ORDERHUB_SIM_SECRET", known.webhook),
                ("ORDERHUB_SIM_ACCESS_TOKEN", known.key),
            ],
        });
    }
    Ok(sims)
}

fn staff(places: &Places, key: &str, demo: &Demo, list: &str) -> Sim {
    let codes: Vec<&str> = LOCATIONS.iter().map(|(code, ..)| *code).collect();
    let mut line = vec!["warehouse".to_owned()];
    line.extend(words(&[
        ("--hub", &hub(places)),
        ("--locations", &codes.join(",")),
        ("--speed", &demo.speed.to_string()),
        ("--skus", list),
    ]));
    Sim {
        name: "warehouse",
        words: line,
        secrets: vec![("ORDERHUB_SIM_KEY", key.to_owned())],
    }
}

fn faults(demo: &Demo) -> &'static str {
    if demo.faults { "some" } else { "none" }
}

fn hub(places: &Places) -> String {
    format!("http://127.0.0.1:{}", places.http)
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
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
