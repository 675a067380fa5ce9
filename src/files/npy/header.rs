//! The header of an `.npy` file: a dictionary of Python in a line of text.

use crate::diagnostic::Problem;

/// Help where nothing better is known.
pub(super) const SAVE: &str = "save an array of finite numbers by numpy.save";
/// First bytes of every file.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

pub(super) struct Header {
    pub(super) kind: String,
    pub(super) shape: Vec<usize>,
    /// Where the elements start.
    pub(super) start: usize,
}

fn cut() -> Problem {
    Problem::new("is cut short").help("write it again")
}

fn odd(problem: impl std::fmt::Display) -> Problem {
    Problem::new(problem).help(SAVE)
}

/// Reads the header of a whole file, and compares its shape with the length of the data.
pub(super) fn header(bytes: &[u8]) -> Result<Header, Problem> {
    if !bytes.starts_with(MAGIC) {
        return Err(Problem::new("is not a .npy file").help("write it with numpy.save"));
    }
    let (text, start) = text(bytes)?;
    let kind = field(text, "descr")?
        .strip_prefix('\'')
        .and_then(|rest| rest.split_once('\''))
        .map(|(kind, _)| kind.to_owned());
    let kind =
        kind.ok_or_else(|| Problem::new("holds records").help("save a plain array of numbers"))?;
    if !field(text, "fortran_order")?.starts_with("False") {
        return Err(Problem::new("is in Fortran order").help("save numpy.ascontiguousarray of it"));
    }
    let shape = shape(text)?;
    let size = kind.get(2..).unwrap_or_default();
    let size: usize = size.parse().map_err(|_| odd(format!("holds {kind}")))?;
    let expected = shape
        .iter()
        .try_fold(size, |product, &length| product.checked_mul(length));
    let found = bytes.len() - start;
    if expected != Some(found) {
        let wanted = expected.map_or("more than can be addressed".into(), |wanted| {
            wanted.to_string()
        });
        return Err(Problem::new(format!(
            "has {found} bytes of data where shape {shape:?} of {kind} wants {wanted}"
        ))
        .help("write it again"));
    }
    Ok(Header { kind, shape, start })
}

/// The dictionary, and where the elements start.
fn text(bytes: &[u8]) -> Result<(&str, usize), Problem> {
    let version = *bytes.get(6).ok_or_else(cut)?;
    let rest = bytes.get(8..).ok_or_else(cut)?;
    let (length, at) = match version {
        1 => {
            let length = rest.first_chunk().ok_or_else(cut)?;
            (usize::from(u16::from_le_bytes(*length)), 10)
        }
        2 | 3 => {
            let length = rest.first_chunk().ok_or_else(cut)?;
            (u32::from_le_bytes(*length) as usize, 12)
        }
        other => {
            return Err(odd(format!(
                "has .npy version {other}, where 1 to 3 are known"
            )));
        }
    };
    let text = bytes.get(at..at + length).ok_or_else(cut)?;
    let text = std::str::from_utf8(text).map_err(|_| odd("has a header that is not text"))?;
    Ok((text, at + length))
}

/// The value behind a key, and all that follows.
fn field<'a>(text: &'a str, name: &str) -> Result<&'a str, Problem> {
    let at = text
        .find(&format!("'{name}':"))
        .ok_or_else(|| odd(format!("has no {name} in its header")))?;
    Ok(text[at + name.len() + 3..].trim_start())
}

fn shape(text: &str) -> Result<Vec<usize>, Problem> {
    let (lengths, _) = field(text, "shape")?
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .ok_or_else(|| odd("has no shape"))?;
    lengths
        .split(',')
        .map(str::trim)
        .filter(|length| !length.is_empty())
        .map(|length| {
            let wrong = |_| odd(format!("has a dimension '{length}'"));
            length.parse().map_err(wrong)
        })
        .collect()
}
