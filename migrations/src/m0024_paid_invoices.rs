//! By which invoices a subscription was paid for: a trial has converted by the first after its end.

crate::schema::migration!(
    "create index invoices_paid on invoices (parent, source_id) where status = 'paid';"
);
