//! What the shop is asked for, as criteria of its searches
//! (developer.shopware.com/docs/guides/integrations-api/general-concepts/search-criteria.html).

use serde_json::{Value, json};

/// An order with what belongs to it, except for its lines. Associations have to be named: since 6.6 even
/// those that were always there.
pub(super) fn one_order(id: &str) -> Value {
    let address = json!({ "associations": { "country": {}, "countryState": {} } });
    json!({
        "ids": [id],
        "associations": {
            "currency": {},
            "stateMachineState": {},
            "orderCustomer": {},
            "billingAddress": address,
            "deliveries": { "associations": {
                "stateMachineState": {}, "shippingMethod": {}, "shippingOrderAddress": address,
            } },
            "transactions": { "associations": { "stateMachineState": {}, "paymentMethod": {} } },
        },
        "includes": {
            "order": [
                "id", "orderNumber", "orderDateTime", "createdAt", "updatedAt", "amountTotal",
                "taxStatus", "price", "shippingCosts", "customerComment", "currency",
                "stateMachineState", "orderCustomer", "billingAddress", "deliveries", "transactions",
            ],
            "currency": ["isoCode"],
            "state_machine_state": ["technicalName"],
            "order_customer": ["customerId", "firstName", "lastName", "email"],
            "order_address": [
                "id", "firstName", "lastName", "company", "street", "additionalAddressLine1",
                "additionalAddressLine2", "zipcode", "city", "phoneNumber", "country", "countryState",
                "createdAt", "updatedAt",
            ],
            "country": ["iso"],
            "country_state": ["shortCode", "name"],
            "order_delivery": [
                "id", "createdAt", "updatedAt", "trackingCodes", "customFields", "shippingCosts",
                "stateMachineState", "shippingOrderAddress", "shippingMethod",
            ],
            "order_transaction": [
                "id", "amount", "createdAt", "updatedAt", "stateMachineState", "paymentMethod",
            ],
            "payment_method": ["name", "technicalName"],
            "shipping_method": ["name", "technicalName"],
        },
    })
}

/// A page of an order's lines.
pub(super) fn lines(order: &str, page: usize, at_once: usize) -> Value {
    json!({
        "page": page,
        "limit": at_once,
        "filter": [{ "type": "equals", "field": "orderId", "value": order }],
        "sort": [{ "field": "position" }, { "field": "id" }],
        "includes": { "order_line_item": [
            "id", "parentId", "productId", "type", "label", "quantity", "unitPrice",
            "totalPrice", "price", "payload", "good", "states", "createdAt", "updatedAt",
        ] },
    })
}

/// The refunds that payments' plugins keep of an order, since 6.4.12.
pub(super) fn refunds(order: &str) -> Value {
    let of_order = "transactionCapture.transaction.orderId";
    json!({
        "limit": 100,
        "filter": [{ "type": "equals", "field": of_order, "value": order }],
        "sort": [{ "field": "createdAt" }, { "field": "id" }],
        "associations": { "stateMachineState": {} },
        "includes": {
            "order_transaction_capture_refund": [
                "id", "amount", "createdAt", "updatedAt", "stateMachineState",
            ],
            "state_machine_state": ["technicalName"],
        },
    })
}
