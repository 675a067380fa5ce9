//! The order in which the layers of a design take the steps of a sequence, and how long that may be.

use crate::quantize::LONGEST_SEQUENCE;
use crate::spec::DirectionKind;

/// What stands between direction with its steps and the cell and its units in the table.
const OF: char = ':';

/// Directions by their names in the table, steps of the longest sequence behind them; forward needs none.
const KINDS: [(&str, DirectionKind); 2] = [
    ("back", DirectionKind::Backward),
    ("both", DirectionKind::Bidirectional),
];

/// Direction of all layers, the steps of the longest sequence, 0 of forward ones, and what stands behind them.
pub(super) fn split_direction(text: &str) -> Option<(DirectionKind, usize, &str)> {
    let Some((direction, rest)) = text.split_once(OF) else {
        return Some((DirectionKind::Forward, 0, text));
    };
    let named = |&(name, kind)| Some((kind, direction.strip_prefix(name)?));
    let (kind, steps) = KINDS.iter().find_map(named)?;
    let steps = steps.parse().ok()?;
    (1..=LONGEST_SEQUENCE)
        .contains(&steps)
        .then_some((kind, steps, rest))
}

/// As the table has it.
pub(super) fn direction_text(kind: DirectionKind, max_steps: usize) -> String {
    let named = KINDS.iter().find(|(_, named)| *named == kind);
    named.map_or_else(String::new, |(name, _)| format!("{name}{max_steps}{OF}"))
}
