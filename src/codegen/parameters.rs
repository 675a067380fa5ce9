//! The parameters of `lprnn_layer`, each with its value from the design.

use super::literal;
use crate::hardware::{
    Folding, LayerDesign, LayerSpec, MacArray, Packing, Widths, bits_for, element_width,
};
use serde::Serialize;

/// A Verilog parameter with its rendered value.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    /// Name in the module's header.
    pub name: &'static str,
    /// Value as Verilog text.
    pub value: String,
}

struct List(Vec<Parameter>);

impl List {
    fn number(&mut self, name: &'static str, value: i64) {
        self.0.push(Parameter {
            name,
            value: value.to_string(),
        });
    }

    fn count(&mut self, name: &'static str, value: usize) {
        self.number(name, value as i64);
    }

    fn text(&mut self, name: &'static str, value: String) {
        self.0.push(Parameter { name, value });
    }
}

/// All parameters of one layer; written memories ask for `small_memory_style`.
#[must_use]
pub fn layer_parameters(layer: &LayerDesign, small_memory_style: &str) -> Vec<Parameter> {
    let mut list = List(Vec::new());
    let (spec, folding, widths) = (layer.spec(), layer.folding(), layer.widths());
    shape(&mut list, folding);
    streams(&mut list, spec, folding);
    formats(&mut list, spec, widths);
    array(&mut list, layer);
    alignment(&mut list, widths, small_memory_style);
    list.0
}

fn shape(list: &mut List, folding: &Folding) {
    list.count("LANES", folding.units);
    list.count("COLUMNS", folding.columns);
    list.count("CHAIN", folding.chain);
    list.count("CHAINS", folding.chains);
    list.count("GROUPS", folding.groups);
    list.count("GROUP_W", bits_for(folding.groups - 1));
    list.count("X_BLOCKS", folding.x_blocks);
    list.count("H_BLOCKS", folding.h_blocks);
    list.count("H_CREDIT_W", bits_for(folding.h_blocks));
    list.count("BLOCKS", folding.blocks);
    list.count("BLOCK_W", bits_for(folding.blocks - 1));
    list.count("H_SLOTS", folding.h_slots);
    list.count("H_SUBBLOCKS", folding.h_subblocks);
    list.count("LAST_UNITS", folding.last_units());
    list.count("USED_COLUMNS", folding.used_columns());
}

fn streams(list: &mut List, spec: &LayerSpec, folding: &Folding) {
    let out_group_beats = folding.units / folding.out_elements;
    let remainder = |total: usize, beat: usize| {
        if total.is_multiple_of(beat) {
            beat
        } else {
            total % beat
        }
    };
    list.count("IN_ELEMENTS", folding.in_elements);
    list.count("IN_ELEMENT_W", element_width(spec.x.bits));
    list.count("IN_BEATS", folding.in_beats());
    list.count("IN_BEAT_W", bits_for(folding.in_beats() - 1));
    list.count("IN_SLOTS", folding.x_slots);
    list.count("IN_LAST", remainder(spec.input_size, folding.in_elements));
    list.count("OUT_ELEMENTS", folding.out_elements);
    list.count("OUT_ELEMENT_W", element_width(spec.h.bits));
    list.count("OUT_BEATS", out_group_beats);
    list.count("OUT_BEAT_W", bits_for(out_group_beats - 1));
    list.count(
        "OUT_LAST_BEATS",
        folding.last_units().div_ceil(folding.out_elements),
    );
    list.count(
        "OUT_LAST",
        remainder(spec.hidden_size, folding.out_elements),
    );
    list.count("QUEUE_W", folding.queue_log2);
}

fn formats(list: &mut List, spec: &LayerSpec, widths: &Widths) {
    list.count("X_W", spec.x.bits as usize);
    list.count("H_W", spec.h.bits as usize);
    list.count("ACT_W", spec.act_bits() as usize);
    list.count("WEIGHT_W", spec.w_bits as usize);
    list.count("Z_W", spec.z.bits as usize);
    list.count("A_FRAC", spec.a_frac as usize);
    list.count("C_W", spec.c.bits as usize);
    list.count("FC_SHIFT", widths.fc_shift as usize);
    list.count("IG_SHIFT", widths.ig_shift as usize);
    list.number("ZC_SHIFT", widths.zc_shift.into());
    list.number("H_SHIFT", widths.h_shift.into());
    list.count("B_W", widths.operand);
    list.count("P_W", widths.products);
    list.count("CHAIN_W", widths.chain);
    list.count("SUM_W", widths.sum);
    list.count("ACC_W", widths.acc);
    list.count("Z_SHIFT", widths.z_shift as usize);
}

fn array(list: &mut List, layer: &LayerDesign) {
    let folding = layer.folding();
    let address = |depth: usize| bits_for(depth - 1);
    list.count("MAC_LATENCY", folding.mac_latency);
    let no_packing = Packing {
        fields: 1,
        field_w: 1,
        longest_chain: 1,
        ports: (25, 18, 48),
        bare: false,
    };
    let (packing, mux_register) = match folding.mac {
        MacArray::Lut { mux_register } => (no_packing, mux_register),
        MacArray::Dsp(packing) => (packing, false),
    };
    list.count(
        "MAC_DSP",
        match folding.mac {
            MacArray::Lut { .. } => 0,
            MacArray::Dsp(packing) if packing.bare => 2,
            MacArray::Dsp(_) => 1,
        },
    );
    list.count("STAGE", folding.mac.stage_columns());
    list.count("FIELDS", packing.fields);
    list.count("FIELD_W", packing.field_w);
    list.count("DSP_W_W", packing.ports.0);
    list.count("DSP_A_W", packing.ports.1);
    list.count("DSP_P_W", packing.ports.2);
    list.count("START_REG", usize::from(folding.start_register));
    list.count("MUX_REG", usize::from(mux_register));
    list.count("TABLE_REG", folding.timing.gate_registers());
    list.count("TANH_DELAY", folding.timing.state_registers());
    list.count("WEIGHT_ADDR_W", address(layer.weight_memory().depth));
    list.count("BIAS_ADDR_W", address(layer.bias_memory().depth));
}

fn alignment(list: &mut List, widths: &Widths, small_memory_style: &str) {
    let packed = |shifts: &[u32]| {
        let value = shifts
            .iter()
            .rev()
            .fold(0u64, |word, &shift| word << 8 | u64::from(shift));
        literal::hex(32, &format!("{value:08x}"))
    };
    list.text("SHIFT_X", packed(&widths.shift_x));
    list.text("SHIFT_H", packed(&widths.shift_h));
    for name in ["VECTOR_STYLE", "STATE_STYLE", "QUEUE_STYLE"] {
        list.text(name, literal::string(small_memory_style));
    }
}
