//! The price that foldings are compared by.

use super::{Estimate, FactorTable, count, of_layer};
use crate::device::Family;
use crate::hardware::{LayerDesign, Price};

/// Price of a block RAM or DSP block, LUT sites. A judgement, not a measurement: parts have 200 to 500 LUTs
/// for each block, but most cores leave blocks over and none leaves LUTs that nobody wants.
const BLOCK: u64 = 60;

const fn price(lut_sites: u64, blocks: u64) -> u64 {
    lut_sites + BLOCK * blocks
}

impl Estimate {
    /// The price that foldings are compared by: LUT sites, and 60 for every block of RAM and DSP.
    #[must_use]
    pub const fn price(&self) -> u64 {
        price(self.lut_total.value, self.bram + self.dsp)
    }
}

impl Price for FactorTable {
    /// That of [`Estimate::of_layers`], without its cycles: a search has counted them.
    fn price(&self, layer: &LayerDesign, family: Family) -> u64 {
        let terms = of_layer(family, layer, None);
        let lut_sites = count(self.factors(family).weigh(&terms).lut_total);
        price(lut_sites, (terms.blocks + terms.dsp) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::{Design, LSTM, LayerSpec};
    use crate::spec::{FoldingGoal, Implementation, MacStyle};

    /// 2 x 1 takes 61 cycles and 2390 LUT4, 1 x 2 takes 69 and 1550 (Yosys 0.70).
    #[test]
    fn a_goal_goes_by_what_the_family_pays_for_a_lane() {
        let spec = LayerSpec::ordinary(&LSTM, (3, 8), (4, 4));
        let implementation = Implementation::usual(
            "lstm",
            FoldingGoal::MaxMacs { macs: 8 },
            (MacStyle::Lut, Family::Ice40),
        );
        let price = FactorTable::built_in();
        let layers = Design::layers_of(&[spec], &implementation, &*price).unwrap();
        let folding = layers[0].folding();
        assert_eq!((folding.units, folding.columns), (1, 2));
    }
}
