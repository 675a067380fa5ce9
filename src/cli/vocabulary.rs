//! Which vocabulary belongs to a model.

use crate::diagnostic::{Problem, Problems};
use std::path::{Path, PathBuf};

/// End of a vocabulary file's name.
const ENDING: &str = ".vocab.json";

/// The vocabulary file of `model`: the one given, or the one beside the model that is named like
/// it. `NAME.vocab.json` belongs to `NAME.safetensors` and, where there is no nearer name, to
/// `NAME_more.safetensors`, with any character that is no letter or digit after NAME.
pub fn find(model: &Path, given: Option<&Path>) -> Result<PathBuf, Problems> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
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
        .help("name the file of its tokens with --vocab")
        .into()),
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
        assert!(find(&file("lm_w4.safetensors"), None).is_err());
        for name in ["other", "l", "lm", "lm_w"] {
            std::fs::write(file(&format!("{name}.vocab.json")), "").unwrap();
        }
        let found = |model: &str| find(&file(model), None).ok();
        assert_eq!(found("lm_w4.safetensors"), Some(file("lm.vocab.json")));
        assert_eq!(found("lm.safetensors"), Some(file("lm.vocab.json")));
        std::fs::write(file("lm_w4.vocab.json"), "").unwrap();
        assert_eq!(found("lm_w4.safetensors"), Some(file("lm_w4.vocab.json")));
        assert_eq!(
            found("lm_w4.a4.safetensors"),
            Some(file("lm_w4.vocab.json"))
        );
        assert_eq!(found("mine.safetensors"), None);
        let given = find(&file("x"), Some(Path::new("v.json"))).unwrap();
        assert_eq!(given, Path::new("v.json"));
    }
}
