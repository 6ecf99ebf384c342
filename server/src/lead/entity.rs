//! Leads as rows.

use super::capture::Origin;
use super::sealed::open;
use super::{Conversion, Lead, Standing};
use crate::db::Row;
use crate::error::Error;
use crate::ingest::Trouble;
use crate::privacy::Keys;
use takings_core::lead::stage::{Disqualification, Stage};
use takings_core::time::Timestamp;

/// Reads a lead; what other tables say of it is left out.
pub(super) fn lead(row: &Row, keys: &Keys) -> Result<Lead, Error> {
    let id = row.text(0)?;
    let sealed = row.opt_text(2)?;
    let personal = open(keys, &id, ("leads", "personal", &id), sealed.as_deref())?;
    Ok(Lead {
        email_index: row.opt_text(1)?,
        personal,
        origin: Origin {
            source: row.text(3)?,
            campaign: row.text(4)?,
            referrer_host: row.text(5)?,
            click: row.opt_text(6)?,
        },
        verdict: row.text(7)?,
        reasons: row.text(8)?,
        stage: stage(&row.text(9)?, row.opt_text(10)?.as_deref())?,
        captured_at: Timestamp(row.int(11)?),
        updated_at: Timestamp(row.int(12)?),
        erased_at: row.opt_int(13)?.map(Timestamp),
        consents: Vec::new(),
        conversion: None,
        score: None,
        unsubscribe_url: String::new(),
        id,
    })
}

/// A stage by its stored name.
pub(super) fn stage(name: &str, why: Option<&str>) -> Result<Stage, Error> {
    let stage = Stage::parse(name, why.and_then(Disqualification::parse));
    let unreadable = || Trouble::Unreadable { what: "stage", why: format!("`{name}`") };
    Ok(stage.ok_or_else(unreadable)?)
}

/// Reads how a lead has paid and converted.
pub(super) fn standing(row: &Row) -> Result<Standing, Error> {
    let (source, customer, automatic) = (row.opt_int(2)?, row.opt_text(3)?, row.int(4)? != 0);
    let conversion = |at| Conversion { at: Timestamp(at), source, customer, automatic };
    let conversion = row.opt_int(1)?.map(conversion);
    Ok(Standing { paid_at: row.opt_int(5)?.map(Timestamp), conversion })
}
