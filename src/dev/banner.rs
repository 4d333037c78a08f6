//! What a person is told once the demo runs.

use super::Demo;
use super::home::Home;
use super::world::{Places, SELLERS, STAFF, WMS, locations_of};

/// At most 20 lines.
pub(super) fn text(home: &Home, places: &Places, key: &str, demo: &Demo) -> String {
    let base = format!("http://127.0.0.1:{}", places.http);
    let config = home.at("orderhub.toml");
    let orders = if demo.partners {
        let sellers = SELLERS.join(", ");
        format!("{} a minute from {sellers}", demo.orders_per_minute)
    } else {
        "none by themselves".to_owned()
    };
    let kept = if demo.ephemeral {
        "nothing is kept".to_owned()
    } else {
        format!("everything is kept in {}", home.path().display())
    };
    format!(
        "\n\
         orderhub dev is running\n\
         \n\
         \x20 console    {base}/console#{key}\n\
         \x20 API        {base}/v1/orders\n\
         \x20 metrics    http://127.0.0.1:{admin}/metrics\n\
         \x20 key        {key}\n\
         \x20 Postgres   {database}\n\
         \x20 NATS       {bus}\n\
         \x20 config     {config}\n\
         \x20 orders     {orders}\n\
         \x20 work       staff at {staff}; {wms} has a system of its own\n\
         \n\
         Try it in another terminal:\n\
         \x20 export KEY={key}\n\
         \x20 curl -H \"Authorization: Bearer $KEY\" '{base}/v1/orders?limit=3'\n\
         \x20 curl -H \"Authorization: Bearer $KEY\" {base}/v1/inventory/TEE-RED-M\n\
         \n\
         Ctrl-C ends it; {kept}.\n",
        admin = places.admin,
        database = places.database_url,
        bus = places.bus_url,
        config = config.display(),
        staff = locations_of(STAFF),
        wms = locations_of(WMS),
    )
}
