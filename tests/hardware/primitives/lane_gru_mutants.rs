//! Lanes of GRUs that are wrong in one place: each must be found.

use super::bench::none_survives;
use super::lane_gru::lanes;
use super::lane_mutants::multiplied;
use crate::common::mutant::{Mutant, mutant};

/// The lane's source.
const FILE: &str = "lprnn_lane_gru.v";

const fn lane(right: &'static str, wrong: &'static str) -> Mutant {
    mutant(FILE, right, wrong)
}

/// Rows with multipliers, in this lane.
const ROWS: [Mutant; 7] = [
    lane("taken_line_q[1];", "taken_line_q[0];"),
    lane(
        "taken_line_q[2] & ~taken_line_q[4]",
        "taken_line_q[2] & ~taken_line_q[3]",
    ),
    lane(
        "taken_line_q[2] & taken_line_q[4]",
        "taken_line_q[1] & taken_line_q[4]",
    ),
    lane("start_v   ? HALF_V", "start_v   ? HALF_Z"),
    lane("start_z   ? HALF_Z", "1'b0      ? HALF_Z"),
    lane(
        "(M_W > 0 && ACC_W > L_B_W) ? ACC_W",
        "(M_W > 0 && ACC_W > L_B_W) ? ACC_W - 1",
    ),
    lane(
        "(M_W > 0 && LARGEST_SHIFT + 2 > F_W + B_W + 1) ? LARGEST_SHIFT + 2",
        "(M_W > 0 && LARGEST_SHIFT + 2 > F_W + B_W + 1) ? LARGEST_SHIFT",
    ),
];

/// Gates, phases, delays, arithmetic, resets.
const MUTANTS: [Mutant; 30] = [
    lane(
        "(turn_i[0] ? wait_u_q : wait_r_q)",
        "(turn_i[0] ? wait_r_q : wait_u_q)",
    ),
    lane(
        "(turn_i[0] ? before_n_q : middle_n_q)",
        "(turn_i[0] ? live_n : middle_n_q)",
    ),
    lane("(turn_i[0] ? middle_n_q : before_n_q)", "middle_n_q"),
    lane("(turn_i[0] ? before_u_q : before_r_q)", "before_r_q"),
    lane("recurrent_i & ~recurrent_q", "recurrent_i"),
    lane("recurrent_i & ~recurrent_q", "~recurrent_i & recurrent_q"),
    lane("middle_n_q <= live_n", "middle_n_q <= live_r"),
    lane("diff_q + bias_i[ACC_W-1:0]", "diff_q"),
    lane("if (turn_i == 2'd2)", "if (take_i)"),
    lane("if (turn_i == 2'd3)", "if (turn_i == 2'd2)"),
    lane("if (keep_vx_i)", "if (keep_vh_i)"),
    lane("if (keep_vh_i)", "if (load_rv_i)"),
    lane("if (keep_u_i)", "if (load_rv_i)"),
    lane(
        ": load_rv_i ? factor_r[F_W-1:0]",
        ": load_rv_i ? factor_u[F_W-1:0]",
    ),
    lane("GATE_ONE - u_q", "u_q"),
    lane(": load_rv_i ? operand_v", ": keep_u_i ? operand_v"),
    lane(": fresh_i   ? {B_W{1'b0}}", ": 1'b0 ? {B_W{1'b0}}"),
    lane("<<< UN_SHIFT", "<<< 0"),
    lane("<<< US_SHIFT", "<<< 0"),
    lane("wide_vx << A_FRAC", "wide_vx"),
    lane("start_s_i ? HALF_S", "start_s_i ? {P_W{1'b0}}"),
    lane(": start_n_i ? wide_vx", ": keep_u_i ? wide_vx"),
    lane(
        "{{(B_W+1-V_W){vh_q[V_W-1]}}, vh_q}",
        "{{(B_W+1-V_W){1'b0}}, vh_q}",
    ),
    lane(
        "{{(B_W+1-S_W){c_i[S_W-1]}}, c_i}",
        "{{(B_W+1-S_W){1'b0}}, c_i}",
    ),
    lane(
        "{{(P_W-V_W){vx_q[V_W-1]}}, vx_q}",
        "{{(P_W-V_W){1'b0}}, vx_q}",
    ),
    lane(".CYCLES (TABLE_REG)", ".CYCLES (0)"),
    lane(".CYCLES (TANH_DELAY)", ".CYCLES (0)"),
    lane("if (keep_h_i)", "if (1'b1)"),
    lane(
        "before_r_q <= {ACC_W{1'b0}};",
        "if (^before_r_q === 1'bx) before_r_q <= 0;",
    ),
    lane(
        "before_n_q <= {ACC_W{1'b0}};",
        "if (^before_n_q === 1'bx) before_n_q <= 0;",
    ),
];

#[test]
fn every_wrong_gru_lane_is_found() {
    let benches = lanes().map(|lane| lane.bench());
    let of_rows = multiplied(FILE);
    // The first two lanes find most of them.
    none_survives(&benches, 2, MUTANTS.iter().chain(&ROWS).chain(&of_rows));
}
