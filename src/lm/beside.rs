//! The vocabulary file that belongs to a model.

use super::vocabulary::Vocabulary;
use crate::diagnostic::Problem;
use std::path::{Path, PathBuf};

/// End of a vocabulary file's name.
const ENDING: &str = ".vocab.json";

impl Vocabulary {
    /// The vocabulary file beside `model` that is named like it. `NAME.vocab.json` belongs to
    /// `NAME.safetensors` and, where there is no nearer name, to `NAME_more.safetensors`, with any
    /// character that is no letter or digit after NAME.
    ///
    /// # Errors
    /// No such file.
    pub fn beside(model: &Path) -> Result<PathBuf, Problem> {
        let folder = match model.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let stem = model.file_stem().unwrap_or_default().to_string_lossy();
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .map_err(|error| crate::files::problem(folder, "read", &error))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| {
                name.strip_suffix(ENDING)
                    .is_some_and(|name| belongs(name, &stem))
            })
            .collect();
        // The longest name is the nearest one; names that all begin the model's differ in length.
        found.sort_by_key(String::len);
        match found.pop() {
            Some(name) => Ok(folder.join(name)),
            None => Err(Problem::file(
                model,
                format!("no vocabulary beside it: no file {stem}{ENDING}"),
            )
            .help("name the file of its tokens with --vocab")),
        }
    }
}

fn belongs(name: &str, stem: &str) -> bool {
    let rest = stem.strip_prefix(name);
    !name.is_empty()
        && rest.is_some_and(|rest| !rest.chars().next().is_some_and(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_wins() {
        let home = tempfile::tempdir().unwrap();
        let file = |name: &str| home.path().join(name);
        assert!(Vocabulary::beside(&file("lm_w4.safetensors")).is_err());
        for name in ["other", "l", "lm", "lm_w"] {
            std::fs::write(file(&format!("{name}.vocab.json")), "").unwrap();
        }
        let found = |model: &str| Vocabulary::beside(&file(model)).ok();
        assert_eq!(found("lm_w4.safetensors"), Some(file("lm.vocab.json")));
        assert_eq!(found("lm.safetensors"), Some(file("lm.vocab.json")));
        std::fs::write(file("lm_w4.vocab.json"), "").unwrap();
        assert_eq!(found("lm_w4.safetensors"), Some(file("lm_w4.vocab.json")));
        assert_eq!(
            found("lm_w4.a4.safetensors"),
            Some(file("lm_w4.vocab.json"))
        );
        assert_eq!(found("mine.safetensors"), None);
    }
}
