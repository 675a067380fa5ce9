//! Columns of the memories and widths, against counts that are made another way.

use super::{Design, Image, MacArray, RomColumns};
use crate::device::Family;
use crate::quantize::{SplitMix, random_model};
use crate::spec::{FoldingGoal, Implementation, MacStyle, MemoryInit, StatePolicy};
use std::collections::BTreeSet;

/// Small models, folded at random for random families.
fn designs(count: u64) -> impl Iterator<Item = (crate::quantize::QuantizedModel, Design)> {
    let mut noise = SplitMix(7);
    (0..count).filter_map(move |seed| {
        let model = random_model(seed, 24);
        let targets = [Family::Xc7, Family::Ecp5, Family::Ice40, Family::Xcup];
        let implementation = Implementation {
            name: "x".into(),
            mac: [MacStyle::Lut, MacStyle::Dsp][noise.between(0, 1) as usize],
            target: targets[noise.between(0, 3) as usize],
            folding: FoldingGoal::Explicit {
                units: noise.between(1, 3) as usize,
                columns: noise.between(1, 9) as usize,
            },
            state: StatePolicy::Tlast,
            memory_init: MemoryInit::Readmemh,
            stream_elements: None,
        };
        let design = Design::new(&model, &implementation).ok()?;
        Some((model, design))
    })
}

/// Columns that vary, counted without the images, against the images.
#[test]
fn columns_are_counted_as_the_images_have_them() {
    let mut kinds = BTreeSet::new();
    for (model, design) in designs(120) {
        for (index, counted) in design.rom_columns(&model).into_iter().enumerate() {
            let (layer, own) = (&model.layers[index], &design.layers()[index]);
            kinds.insert((layer.w_bits, matches!(own.folding().mac, MacArray::Dsp(_))));
            let images = [own.weight_image(layer), own.bias_image(layer)];
            let shapes = [own.weight_memory(), own.bias_memory()];
            for (image, shape) in images.iter().zip(shapes) {
                assert_eq!((image.width, image.rows.len()), (shape.width, shape.depth));
            }
            let [weights, biases] = images.each_ref().map(Image::varying_columns);
            let two_tables = false;
            assert_eq!(
                counted,
                RomColumns {
                    weights,
                    biases,
                    two_tables,
                }
            );
        }
    }
    assert!(kinds.len() > 12, "{kinds:?}");
}
