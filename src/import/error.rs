//! Refusals of tensors and networks, by their names in the file.
use crate::diagnostic::Problem;

/// Refuses one tensor, layer or network.
pub(super) fn refuse<T>(
    name: &str,
    problem: impl std::fmt::Display,
    help: impl Into<String>,
) -> Result<T, Problem> {
    Err(Problem::within(name, problem).help(help))
}

/// More than one recurrent network, of which one is to be chosen.
pub(super) fn several(networks: &[String]) -> Problem {
    Problem::new("several recurrent networks")
        .notes(networks)
        .help("choose one with --prefix NAME")
}

/// `true` if `word` is one of `words`, which have blanks between them.
pub fn among(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|own| own == word)
}
