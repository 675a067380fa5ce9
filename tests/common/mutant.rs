//! One wrong line.

/// A text of a source, and what stands there in the wrong one.
#[derive(Clone, Copy)]
pub struct Mutant {
    pub file: &'static str,
    pub right: &'static str,
    pub wrong: &'static str,
}

pub const fn mutant(file: &'static str, right: &'static str, wrong: &'static str) -> Mutant {
    Mutant { file, right, wrong }
}

impl Mutant {
    /// The text with the wrong line.
    ///
    /// # Panics
    /// When the right one is not there, or not once only: the tables follow the Verilog.
    pub fn of(&self, text: &str) -> String {
        let places = text.matches(self.right).count();
        assert_eq!(places, 1, "places of `{}` in {}", self.right, self.file);
        text.replace(self.right, self.wrong)
    }
}
