//! A sweep as CSV, JSON, Markdown and a page of charts.

mod chart;
mod charts;
mod markdown;
mod page;
mod row;
mod summary;
mod verified;

pub use markdown::markdown;
pub use page::page;
pub use row::PointRow;
pub use summary::{Counts, Entry, EstimateErrors, Setting, Summary, all_rows, to_csv};
pub use verified::VerifiedRow;

use crate::spec::Target;

/// The family as options spell it.
pub(super) const fn family_name(family: Target) -> &'static str {
    match family {
        Target::Xc7 => "xc7",
        Target::Xcup => "xcup",
        Target::Ecp5 => "ecp5",
        Target::Ice40 => "ice40",
        Target::Generic => "generic",
    }
}
