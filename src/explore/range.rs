//! Lists of numbers as options spell them.
use crate::diagnostic::Problem;

/// More numbers than that in one list are a slip of the hand.
const LONGEST: u64 = 100_000;

/// The numbers of `text`: `8`, `2,4,8`, `2..8` (both ends included), `64..512:64` (every 64th), and
/// any mix with commas. Sorted, without repetition.
///
/// `place` is the option; the error says which piece is wrong.
pub fn numbers(place: &'static str, text: &str) -> Result<Vec<u64>, Problem> {
    let issue = |problem: String, remedy: &str| Err(Problem::flag(place, problem).help(remedy));
    let mut all = Vec::new();
    for piece in text.split(',') {
        let piece = piece.trim();
        if piece.is_empty() {
            return issue(
                format!("`{text}` has an empty place"),
                "give numbers such as 4, 2,4,8, 2..8 or 64..512:64",
            );
        }
        let (range, step) = match piece.split_once(':') {
            Some((range, step)) => (range, Some(step)),
            None => (piece, None),
        };
        let parsed = match (range.split_once(".."), step) {
            (Some((first, last)), step) => {
                (first.parse(), last.parse(), step.unwrap_or("1").parse())
            }
            (None, None) => (range.parse(), range.parse(), Ok(1)),
            (None, Some(_)) => {
                return issue(
                    format!("`{piece}` has a step but no range"),
                    "write FIRST..LAST:STEP",
                );
            }
        };
        let (Ok(first), Ok(last), Ok(step)): (Result<u64, _>, Result<u64, _>, Result<u64, _>) =
            parsed
        else {
            return issue(
                format!("`{piece}` is neither a number nor a range"),
                "give numbers such as 4, 2,4,8, 2..8 or 64..512:64",
            );
        };
        if step == 0 {
            return issue(
                format!("`{piece}` has a step of 0"),
                "give a step of at least 1",
            );
        }
        if first > last {
            return issue(
                format!("`{piece}` is empty: {first} is above {last}"),
                "write the smaller end first",
            );
        }
        if (last - first) / step >= LONGEST {
            return issue(
                format!("`{piece}` has more than {LONGEST} numbers"),
                "give a step, FIRST..LAST:STEP",
            );
        }
        all.extend((first..=last).step_by(step as usize));
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

#[cfg(test)]
mod tests;
