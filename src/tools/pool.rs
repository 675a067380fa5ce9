//! Work on several threads at once, until it is done or the user stops us.

use super::lock::locked;
use super::run::interrupted;
use std::sync::Mutex;

/// Calls `work` with every item, in their order, on `jobs` threads at once (`None`: one for every core).
/// After an interruption nothing more is begun.
pub fn for_each<T: Send>(items: Vec<T>, jobs: Option<u32>, work: impl Fn(T) + Sync) {
    let jobs = match jobs {
        Some(jobs) => jobs as usize,
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let threads = jobs.min(items.len());
    let queue = Mutex::new(items.into_iter());
    let worker = || {
        while !interrupted() {
            let Some(item) = locked(&queue).next() else {
                return;
            };
            work(item);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(worker);
        }
    });
}
