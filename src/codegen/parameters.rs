//! The parameters of `lprnn_layer`, each with its value from model, schedule or hardware.

use super::hardware::{LayerHardware, bits_for, element_width};
use super::literal;
use crate::quantize::Layer;
use crate::schedule::{LayerSchedule, MacArray, Packing};
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

/// All parameters of one layer.
#[must_use]
pub fn layer_parameters(
    layer: &Layer,
    schedule: &LayerSchedule,
    hardware: &LayerHardware,
) -> Vec<Parameter> {
    let mut list = List(Vec::new());
    shape(&mut list, schedule, hardware);
    streams(&mut list, layer, schedule);
    formats(&mut list, layer, hardware);
    array(&mut list, schedule, hardware);
    alignment(&mut list, hardware);
    list.0
}

fn shape(list: &mut List, schedule: &LayerSchedule, hardware: &LayerHardware) {
    list.count("LANES", schedule.units);
    list.count("COLUMNS", schedule.columns);
    list.count("CHAIN", schedule.chain);
    list.count("CHAINS", schedule.chains);
    list.count("GROUPS", schedule.groups);
    list.count("GROUP_W", hardware.group_w);
    list.count("X_BLOCKS", schedule.x_blocks);
    list.count("H_BLOCKS", schedule.h_blocks);
    list.count("H_CREDIT_W", bits_for(schedule.h_blocks));
    list.count("BLOCKS", schedule.blocks);
    list.count("BLOCK_W", hardware.block_w);
    list.count("H_SLOTS", schedule.h_slots);
    list.count("H_SUBBLOCKS", schedule.h_subblocks);
    list.count("LAST_UNITS", schedule.last_units());
    list.count("USED_COLUMNS", schedule.used_columns());
}

fn streams(list: &mut List, layer: &Layer, schedule: &LayerSchedule) {
    let out_group_beats = schedule.units / schedule.out_elements;
    let remainder = |total: usize, beat: usize| {
        if total.is_multiple_of(beat) {
            beat
        } else {
            total % beat
        }
    };
    list.count("IN_ELEMENTS", schedule.in_elements);
    list.count("IN_ELEMENT_W", element_width(layer.x.bits));
    list.count("IN_BEATS", schedule.in_beats());
    list.count("IN_BEAT_W", bits_for(schedule.in_beats() - 1));
    list.count("IN_SLOTS", schedule.x_slots);
    list.count("IN_LAST", remainder(layer.input_size, schedule.in_elements));
    list.count("OUT_ELEMENTS", schedule.out_elements);
    list.count("OUT_ELEMENT_W", element_width(layer.h.bits));
    list.count("OUT_BEATS", out_group_beats);
    list.count("OUT_BEAT_W", bits_for(out_group_beats - 1));
    list.count(
        "OUT_LAST_BEATS",
        schedule.last_units().div_ceil(schedule.out_elements),
    );
    list.count(
        "OUT_LAST",
        remainder(layer.hidden_size, schedule.out_elements),
    );
    list.count("QUEUE_W", schedule.queue_log2);
}

fn formats(list: &mut List, layer: &Layer, hardware: &LayerHardware) {
    list.count("X_W", layer.x.bits as usize);
    list.count("H_W", layer.h.bits as usize);
    list.count("ACT_W", hardware.act_w);
    list.count("WEIGHT_W", layer.w_bits as usize);
    list.count("Z_W", layer.z.bits as usize);
    list.count("A_FRAC", layer.a_frac as usize);
    list.count("C_W", layer.c.bits as usize);
    list.count("FC_SHIFT", hardware.fc_shift as usize);
    list.count("IG_SHIFT", hardware.ig_shift as usize);
    list.number("ZC_SHIFT", hardware.zc_shift.into());
    list.number("H_SHIFT", hardware.h_shift.into());
    list.count("B_W", hardware.b_w);
    list.count("P_W", hardware.p_w);
    list.count("CHAIN_W", hardware.chain_w);
    list.count("SUM_W", hardware.sum_w);
    list.count("ACC_W", hardware.acc_w);
    list.count("Z_SHIFT", hardware.z_shift as usize);
}

fn array(list: &mut List, schedule: &LayerSchedule, hardware: &LayerHardware) {
    list.count("MAC_LATENCY", schedule.mac_latency);
    let no_packing = Packing {
        fields: 1,
        field_w: 1,
        longest_chain: 1,
        ports: (25, 18, 48),
        bare: false,
    };
    let (packing, mux_register) = match schedule.mac {
        MacArray::Lut { mux_register } => (no_packing, mux_register),
        MacArray::Dsp(packing) => (packing, false),
    };
    list.count(
        "MAC_DSP",
        match schedule.mac {
            MacArray::Lut { .. } => 0,
            MacArray::Dsp(packing) if packing.bare => 2,
            MacArray::Dsp(_) => 1,
        },
    );
    list.count("STAGE", schedule.mac.stage_columns());
    list.count("FIELDS", packing.fields);
    list.count("FIELD_W", packing.field_w);
    list.count("DSP_W_W", packing.ports.0);
    list.count("DSP_A_W", packing.ports.1);
    list.count("DSP_P_W", packing.ports.2);
    list.count("START_REG", usize::from(schedule.start_register));
    list.count("MUX_REG", usize::from(mux_register));
    list.count("TABLE_REG", usize::from(schedule.table_register));
    list.count("TANH_DELAY", schedule.tanh_delay);
    list.count("WEIGHT_ADDR_W", hardware.weight_addr_w);
    list.count("BIAS_ADDR_W", hardware.bias_addr_w);
}

fn alignment(list: &mut List, hardware: &LayerHardware) {
    let packed = |shifts: &[u32; 4]| {
        let value = shifts
            .iter()
            .rev()
            .fold(0u64, |word, &shift| word << 8 | u64::from(shift));
        literal::hex(32, &format!("{value:08x}"))
    };
    list.text("SHIFT_X", packed(&hardware.shift_x));
    list.text("SHIFT_H", packed(&hardware.shift_h));
    for name in ["VECTOR_STYLE", "STATE_STYLE", "QUEUE_STYLE"] {
        list.text(name, literal::string(hardware.small_memory_style));
    }
}
