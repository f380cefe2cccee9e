"""The GraphQL documents that are sent, and nothing else; a contract test holds each against the vendor's schema."""

from typing import Final

SET_QUANTITIES: Final = """
mutation SetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    userErrors {
      code
      field
      message
    }
  }
}
"""
"""The directive is optional in the schema and mandatory at run time (developer changelog, effective 2026-04)."""

AVAILABLE_AT: Final = """
query AvailableAt($items: [ID!]!, $location: ID!) {
  nodes(ids: $items) {
    ... on InventoryItem {
      id
      inventoryLevel(locationId: $location) {
        quantities(names: ["available"]) {
          quantity
        }
      }
    }
  }
}
"""
"""One location a call: its price stays linear in the items, far below the 1,000 points a single query may cost."""

RETURN: Final = """
query ReturnNow($id: ID!) {
  return(id: $id) {
    id
    name
    status
    closedAt
    order {
      id
    }
    returnLineItems(first: 100) {
      nodes {
        id
        quantity
        returnReasonDefinition {
          handle
        }
        ... on ReturnLineItem {
          fulfillmentLineItem {
            lineItem {
              id
              sku
              variant {
                id
              }
            }
          }
        }
      }
    }
  }
}
"""
"""A return as it is now, which no REST resource has."""
