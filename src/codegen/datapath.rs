//! The parameters of a layer's array, accumulators and lanes.

use super::leaves::Leaves;
use super::parameters::{Parameters, parameters};
use crate::hardware::MacArray;

impl Leaves<'_> {
    /// The array's module, without the library's prefix, and its parameters.
    #[must_use]
    pub fn array(&self) -> (&'static str, Parameters) {
        let (spec, folding) = (self.layer.spec(), self.layer.folding());
        let mut parameters = parameters! {
            ROWS: folding.rows(),
            COLUMNS: folding.columns,
            CHAIN: folding.chain,
            ACT_W: spec.operand_bits(),
            WEIGHT_W: spec.w_bits,
            ODD: u8::from(spec.weights().is_odd()),
            SUM_W: self.layer.widths().sum,
        };
        match folding.mac {
            MacArray::Lut { mux_register } => {
                parameters.extend(parameters! { MUX_REG: u8::from(mux_register) });
                ("array_lut", parameters)
            }
            MacArray::Dsp(packing) => {
                let (w_port, a_port, sum_port) = packing.ports;
                parameters.extend(parameters! {
                    FIELDS: packing.fields,
                    FIELD_W: packing.field_w,
                    W_W: w_port,
                    A_W: a_port,
                });
                if packing.bare {
                    return ("array_mult", parameters);
                }
                parameters.extend(parameters! { P_W: sum_port });
                ("array_dsp", parameters)
            }
        }
    }

    /// Parameters of the accumulator of one of a unit's sums.
    #[must_use]
    pub fn accumulator(&self, gate: usize) -> Parameters {
        let widths = self.layer.widths();
        parameters! {
            SUM_W: widths.sum,
            ACC_W: widths.acc,
            SHIFT_X: widths.shift_x[gate],
            SHIFT_H: widths.shift_h[gate],
        }
    }

    /// Parameters of a lane.
    #[must_use]
    pub fn lane(&self) -> Parameters {
        let (spec, folding) = (self.layer.spec(), self.layer.folding());
        let widths = self.layer.widths();
        if let Some(dense) = spec.dense {
            return parameters! {
                ACC_W: widths.acc,
                SHIFT: widths.z_shift,
                OUT_W: spec.h.bits,
                ODD: u8::from(spec.h.is_odd()),
                RELU: u8::from(dense.relu),
            };
        }
        // Only lanes whose rows have multipliers name their bits.
        let rows = match spec.row_multiplier {
            Some(row) => parameters! { M_W: row.bits },
            None => Parameters::new(),
        };
        let of_rows = spec.row_multiplier.map_or(0, |row| row.frac);
        if let (Some(v), Some(v_shift)) = (spec.v, widths.v_shift) {
            let mut parameters = parameters! {
                ACC_W: widths.acc,
                Z_W: spec.z.bits,
                Z_SHIFT: widths.z_shift,
                V_W: v.bits,
                V_SHIFT: v_shift,
                A_FRAC: spec.a_frac,
                S_W: spec.c.bits,
                S_FRAC: spec.c.frac,
                H_W: spec.h.bits,
                H_FRAC: spec.h.frac,
                H_ODD: u8::from(spec.h.is_odd()),
                TABLE_REG: folding.timing.gate_registers(),
                TANH_DELAY: folding.timing.state_registers(),
            };
            parameters.extend(rows);
            return parameters;
        }
        let mut parameters = parameters! {
            ACC_W: widths.acc,
            ACC_FRAC: widths.acc_frac + of_rows,
            Z_W: spec.z.bits,
            Z_FRAC: spec.z.frac,
            A_FRAC: spec.a_frac,
            C_W: spec.c.bits,
            C_FRAC: spec.c.frac,
            H_W: spec.h.bits,
            H_FRAC: spec.h.frac,
            H_ODD: u8::from(spec.h.is_odd()),
            TABLE_REG: folding.timing.gate_registers(),
            TANH_DELAY: folding.timing.state_registers(),
        };
        parameters.extend(rows);
        parameters
    }
}
