//! Tests of `seeded.rs`.

use super::*;
use crate::fixed::LevelRule;
use crate::quantize::random_network;
use crate::spec::CellKind;

#[test]
fn weights_drawn_at_once_are_those_drawn_one_by_one() {
    for bits in [1, 4, 16] {
        let (mut one, mut other) = (SplitMix(5), SplitMix(5));
        let weights = draw_weights(&mut one, 100_000, Codes::from(bits));
        assert!(
            weights
                .iter()
                .all(|&w| i64::from(w) == other.code(bits, true))
        );
        assert_eq!(one.next_u64(), other.next_u64());
    }
}

#[test]
fn random_models_are_valid_and_come_back_from_their_bytes() {
    let cells = [CellKind::Lstm, CellKind::Gru, CellKind::Gru];
    for seed in 0..60 {
        let levels = if seed % 2 == 0 {
            LevelRule::Odd
        } else {
            LevelRule::Even
        };
        let model = random_network(seed, 20, levels, &cells[seed as usize % 3..]);
        let bytes = model
            .to_bytes()
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(
            QuantizedModel::from_bytes(&bytes).unwrap(),
            model,
            "seed {seed}"
        );
        assert_eq!(
            model.to_bytes().unwrap(),
            bytes,
            "seed {seed}: bytes differ between two writes"
        );
    }
}
