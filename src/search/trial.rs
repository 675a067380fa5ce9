//! One training of a candidate, and what came of it.

use crate::explore::NetworkShape;
use crate::files::sha256;
use serde::{Deserialize, Serialize};

/// Digits of an id.
const DIGITS: usize = 16;

/// A training: of which network, how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CandidateTrial {
    /// The network; of one of real numbers only cell, direction and sizes count.
    pub network: NetworkShape,
    /// In real numbers.
    pub float: bool,
    /// Epochs, from the beginning.
    pub epochs: u64,
}

impl CandidateTrial {
    /// The training in real numbers of a network's cell, direction and sizes.
    #[must_use]
    pub fn float(network: &NetworkShape, epochs: u64) -> Self {
        Self {
            network: NetworkShape {
                weight_bits: 16,
                act_bits: 16,
                input_bits: 16,
                levels: crate::fixed::LevelRule::Even,
                row_scale_bits: None,
                z_bits: 8,
                ..*network
            },
            float: true,
            epochs,
        }
    }

    /// Sixteen hexadecimal digits that follow from the network: the name of its folder.
    #[must_use]
    pub fn id(&self) -> String {
        let named = serde_json::to_vec(&(&self.network, self.float)).unwrap_or_default();
        sha256(&named)[..DIGITS].to_string()
    }
}

/// What came of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialOutcome {
    /// The training.
    pub trial: CandidateTrial,
    /// Its measure.
    pub value: f64,
    /// The model file, by its name in the trial's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}
