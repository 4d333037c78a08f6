//! Reads every section, then what only holds between them: names that are unique and exist.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};

use orderhub_channels::registry::Family;
use orderhub_domain::ids::Slug;
use toml::Table;

use super::policy::read_policy;
use super::section::{Reading, Section};
use super::{Admin, Config, Fault, Http, Node, Sources, connections};

const ADDRESS: &str = "an address and a port, like 127.0.0.1:7070";

/// All sections; `None` only beside faults.
pub(super) fn read(sources: &Sources, faults: &mut Vec<Fault>) -> Option<Config> {
    let (table, given) = sources.merged(faults);
    let mut reading = Reading {
        environment: &sources.environment,
        faults,
    };
    let mut top = Section::new("", table, &mut reading);
    let (http, admin, node) = (top.table("http"), top.table("admin"), top.table("node"));
    let (policy, store, bus) = (top.table("policy"), top.table("store"), top.table("bus"));
    let (sales, payments) = (top.tables("sales"), top.tables("payments"));
    let (carriers, warehouses) = (top.tables("carriers"), top.tables("warehouses"));
    let locations = top.tables("locations");
    top.finish();

    let (store, seal_key) = read_store(store, &mut reading);
    let config = Config {
        http: read_http(http, &mut reading),
        admin: read_admin(admin, &mut reading),
        node: read_node(node, &mut reading),
        policy: read_policy(policy, &mut reading),
        store,
        seal_key,
        bus: read_url("bus", bus, &mut reading),
        sales: each("sales", sales, &mut reading, connections::sales),
        payments: each("payments", payments, &mut reading, connections::payment),
        carriers: each("carriers", carriers, &mut reading, |at, table, reading| {
            connections::plain(Family::Carriers, at, table, reading)
        }),
        warehouses: each(
            "warehouses",
            warehouses,
            &mut reading,
            |at, table, reading| connections::plain(Family::Warehouses, at, table, reading),
        ),
        locations: each(
            "locations",
            locations,
            &mut reading,
            |at, table, reading| Some(connections::location(&at, table, reading)),
        ),
        given,
    };
    check_names(&config, faults);
    faults.is_empty().then_some(config)
}

fn each<T>(
    name: &str,
    tables: Vec<Table>,
    reading: &mut Reading<'_>,
    read: impl Fn(String, Table, &mut Reading<'_>) -> Option<T>,
) -> Vec<T> {
    tables
        .into_iter()
        .enumerate()
        .filter_map(|(index, table)| read(format!("{name}[{index}]"), table, reading))
        .collect()
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn read_http(table: Table, reading: &mut Reading<'_>) -> Http {
    let mut section = Section::new("http", table, reading);
    let addr = section
        .parsed("addr", ADDRESS)
        .unwrap_or_else(|| loopback(7070));
    let public_url = section.base_url("public_url");
    section.finish();
    Http {
        addr,
        public_url: public_url.unwrap_or_else(|| format!("http://{addr}")),
    }
}

fn read_admin(table: Table, reading: &mut Reading<'_>) -> Admin {
    let mut section = Section::new("admin", table, reading);
    let addr = section
        .parsed("addr", ADDRESS)
        .unwrap_or_else(|| loopback(7071));
    section.finish();
    Admin { addr }
}

fn read_node(table: Table, reading: &mut Reading<'_>) -> Node {
    let mut section = Section::new("node", table, reading);
    let name = section.slug("name");
    section.finish();
    Node {
        name: name.map_or_else(|| "hub-1".to_owned(), |name| name.0),
    }
}

fn read_store(
    table: Table,
    reading: &mut Reading<'_>,
) -> (Option<super::Secret>, Option<super::Secret>) {
    let mut section = Section::new("store", table, reading);
    let url = section.address("url");
    let seal_key = section.secret("seal_key");
    let hex = |key: &str| key.len() == 64 && key.bytes().all(|b| b.is_ascii_hexdigit());
    if seal_key
        .as_ref()
        .is_some_and(|key| !hex(key.expose().trim()))
    {
        section.refuse(
            "seal_key",
            "must be 64 hexadecimal digits, as `openssl rand -hex 32` makes",
        );
    }
    section.finish();
    (url, seal_key)
}

fn read_url(name: &str, table: Table, reading: &mut Reading<'_>) -> Option<super::Secret> {
    let mut section = Section::new(name, table, reading);
    let url = section.address("url");
    section.finish();
    url
}

/// Slugs are unique within their family, and what one section names another one has.
fn check_names(config: &Config, faults: &mut Vec<Fault>) {
    let mut refuse = |at: String, what: String| faults.push(Fault { at, what });
    let families: [(&str, Vec<&str>); 5] = [
        (
            "sales",
            config
                .sales
                .iter()
                .map(|one| one.connection.slug.as_str())
                .collect(),
        ),
        (
            "payments",
            config
                .payments
                .iter()
                .map(|one| one.connection.slug.as_str())
                .collect(),
        ),
        (
            "carriers",
            config
                .carriers
                .iter()
                .map(|one| one.slug.as_str())
                .collect(),
        ),
        (
            "warehouses",
            config
                .warehouses
                .iter()
                .map(|one| one.slug.as_str())
                .collect(),
        ),
        (
            "locations",
            config
                .locations
                .iter()
                .map(|one| one.code.as_str())
                .collect(),
        ),
    ];
    for (family, names) in &families {
        let mut seen = BTreeSet::new();
        for (index, name) in names
            .iter()
            .enumerate()
            .filter(|(_, name)| !name.is_empty())
        {
            if !seen.insert(name) {
                refuse(
                    format!("{family}[{index}]"),
                    format!("{name} is taken by another section"),
                );
            }
        }
    }
    let mut exists = |at: String, family: usize, named: &Slug| {
        let (name, known) = &families[family];
        if !known.contains(&named.as_str()) && !named.as_str().is_empty() {
            refuse(at, format!("there is no [[{name}]] with the slug {named}"));
        }
    };
    for (index, sales) in config.sales.iter().enumerate() {
        if let Some(payment) = &sales.payment {
            exists(format!("sales[{index}].payment"), 1, payment);
        }
    }
    for (index, location) in config.locations.iter().enumerate() {
        exists(
            format!("locations[{index}].warehouse"),
            3,
            &location.warehouse,
        );
        if let Some(carrier) = &location.carrier {
            exists(format!("locations[{index}].carrier"), 2, carrier);
        }
    }
}
