// SPDX-License-Identifier: MIT OR Apache-2.0
// lprnn-hw 0.1.0
// verilator lint_off TIMESCALEMOD
// odd_l1 - 5 -> 2 units, weights 4 bit, x s4.3, h s4.3; 2 units x 3 columns, 24 MACs a cycle.
//
//   s -> step buffer -> operands -> vector buffer [x | h] -> array -> accumulators -> lanes -> queue -> m
//                          ^                                                            |
//                          +----------------------- h writer ---------------------------+
//
// Generated: instances and wires, nothing else. The sequencer starts a block of 3 products for
// 8 rows in every cycle it can; a command goes with it.

`default_nettype none

module odd_l1 (
    input  wire clk,
    input  wire rst,
    // x
    input  wire s_valid_i,
    output wire s_ready_o,
    input  wire [7:0] s_data_i,
    input  wire s_last_i,
    input  wire s_fresh_i,
    // h
    output wire m_valid_o,
    input  wire m_ready_i,
    output wire [7:0] m_data_o,
    output wire m_last_o,
    output wire m_fresh_o,
    // weights of all rows and columns of a block, data 2 cycles after the address; when a block may start
    output wire [2:0] weight_addr_o,
    input  wire [95:0] weight_data_i,
    input  wire weight_valid_i,
    // bias of one gate of a group, {group, fresh, gate}, data 2 cycles after the address
    output wire [2:0] bias_addr_o,
    input  wire [21:0] bias_data_i,
    // tables of every unit, data 1 cycle after the address
    output wire [11:0] gate_addr_o,
    input  wire [15:0] gate_data_i,
    output wire [9:0] tanh_addr_o,
    input  wire [15:0] tanh_data_i
`ifdef LPRNN_TRACE
    // pre-activations as they are computed
    ,
    output wire trace_valid_o,
    output wire [1:0] trace_gate_o,  // 0 i, 1 f, 2 g, 3 o
    output wire [15:0] trace_group_o,
    output wire [9:0] trace_z_o
