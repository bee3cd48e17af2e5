"""Who may do what: plans, subscriptions, entitlements."""
