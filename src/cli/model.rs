//! Models and arrays from the files that options name.

use crate::quantize::{QuantizedModel, SeededOptions, seeded as draw};
use crate::spec::SeededNetwork;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A model with weights from a seed.
pub fn seeded(network: &SeededNetwork) -> QuantizedModel {
    let numerics = network.numerics;
    draw(&SeededOptions {
        input_size: network.input_size,
        hidden_size: network.hidden,
        layers: network.layers,
        weight_bits: numerics.weight_bits,
        act_bits: numerics.act_bits,
        input_bits: numerics.input_bits,
        z: numerics.z,
        a_frac: numerics.gate_frac,
        c: numerics.c,
        seed: network.seed,
    })
}

/// SHA-256 in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
