"""One GraphQL graph over a telco's billing, provisioning and CRM systems."""
