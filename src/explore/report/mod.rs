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
pub use summary::{Counts, Entry, EstimateErrors, ReportSetting, Summary, all_rows, to_csv};
pub use verified::VerifiedRow;
