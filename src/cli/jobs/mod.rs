//! `explore plan`, `run`, `point`, `collect`, `export`: a sweep whose points are measured one by one.

mod collect;
mod export;
mod plan;
mod point;
mod run;

pub use collect::{CollectArgs, collect};
pub use export::{ExportArgs, export};
pub use plan::{PlanArgs, plan};
pub use point::{PointArgs, point};
pub use run::{WorkerArgs, run};
