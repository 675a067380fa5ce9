//! Linear layers that may be a head, and how they follow one another.

use crate::diagnostic::Problem;
use crate::import::error::{among, refuse};

/// A linear layer of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linear {
    /// Its name, without `.weight`.
    pub stem: String,
    pub rows: usize,
    pub columns: usize,
}

/// Names of a head, without digits.
const HEADS: &str = "head heads decoder fc linear lin out output proj classifier dense regressor fc_out \
    output_layer";
/// Beginnings of the names of what stands in front of an LSTM.
const FRONTS: [&str; 8] = [
    "in_", "input", "fc_in", "pre", "front", "encoder", "embed", "stem",
];

impl Linear {
    /// The name and shape for a list.
    pub fn describe(&self) -> String {
        format!("{}: [{}, {}]", self.stem, self.rows, self.columns)
    }

    /// The last part of the name that is no number, digits at its end taken off.
    fn word(&self) -> &str {
        let mut parts = self.stem.rsplit('.');
        let word = parts.find(|part| !part.bytes().all(|byte| byte.is_ascii_digit()));
        let word = word.unwrap_or_default();
        word.trim_end_matches(|letter: char| letter.is_ascii_digit())
            .trim_end_matches('_')
    }

    /// `true` if it is named like a head.
    pub fn named_head(&self) -> bool {
        among(HEADS, self.word())
    }

    /// `true` if it is named like something in front of the LSTM.
    pub fn named_front(&self) -> bool {
        FRONTS.iter().any(|front| self.word().starts_with(front))
    }

    /// The name without its last number, that number, and whether a dot stands before it.
    fn numbered(&self) -> Option<(&str, u32, bool)> {
        let family = self
            .stem
            .trim_end_matches(|letter: char| letter.is_ascii_digit());
        let number = self.stem[family.len()..].parse().ok()?;
        Some((family, number, family.ends_with('.')))
    }

    /// `true` if `next` follows in the numbering of the names, with room for an activation: members
    /// of an `nn.Sequential` that stand next to each other have none between them.
    fn leads_to(&self, next: &Self) -> bool {
        let (Some((family, number, dotted)), Some((other, following, _))) =
            (self.numbered(), next.numbered())
        else {
            return false;
        };
        family == other && following > number + u32::from(dotted) && next.columns == self.rows
    }
}

/// The only order in which all of `linears` follow one another by names and sizes, from `inputs`
/// on; none where sizes would allow another.
pub fn chain(linears: &[&Linear], inputs: usize) -> Option<Vec<Linear>> {
    let mut order: Vec<Linear> = linears.iter().map(|&linear| linear.clone()).collect();
    order.sort_by_key(|linear| linear.numbered().map_or(0, |(_, number, _)| number));
    let first = order.first()?;
    if first.columns != inputs {
        return None;
    }
    let follows = order.windows(2).all(|pair| pair[0].leads_to(&pair[1]));
    // In a Sequential the order is written down; elsewhere all of them could be heads of their own.
    let written = order
        .iter()
        .all(|linear| matches!(linear.numbered(), Some((_, _, true))));
    let alone = order
        .iter()
        .filter(|linear| linear.columns == inputs)
        .count()
        == 1;
    (follows && (order.len() == 1 || written || alone)).then_some(order)
}

/// The linear layers that `wanted`, given by the option `option`, names: by names separated by commas, or all below
/// one name.
pub fn named(linears: &[Linear], wanted: &str, option: &str) -> Result<Vec<Linear>, Problem> {
    let mut found: Vec<Linear> = Vec::new();
    for name in wanted.split(',').map(str::trim) {
        let name = name.strip_suffix(".weight").unwrap_or(name);
        if let Some(linear) = linears.iter().find(|linear| linear.stem == name) {
            found.push(linear.clone());
            continue;
        }
        let start = format!("{}.", name.trim_end_matches('.'));
        let end = format!(".{name}");
        let below: Vec<&Linear> = linears
            .iter()
            .filter(|linear| linear.stem.starts_with(&start))
            .collect();
        let ending: Vec<&Linear> = linears
            .iter()
            .filter(|linear| linear.stem.ends_with(&end))
            .collect();
        let chained = below
            .iter()
            .filter_map(|linear| chain(&below, linear.columns))
            .find(|chain| chain.len() == below.len());
        match (&below[..], chained, &ending[..]) {
            ([], _, [only]) => found.push((*only).clone()),
            (_, Some(chain), _) => found.extend(chain),
            _ => {
                let list = if below.is_empty() {
                    linears.iter().collect()
                } else {
                    below
                };
                let described: Vec<String> = list
                    .into_iter()
                    .map(|linear| format!("    {}", linear.describe()))
                    .collect();
                let place = format!("{option} {name}");
                return if described.is_empty() {
                    let problem = "no linear layer of that name, the file holds none";
                    refuse(&place, problem, format!("leave {option} out"))
                } else {
                    let list = described.join("\n");
                    let problem = format!("no linear layer of that name\n{list}");
                    refuse(&place, problem, "choose one of these")
                };
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
