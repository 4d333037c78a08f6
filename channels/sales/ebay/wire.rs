//! eBay's order of the Fulfillment API and its notification, as far as the hub reads them. Amounts are texts
//! with as many decimals as it pleases (`"6.0"`).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::spare::{self, Spare, Text};
use crate::wire::Exact;

/// A notification: what happened, under its topic.
#[derive(Deserialize)]
pub(super) struct Hook<'a> {
    pub(super) metadata: Metadata,
    #[serde(borrow, default)]
    pub(super) notification: Option<Notification<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    pub(super) topic: String,
}

#[derive(Deserialize)]
pub(super) struct Notification<'a> {
    /// Of another shape for every topic.
    #[serde(borrow, default)]
    pub(super) data: Option<&'a RawValue>,
}

/// What the topics about orders name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    #[serde(default)]
    pub(super) order_id: Option<String>,
    #[serde(default)]
    pub(super) order: Option<NamedOrder>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NamedOrder {
    #[serde(default)]
    pub(super) order_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    #[serde(rename = "orderId", deserialize_with = "spare::id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) creation_date: Option<String>,
    #[serde(default)]
    pub(super) last_modified_date: Option<String>,
    #[serde(default, rename = "orderFulfillmentStatus")]
    pub(super) fulfillment_status: Option<String>,
    #[serde(default, rename = "orderPaymentStatus")]
    pub(super) payment_status: Option<String>,
    #[serde(default)]
    pub(super) seller_id: Option<String>,
    #[serde(default)]
    pub(super) buyer: Spare<Buyer>,
    #[serde(default)]
    pub(super) buyer_checkout_notes: Text,
    #[serde(default)]
    pub(super) pricing_summary: Option<Pricing>,
    #[serde(default)]
    pub(super) cancel_status: Option<CancelStatus>,
    #[serde(default)]
    pub(super) payment_summary: Option<PaymentSummary>,
    #[serde(
        default,
        rename = "fulfillmentStartInstructions",
        deserialize_with = "spare::list"
    )]
    pub(super) instructions: Vec<Instruction>,
    /// The eBay programs that it goes through.
    #[serde(default)]
    program: Option<Program>,
    #[serde(default, rename = "lineItems", deserialize_with = "spare::list")]
    pub(super) lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Program {
    /// Stated of what eBay or one of its partners fulfils, and of nothing else.
    #[serde(default)]
    fulfillment_program: Option<FulfillmentProgram>,
    #[serde(default)]
    ebay_vault: Option<EbayVault>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FulfillmentProgram {
    #[serde(default)]
    fulfilled_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EbayVault {
    #[serde(default)]
    fulfillment_type: Option<String>,
}

impl Order {
    /// Whether eBay sends the goods, from a warehouse or a vault of its own. What it only carries further,
    /// the seller sends.
    pub(super) fn is_sent_by_ebay(&self) -> bool {
        let program = self.program.as_ref();
        let by = program.and_then(|of| of.fulfillment_program.as_ref()?.fulfilled_by.as_deref());
        let vault = program.and_then(|of| of.ebay_vault.as_ref()?.fulfillment_type.as_deref());
        by == Some("EBAY") || matches!(vault, Some("VAULT_TO_BUYER" | "VAULT_TO_VAULT"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Buyer {
    #[serde(default)]
    pub(super) username: Text,
    #[serde(default)]
    pub(super) buyer_registration_address: Spare<Contact>,
}

#[derive(Deserialize)]
pub(super) struct Amount {
    pub(super) value: Exact,
    #[serde(default)]
    pub(super) currency: Option<String>,
}

/// What the parts of the total come to. Discounts are documented as amounts below zero.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pricing {
    #[serde(default)]
    pub(super) adjustment: Option<Amount>,
    #[serde(default)]
    pub(super) delivery_cost: Option<Amount>,
    #[serde(default)]
    pub(super) delivery_discount: Option<Amount>,
    #[serde(default)]
    pub(super) fee: Option<Amount>,
    #[serde(default, alias = "priceDiscountSubtotal")]
    pub(super) price_discount: Option<Amount>,
    #[serde(default)]
    pub(super) tax: Option<Amount>,
    #[serde(default)]
    pub(super) total: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CancelStatus {
    #[serde(default)]
    pub(super) cancel_state: Option<String>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) cancel_requests: Vec<CancelRequest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CancelRequest {
    #[serde(default, rename = "cancelRequestId")]
    pub(super) id: Option<Exact>,
    /// `BUYER` or `SELLER`.
    #[serde(default, rename = "cancelInitiator")]
    pub(super) initiator: Option<String>,
    /// `REQUESTED`, `COMPLETED` or `REJECTED`.
    #[serde(default, rename = "cancelRequestState")]
    pub(super) state: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PaymentSummary {
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) payments: Vec<Payment>,
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) refunds: Vec<Refund>,
}

/// What was given back, or is about to be.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refund {
    #[serde(default, rename = "refundId")]
    pub(super) id: Option<Exact>,
    /// `REFUNDED` once the buyer has it; `PENDING` or `FAILED` else.
    #[serde(default, rename = "refundStatus")]
    pub(super) status: Option<String>,
    #[serde(default, rename = "refundDate")]
    pub(super) date: Option<String>,
    #[serde(default)]
    pub(super) amount: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    #[serde(default)]
    pub(super) payment_reference_id: Text,
}

/// How a package gets to the buyer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Instruction {
    #[serde(default, rename = "fulfillmentInstructionsType")]
    pub(super) form: Option<String>,
    #[serde(default)]
    pub(super) shipping_step: Option<ShippingStep>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShippingStep {
    #[serde(default)]
    pub(super) ship_to: Spare<Contact>,
    /// What a package to eBay's own warehouse has to bear.
    #[serde(default)]
    pub(super) ship_to_reference_id: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contact {
    #[serde(default)]
    pub(super) full_name: Text,
    #[serde(default)]
    pub(super) company_name: Text,
    #[serde(default, rename = "contactAddress")]
    pub(super) address: Spare<Address>,
    #[serde(default)]
    pub(super) primary_phone: Spare<Phone>,
    #[serde(default)]
    pub(super) email: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Phone {
    #[serde(default)]
    pub(super) phone_number: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Address {
    #[serde(default, rename = "addressLine1")]
    pub(super) first_line: Text,
    #[serde(default, rename = "addressLine2")]
    pub(super) second_line: Text,
    #[serde(default)]
    pub(super) city: Text,
    #[serde(default)]
    pub(super) county: Text,
    #[serde(default)]
    pub(super) state_or_province: Text,
    #[serde(default)]
    pub(super) postal_code: Text,
    #[serde(default)]
    pub(super) country_code: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    #[serde(rename = "lineItemId", deserialize_with = "spare::id")]
    pub(super) id: String,
    #[serde(default, rename = "legacyItemId")]
    pub(super) item: Text,
    #[serde(default)]
    pub(super) sku: Text,
    #[serde(default)]
    pub(super) title: Text,
    pub(super) quantity: Exact,
    /// Of the whole line, before discounts.
    #[serde(default, rename = "lineItemCost")]
    pub(super) cost: Option<Amount>,
    #[serde(default, rename = "lineItemFulfillmentStatus")]
    pub(super) fulfillment_status: Option<String>,
    /// The seller's and, once more, those that eBay collects and remits.
    #[serde(default, deserialize_with = "spare::list")]
    pub(super) taxes: Vec<LineTax>,
}

#[derive(Deserialize)]
pub(super) struct LineTax {
    #[serde(default)]
    pub(super) amount: Option<Amount>,
}
