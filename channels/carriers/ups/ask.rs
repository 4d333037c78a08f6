//! What UPS is asked for a label (`POST /api/shipments/{version}/ship`), after `Shipping.yaml`
//! (github.com/UPS-API/api-documentation).

use jiff::Timestamp;
use orderhub_domain::canonical::Address;
use serde::Serialize;
use serde_json::{Value, json};

use crate::carriers::LabelCall;
use crate::carriers::customs::whole;
use crate::carriers::labels::{street_lines, weighs_in_pounds, weight_in_tenths};

/// Lines of an address that UPS takes.
const LINES: usize = 3;

/// Somebody at an address, with whatever parts there are.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Party<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attention_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<Phone<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipper_number: Option<&'a str>,
    address: Place<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Phone<'a> {
    number: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Place<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    address_line: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_province_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_code: Option<&'a str>,
}

fn party<'a>(address: &'a Address, shipper: Option<&'a str>) -> Party<'a> {
    let person = address.name.as_deref();
    let company = address.company.as_deref();
    Party {
        name: company.or(person),
        attention_name: company.and(person),
        phone: address.phone.as_deref().map(|number| Phone { number }),
        shipper_number: shipper,
        address: Place {
            address_line: street_lines(address, LINES),
            city: address.city.as_deref(),
            state_province_code: address.region.as_deref(),
            postal_code: address.postcode.as_deref(),
            country_code: address.country.as_deref(),
        },
    }
}

/// Whether UPS takes the name of a parcel with the package and not with the shipment: within the United
/// States, and within Puerto Rico.
fn is_domestic(call: &LabelCall) -> bool {
    let from = call.from.country.as_deref();
    matches!(from, Some("US" | "PR")) && from == call.to.country.as_deref()
}

/// A label in the format that every browser shows; UPS wants to know for which.
pub(super) fn label_form() -> Value {
    json!({ "LabelImageFormat": { "Code": "GIF" }, "HTTPUserAgent": "Mozilla/4.5" })
}

/// The invoice for a parcel that meets customs: goods that were sold, to who receives them.
fn invoice(call: &LabelCall, now: Timestamp) -> Option<Value> {
    let contents = call.declared()?;
    let currency = contents.first()?.unit_value.currency().to_string();
    let products = contents.iter().map(|content| {
        let mut product = json!({
            "Description": content.words(35),
            "Unit": {
                "Number": content.units.to_string(),
                "UnitOfMeasurement": { "Code": "PCS" },
                "Value": content.unit_value.amount().to_string(),
            },
        });
        if let Some(code) = &content.hs_code {
            product["CommodityCode"] = code.as_str().into();
        }
        if let Some(origin) = &content.origin {
            product["OriginCountryCode"] = origin.as_str().into();
        }
        if let Some(sku) = &content.sku {
            product["PartNumber"] = sku.chars().take(10).collect::<String>().into();
        }
        product
    });
    Some(json!({
        "FormType": "01",
        "InvoiceDate": now.strftime("%Y%m%d").to_string(),
        "ReasonForExport": "SALE",
        "CurrencyCode": currency,
        "Contacts": { "SoldTo": party(&call.to, None) },
        "Product": products.collect::<Vec<_>>(),
    }))
}

/// A purchase on the shipper's account, of one parcel under its name.
pub(super) fn purchase(
    call: &LabelCall,
    account: &str,
    service: &str,
    (name, now): (&str, Timestamp),
) -> Value {
    let pounds = weighs_in_pounds(call.from.country.as_deref());
    let unit = if pounds { "LBS" } else { "KGS" };
    let weight = weight_in_tenths(call.goods.weight_g, pounds);
    let named = json!([{ "Value": name }]);
    let mut package = json!({
        "Packaging": { "Code": "02" },
        "PackageWeight": { "UnitOfMeasurement": { "Code": unit }, "Weight": weight },
    });
    let mut shipment = json!({
        "Description": "Goods",
        "Shipper": party(&call.from, Some(account)),
        "ShipTo": party(&call.to, None),
        "ShipFrom": party(&call.from, None),
        "PaymentInformation": {
            "ShipmentCharge": [{ "Type": "01", "BillShipper": { "AccountNumber": account } }],
        },
        "ShipmentRatingOptions": { "NegotiatedRatesIndicator": "Y" },
        "Service": { "Code": service },
        "ShipmentServiceOptions": { "LabelDelivery": { "LabelLinksIndicator": "Y" } },
    });
    if let Some(size) = call.goods.size {
        let [length, width, height] = size.sides().map(|mm| whole(mm, pounds).to_string());
        package["Dimensions"] = json!({
            "UnitOfMeasurement": { "Code": if pounds { "IN" } else { "CM" } },
            "Length": length, "Width": width, "Height": height,
        });
    }
    if let Some(invoice) = invoice(call, now) {
        shipment["ShipmentServiceOptions"]["InternationalForms"] = invoice;
    }
    if is_domestic(call) {
        package["ReferenceNumber"] = named;
    } else {
        shipment["ReferenceNumber"] = named;
    }
    shipment["Package"] = json!([package]);
    json!({
        "ShipmentRequest": {
            "Request": { "RequestOption": "nonvalidate" },
            "Shipment": shipment,
            "LabelSpecification": label_form(),
        },
    })
}

/// A look-up of the label that was bought under a name.
pub(super) fn recovery(account: &str, name: &str) -> Value {
    json!({
        "LabelRecoveryRequest": {
            "Request": { "RequestOption": "" },
            "LabelSpecification": label_form(),
            "LabelDelivery": { "LabelLinkIndicator": "Y" },
            "ReferenceValues": {
                "ReferenceNumber": { "Value": name },
                "ShipperNumber": account,
            },
        },
    })
}