`endif
);

    // ---- operands in
    wire x_write;
    wire [2:0] x_slot;
    wire x_last_beat;
    wire [3:0] x_addr;
    wire [1:0] x_steps;
    wire x_begun;
    wire released;
    wire bank;
    wire step_fresh;
    wire step_last;

    wire [7:0] h;
    wire h_done;
    wire h_active;
    wire h_written;
    wire [2:0] h_write;
    wire [3:0] h_addr;
    wire [11:0] h_columns;

    wire [2:0] write;
    wire [3:0] write_addr;
    wire [11:0] write_data;

    lprnn_0_1_0_step_buffer #(
        .BEATS (5),
        .SLOTS (3),
        .BLOCKS (5)
    ) u_step_buffer (
        .clk          (clk),
        .rst          (rst),
        .s_valid_i    (s_valid_i),
        .s_ready_o    (s_ready_o),
        .s_last_i     (s_last_i),
        .s_fresh_i    (s_fresh_i),
        .blocked_i    (h_active),
        .write_o      (x_write),
        .slot_o       (x_slot),
        .last_beat_o  (x_last_beat),
        .write_addr_o (x_addr),
        .begun_i      (x_begun),
        .released_i   (released),
        .steps_o      (x_steps),
        .bank_i       (bank),
        .fresh_o      (step_fresh),
        .last_o       (step_last)
    );

    lprnn_0_1_0_h_writer #(
        .HIDDEN (2),
        .LANES (2),
        .COLUMNS (3),
        .H_W (4),
        .ACT_W (4),
        .X_BLOCKS (2),
        .BLOCKS (5),
        .PAD (0)
    ) u_h_writer (
        .clk          (clk),
        .rst          (rst),
        .group_i      (h_done),
        .h_i          (h),
        .active_o     (h_active),
        .written_o    (h_written),
        .write_o      (h_write),
        .write_addr_o (h_addr),
        .data_o       (h_columns)
    );

    lprnn_0_1_0_operands #(
        .INPUT_SIZE (5),
        .ELEMENTS (1),
        .COLUMNS (3),
        .X_W (4),
        .X_ODD (0),
        .ACT_W (4),
        .BLOCKS (5),
        .PAD (0)
    ) u_operands (
        .x_write_i     (x_write),
        .x_slot_i      (x_slot),
        .x_last_beat_i (x_last_beat),
        .x_addr_i      (x_addr),
        .x_data_i      (s_data_i),
        .h_active_i    (h_active),
        .h_write_i     (h_write),
        .h_addr_i      (h_addr),
        .h_data_i      (h_columns),
        .write_o       (write),
        .write_addr_o  (write_addr),
        .data_o        (write_data)
    );

    // ---- the block that starts, and its command
    wire [2:0] next_weight_row;
    wire [3:0] next_vector_row;
    wire next_sum;
    wire next_recurrent;
    wire next_group_end;
    wire next_step_end;
    wire group_taken;

    wire [3:0] vector_row;
    wire sum;
    wire recurrent;
    wire group_end;
    wire step_end;
    wire fresh;
    wire last;
    wire [0:0] context_number;

    lprnn_0_1_0_sequencer #(
        .X_BLOCKS (2),
        .H_BLOCKS (1),
        .BLOCKS (5),
        .GROUPS (1),
        .CHAIN (2),
        .RESULTS (8),
        .FORBIDDEN (32'h000000c0)
    ) u_sequencer (
        .clk            (clk),
        .rst            (rst),
        .x_steps_i      (x_steps),
        .h_written_i    (h_written),
        .weight_valid_i (weight_valid_i),
        .result_taken_i (group_taken),
        .x_begun_o      (x_begun),
        .fresh_i        (step_fresh),
        .weight_row_o   (next_weight_row),
        .vector_row_o   (next_vector_row),
        .bank_o         (bank),
        .sum_o          (next_sum),
        .recurrent_o    (next_recurrent),
        .group_end_o    (next_group_end),
        .step_end_o     (next_step_end)
    );

    lprnn_0_1_0_command #(
        .BLOCKS (5),
        .GROUPS (1),
        .START (0),
        .CHAIN (2),
        .LATENCY (6),
        .CONTEXT_W (0)
    ) u_command (
        .clk          (clk),
        .rst          (rst),
        .weight_row_i (next_weight_row),
        .vector_row_i (next_vector_row),
        .sum_i        (next_sum),
        .group_end_i  (next_group_end),
        .step_end_i   (next_step_end),
        .recurrent_i  (next_recurrent),
        .fresh_i      (step_fresh),
        .last_i       (step_last),
        .context_i    (1'b0),
        .weight_row_o (weight_addr_o),
        .vector_row_o (vector_row),
        .released_o   (released),
        .sum_o        (sum),
        .group_end_o  (group_end),
        .step_end_o   (step_end),
        .recurrent_o  (recurrent),
        .fresh_o      (fresh),
        .last_o       (last),
        .context_o    (context_number)
    );

    // ---- array
    wire [11:0] act;
    wire [95:0] sums;

    lprnn_0_1_0_vector_buffer #(
        .COLUMNS (3),
        .USED (3),
        .ACT_W (4),
        .BLOCKS (5),
        .CHAIN (2),
        .STAGE (2),
        .STYLE ("distributed")
    ) u_vector_buffer (
        .clk          (clk),
        .read_addr_i  (vector_row),
        .act_o        (act),
        .write_i      (write),
        .write_addr_i (write_addr),
        .write_data_i (write_data)
    );

    lprnn_0_1_0_array_lut #(
        .ROWS (8),
        .COLUMNS (3),
        .CHAIN (2),
        .ACT_W (4),
        .WEIGHT_W (4),
        .ODD (0),
        .SUM_W (12),
        .MUX_REG (0)
    ) u_array (
        .clk      (clk),
        .act_i    (act),
        .weight_i (weight_data_i),
        .sum_o    (sums)
    );

    // ---- lanes
    wire [15:0] phase;
    wire [1:0] turn;
    wire [0:0] c_read_row;
    wire [0:0] c_write_row;
    wire [23:0] c_old;
    wire [23:0] c_new;
    wire c_fresh;
    wire c_write;
    wire h_step_end;
    wire h_fresh;
    wire h_last;

    lprnn_0_1_0_lane_control #(
        .GROUPS (1),
        .SUMS (4),
        .DEPTH (16),
        .STATE_READ (5),
        .STATE_WRITE (10),
        .CONTEXT_W (0)
    ) u_lane_control (
        .clk                (clk),
        .rst                (rst),
        .group_end_i        (group_end),
        .step_end_i         (step_end),
        .fresh_i            (fresh),
        .last_i             (last),
        .context_i          (context_number),
        .bias_addr_o        (bias_addr_o),
        .phase_o            (phase),
        .turn_o             (turn),
        .state_read_addr_o  (c_read_row),
        .state_fresh_o      (c_fresh),
        .state_write_o      (c_write),
        .state_write_addr_o (c_write_row),
        .done_o             (h_done),
        .step_end_o         (h_step_end),
        .fresh_o            (h_fresh),
        .last_o             (h_last)
    );

    lprnn_0_1_0_ram #(
        .WIDTH (24),
        .DEPTH (1),
        .LATENCY (1),
        .STYLE ("distributed")
    ) u_state (
        .clk          (clk),
        .read_addr_i  (c_read_row),
        .data_o       (c_old),
        .write_i      (c_write),
        .write_addr_i (c_write_row),
        .data_i       (c_new)
    );

    genvar unit;
    generate
        for (unit = 0; unit < 2; unit = unit + 1) begin : gen_unit
            wire [43:0] acc;

            lprnn_0_1_0_accumulator #(
                .SUM_W (12),
                .ACC_W (11),
                .SHIFT_X (1),
                .SHIFT_H (0)
            ) u_accumulator_i (
                .clk         (clk),
                .rst         (rst),
                .enable_i    (sum),
                .recurrent_i (recurrent),
                .sum_i       (sums[unit*48 + 0 +: 12]),
                .acc_o       (acc[0 +: 11])
            );

            lprnn_0_1_0_accumulator #(
                .SUM_W (12),
                .ACC_W (11),
                .SHIFT_X (0),
                .SHIFT_H (1)
            ) u_accumulator_f (
                .clk         (clk),
                .rst         (rst),
                .enable_i    (sum),
                .recurrent_i (recurrent),
                .sum_i       (sums[unit*48 + 12 +: 12]),
                .acc_o       (acc[11 +: 11])
            );

            lprnn_0_1_0_accumulator #(
                .SUM_W (12),
                .ACC_W (11),
                .SHIFT_X (2),
                .SHIFT_H (1)
            ) u_accumulator_g (
                .clk         (clk),
                .rst         (rst),
                .enable_i    (sum),
                .recurrent_i (recurrent),
                .sum_i       (sums[unit*48 + 24 +: 12]),
                .acc_o       (acc[22 +: 11])
            );

            lprnn_0_1_0_accumulator #(
                .SUM_W (12),
                .ACC_W (11),
                .SHIFT_X (1),
                .SHIFT_H (0)
            ) u_accumulator_o (
                .clk         (clk),
                .rst         (rst),
                .enable_i    (sum),
                .recurrent_i (recurrent),
                .sum_i       (sums[unit*48 + 36 +: 12]),
                .acc_o       (acc[33 +: 11])
            );

            lprnn_0_1_0_lane_lstm #(
                .ACC_W (11),
                .ACC_FRAC (8),
                .Z_W (5),
                .Z_FRAC (2),
                .A_FRAC (6),
                .C_W (12),
                .C_FRAC (8),
                .H_W (4),
                .H_FRAC (3),
                .H_ODD (0),
                .TABLE_REG (0),
                .TANH_DELAY (0)
            ) u_lane (
                .clk         (clk),
                .rst         (rst),
                .take_i (phase[0]),
                .tanh_i (phase[3]),
                .keep_g_i (phase[4]),
                .load_ig_i (phase[5]),
                .keep_o_i (phase[7]),
                .start_c_i (phase[7]),
                .load_ot_i (phase[12]),
                .start_h_i (phase[14]),
                .keep_h_i (phase[15]),
                .turn_i      (turn),
                .fresh_i     (c_fresh),
                .acc_i       (acc),
                .bias_i      (bias_data_i[unit*11 +: 11]),
                .gate_addr_o (gate_addr_o[unit*6 +: 6]),
                .gate_data_i (gate_data_i[unit*8 +: 8]),
                .tanh_addr_o (tanh_addr_o[unit*5 +: 5]),
                .tanh_data_i (tanh_data_i[unit*8 +: 8]),
                .c_i         (c_old[unit*12 +: 12]),
                .c_o         (c_new[unit*12 +: 12]),
                .h_o         (h[unit*4 +: 4])
            );
`ifdef LPRNN_TRACE

            // z is a gate's address but for the bit above it.
            assign trace_z_o[unit*5 +: 5] =
                gate_addr_o[unit*6 +: 5];
