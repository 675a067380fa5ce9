//! Many designs at once: what each takes, which fit a part, which are worth building.
//!
//! [`Axes`] span the sweep and [`Spec`]s are its points; [`Evaluator`] estimates one from sizes and
//! widths alone, in some ten microseconds, without drawing a weight. A [`Sweep`] holds the points with
//! what limits them and which form the Pareto set; [`recommend`] picks a few.

mod accuracy;
mod axes;
mod deadline;
mod explain;
mod limits;
mod network;
mod pareto;
mod plan;
mod point;
mod range;
mod recommend;
pub mod report;
mod results;
mod search;
mod sweep;

pub use accuracy::{Accuracies, AccuracyRow, larger_is_better, read as read_accuracies};
pub use axes::{Axes, Foldings, LARGEST_ARRAY, MOST_POINTS};
pub use deadline::Deadline;
pub use explain::nothing_left;
pub use limits::{Limit, Limits, Shares};
pub use network::{NetworkShape, Z_BITS};
pub use pareto::{OBJECTIVES, front};
pub use plan::{Figures, Found, Plan, Task, Work, is_id, read_record, record};
pub use point::{Evaluator, Point, PointError, Spec};
pub use range::numbers;
pub use recommend::{Recommended, Role, fastest_of_networks, recommend};
pub use results::results_csv;
pub use search::best_folding;
pub use sweep::{Judged, Sweep};
