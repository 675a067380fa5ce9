//! Netlists of GRUs, odd levels, row scales, interleaved sequences and whole networks.

use super::*;

netlist!(
    gru_in_luts_on_xc7,
    Case {
        recipe: Recipe::new("grulut", &[5, 6], 4)
            .of(CellKind::Gru)
            .folded(2, 4)
            .target(Family::Xc7, MacStyle::Lut),
        with: &[],
        without: &BLOCK_RAM,
    }
);

netlist!(
    gru_in_dsp_blocks_on_ultrascale,
    Case {
        recipe: Recipe::new("grudsp", &[5, 6], 4)
            .of(CellKind::Gru)
            .folded(2, 4)
            .target(Family::Xcup, MacStyle::Dsp),
        with: &["DSP48E2"],
        without: &BLOCK_RAM,
    },
    when_asked
);

netlist!(
    gru_in_block_ram_on_ecp5,
    Case {
        recipe: deep("grublock", 4)
            .of(CellKind::Gru)
            .target(Family::Ecp5, MacStyle::Lut),
        with: &["DP16KD", "MULT18X18D", "TRELLIS_DPR16X4"],
        without: &[],
    },
    when_asked
);

netlist!(
    gru_in_block_ram_on_ice40,
    Case {
        recipe: deep("gruice", 3)
            .of(CellKind::Gru)
            .target(Family::Ice40, MacStyle::Lut),
        with: &["SB_RAM40_4K"],
        without: &["SB_MAC16"],
    },
    when_asked
);

netlist!(
    dense_layer_before_a_gru_on_xc7,
    Case {
        recipe: Recipe::new("before", &[5, 6], 4)
            .of(CellKind::Gru)
            .front(3)
            .folded(2, 4)
            .target(Family::Xc7, MacStyle::Lut),
        with: &[],
        without: &BLOCK_RAM,
    }
);

netlist!(
    row_scales_in_luts_on_xc7,
    Case {
        recipe: Recipe::new("rowlut", &[5, 6], 4)
            .scaled(8)
            .folded(2, 4)
            .target(Family::Xc7, MacStyle::Lut),
        with: &["DSP48E1"],
        without: &BLOCK_RAM,
    }
);

netlist!(
    row_scales_of_a_gru_on_ultrascale,
    Case {
        recipe: Recipe::new("rowgru", &[5, 6], 4)
            .of(CellKind::Gru)
            .scaled(12)
            .folded(2, 4)
            .target(Family::Xcup, MacStyle::Dsp),
        with: &["DSP48E2"],
        without: &BLOCK_RAM,
    },
    when_asked
);

netlist!(
    row_scales_of_a_gru_in_block_ram_on_ecp5,
    Case {
        recipe: deep("rowblock", 4)
            .of(CellKind::Gru)
            .scaled(8)
            .target(Family::Ecp5, MacStyle::Lut),
        with: &["DP16KD", "MULT18X18D", "TRELLIS_DPR16X4"],
        without: &[],
    },
    when_asked
);

netlist!(
    row_scales_in_block_ram_on_ice40,
    Case {
        recipe: deep("rowice", 3)
            .scaled(5)
            .target(Family::Ice40, MacStyle::Lut),
        with: &["SB_RAM40_4K"],
        without: &["SB_MAC16"],
    },
    when_asked
);

netlist!(
    two_contexts_on_xc7,
    Case {
        recipe: Recipe::new("twoctx", &[5, 6], 4)
            .contexts(2)
            .folded(2, 4)
            .target(Family::Xc7, MacStyle::Lut),
        with: &["RAM32M"],
        without: &BLOCK_RAM,
    }
);

netlist!(
    two_contexts_in_dsp_blocks_on_ultrascale,
    Case {
        recipe: Recipe::new("utwoctx", &[5, 6], 4)
            .contexts(2)
            .folded(2, 4)
            .state(StatePolicy::FixedWindow { steps: 3 })
            .target(Family::Xcup, MacStyle::Dsp),
        with: &["DSP48E2"],
        without: &BLOCK_RAM,
    },
    when_asked
);

netlist!(
    two_contexts_of_a_gru_on_ecp5,
    Case {
        recipe: Recipe::new("etwoctx", &[5, 6], 3)
            .of(CellKind::Gru)
            .contexts(2)
            .folded(1, 4)
            .target(Family::Ecp5, MacStyle::Lut),
        with: &["TRELLIS_DPR16X4"],
        without: &BLOCK_RAM,
    },
    when_asked
);

netlist!(
    two_contexts_on_ice40,
    Case {
        recipe: Recipe::new("itwoctx", &[4, 5], 2)
            .contexts(2)
            .folded(2, 3)
            .state(StatePolicy::HostPulse)
            .target(Family::Ice40, MacStyle::Lut),
        with: &[],
        without: &["SB_MAC16"],
    },
    when_asked
);

netlist!(
    odd_lut_array_on_xc7,
    Case {
        recipe: Recipe::new("odd", &[5, 6], 2)
            .odd()
            .folded(2, 4)
            .target(Family::Xc7, MacStyle::Lut),
        with: &[],
        without: &BLOCK_RAM,
    }
);