`endif
        end
    endgenerate

    // ---- results out
    wire group_valid;
    wire [7:0] queued_h;
    wire queued_step_end;
    wire queued_last;
    wire queued_fresh;

    lprnn_0_1_0_group_fifo #(
        .WIDTH (11),
        .DEPTH (8),
        .STYLE ("distributed")
    ) u_group_fifo (
        .clk     (clk),
        .rst     (rst),
        .push_i  (h_done),
        .data_i  ({h_step_end, h_last, h_fresh, h}),
        .pop_i   (group_taken),
        .valid_o (group_valid),
        .data_o  ({queued_step_end, queued_last, queued_fresh, queued_h})
    );

    lprnn_0_1_0_serializer #(
        .HIDDEN (2),
        .LANES (2),
        .ELEMENTS (1),
        .H_W (4),
        .H_ODD (0)
    ) u_serializer (
        .clk           (clk),
        .rst           (rst),
        .group_valid_i (group_valid),
        .group_taken_o (group_taken),
        .h_i           (queued_h),
        .step_end_i    (queued_step_end),
        .last_i        (queued_last),
        .fresh_i       (queued_fresh),
        .m_valid_o     (m_valid_o),
        .m_ready_i     (m_ready_i),
        .m_data_o      (m_data_o),
        .m_last_o      (m_last_o),
        .m_fresh_o     (m_fresh_o)
    );
`ifdef LPRNN_TRACE

    lprnn_0_1_0_trace #(
        .GROUPS (1),
        .GATES (8'hd2)
    ) u_trace (
        .clk     (clk),
        .rst     (rst),
        .z_i     (phase[6:3]),
        .valid_o (trace_valid_o),
        .gate_o  (trace_gate_o),
        .group_o (trace_group_o)
    );
`endif

endmodule

`default_nettype wire
