//! Progress of long work, for whoever shows it.

/// Listener of long work: a terminal, a log, or nobody ([`Silent`]).
pub trait Watch: Sync {
    /// Work begins, of so many parts where that is known; it ends when what is returned is dropped.
    fn begin(&self, what: &str, parts: Option<usize>) -> Box<dyn Ongoing>;

    /// Something worth a line beside the results.
    fn say(&self, remark: &str);
}

/// Work that goes on.
pub trait Ongoing: Sync {
    /// So many parts are done.
    fn at(&self, parts: usize);
}

/// A listener that shows nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Watch for Silent {
    fn begin(&self, _: &str, _: Option<usize>) -> Box<dyn Ongoing> {
        Box::new(Self)
    }

    fn say(&self, _: &str) {}
}

impl Ongoing for Silent {
    fn at(&self, _: usize) {}
}