netlist!(
    odd_lut_array_on_ultrascale,
    Case {
        recipe: Recipe::new("uodd", &[5, 6], 3)
            .odd()
            .activations(2, 4)
            .folded(2, 3)
            .target(Family::Xcup, MacStyle::Lut),
        with: &[],
        without: &BLOCK_RAM,
    },
    when_asked
);

netlist!(
    odd_lut_array_on_ecp5,
    Case {
        recipe: Recipe::new("eodd", &[5, 6], 3)
            .odd()
            .folded(2, 4)
            .target(Family::Ecp5, MacStyle::Lut),
        with: &[],
        without: &BLOCK_RAM,
    }
);

netlist!(
    odd_lut_array_on_ice40,
    Case {
        recipe: Recipe::new("iodd", &[5, 4], 2)
            .odd()
            .folded(1, 3)
            .target(Family::Ice40, MacStyle::Lut),
        with: &[],
        without: &["SB_MAC16"],
    }
);

netlist!(
    odd_rows_in_dsp_blocks_on_xc7,
    Case {
        recipe: Recipe::new("dspodd", &[5, 6], 3)
            .odd()
            .folded(2, 4)
            .target(Family::Xc7, MacStyle::Dsp),
        with: &["DSP48E1"],
        without: &BLOCK_RAM,
    }
);

netlist!(
    odd_rows_in_dsp_blocks_on_ultrascale,
    Case {
        recipe: Recipe::new("udspodd", &[5, 6], 2)
            .odd()
            .folded(2, 4)
            .target(Family::Xcup, MacStyle::Dsp),
        with: &["DSP48E2"],
        without: &BLOCK_RAM,
    },
    when_asked
);

netlist!(
    odd_rows_on_multipliers_on_ecp5,
    Case {
        recipe: Recipe::new("emultodd", &[5, 6], 3)
            .odd()
            .folded(2, 4)
            .target(Family::Ecp5, MacStyle::Dsp),
        with: &["MULT18X18D"],
        without: &BLOCK_RAM,
    }
);

// Networks: an embedding, dense layers, the index of the largest sum.
netlist!(
    a_whole_network_on_xc7,
    Case {
        recipe: Recipe::new("network", &[3, 4], 4)
            .folded(2, 2)
            .embedding(6)
            .hidden(3)
            .dense(5, DenseOutput::Argmax, Emit::Step),
        with: &[],
        without: &BLOCK_RAM,
    },
    when_asked
);

netlist!(
    answers_of_whole_sequences_on_ecp5,
    Case {
        recipe: Recipe::new("answers", &[3, 4], 3)
            .folded(2, 2)
            .dense(5, DenseOutput::Sum, Emit::Last)
            .target(Family::Ecp5, MacStyle::Lut),
        with: &[],
        without: &BLOCK_RAM,
    },
    when_asked
);

// Both directions. Written block RAM of Xilinx and ECP5 has no model: there sequences are short enough for LUT RAM.
netlist!(
    both_directions_on_xc7,
    Case {
        recipe: both("both", 4, 5).target(Family::Xc7, MacStyle::Lut),
        with: &[],
        without: &BLOCK_RAM,
    }
);

netlist!(
    both_directions_on_ultrascale,
    Case {
        recipe: both("uboth", 3, 5).target(Family::Xcup, MacStyle::Dsp),
        with: &["DSP48E2"],
        without: &BLOCK_RAM,
    },
    when_asked
);

netlist!(
    both_directions_of_a_gru_on_ecp5,
    Case {
        recipe: both("eboth", 3, 4)
            .of(CellKind::Gru)
            .target(Family::Ecp5, MacStyle::Lut),
        with: &["TRELLIS_DPR16X4"],
        without: &BLOCK_RAM,
    },
    when_asked
);

netlist!(
    both_directions_in_block_ram_on_ice40,
    Case {
        recipe: both("iboth", 2, 40).target(Family::Ice40, MacStyle::Lut),
        with: &["SB_RAM40_4K"],
        without: &["SB_MAC16"],
    },
    when_asked
);

netlist!(
    steps_backward_on_ecp5,
    Case {
        recipe: Recipe::new("eback", &[3, 4], 3)
            .directed(DirectionKind::Backward, 4)
            .folded(2, 3)
            .target(Family::Ecp5, MacStyle::Lut),
        with: &["TRELLIS_DPR16X4"],
        without: &BLOCK_RAM,
    },
    when_asked
);

netlist!(
    last_states_on_xc7,
    Case {
        recipe: both("xlast", 2, 4)
            .in_processing_order()
            .dense(3, DenseOutput::Argmax, Emit::Last)
            .target(Family::Xc7, MacStyle::Lut),
        with: &[],
        without: &["RAMB18E1"],
    },
    when_asked
);

/// A layer of both directions for sequences of up to so many steps.
const fn both(name: &'static str, bits: u32, steps: usize) -> Recipe {
    Recipe::new(name, &[3, 4], bits)
        .directed(DirectionKind::Bidirectional, steps)
        .folded(2, 3)
}
