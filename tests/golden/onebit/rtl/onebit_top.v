// SPDX-License-Identifier: MIT OR Apache-2.0
// lprnn-hw 0.1.0
// verilator lint_off TIMESCALEMOD
// onebit_top - 1-layer LSTM core, AXI4-Stream in and out.
//
// Generated from the model with digest 0123.
// Regenerate with the settings in design.toml; do not edit.
//
// layer 0: 5 -> 4 units, weights 1 bit, x s1.-1, h s1.0; 2 units x 4 columns, 32 MACs a cycle

`default_nettype none

module onebit_top #(
    // folder of the memory files, a slash at its end; empty: where the simulation runs, or rtl/ in it
    parameter MEMORIES = ""
) (
    (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF s_axis:m_axis, ASSOCIATED_RESET aresetn" *)
    input  wire        aclk,
    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)
    input  wire        aresetn,
    // x: 5 elements a step, 1 a beat, s1.-1
    input  wire [7:0] s_axis_tdata,
    input  wire        s_axis_tvalid,
    output wire        s_axis_tready,
    input  wire        s_axis_tlast,
    // h: 4 elements a step, 1 a beat, s1.0
    output wire [7:0] m_axis_tdata,
    output wire        m_axis_tvalid,
    input  wire        m_axis_tready,
    output wire        m_axis_tlast
`ifdef LPRNN_TRACE
    // pre-activations as they are computed, for cosimulation
    ,
    output wire        trace_l0_valid,
    output wire [1:0]  trace_l0_gate,
    output wire [15:0] trace_l0_group,
    output wire [9:0] trace_l0_z
`endif
);

    // Registers are reset a cycle after aresetn; from its first moment on no beat moves.
    reg rst;
    always @(posedge aclk) rst <= ~aresetn;
    wire running = aresetn & ~rst;

    wire fresh;

    lprnn_0_1_0_state_policy #(
        .POLICY   (1),
        .WINDOW   (1),
        .WINDOW_W (1),
        .BEATS    (5),
        .BEAT_W   (3)
    ) u_state_policy (
        .clk      (aclk),
        .rst      (rst),
        .clear_i  (1'b0),
        .accept_i (s_axis_tvalid & s_axis_tready),
        .last_i   (s_axis_tlast),
        .fresh_o  (fresh)
    );

    // Streams between the layers: 0 enters layer 0, the last one leaves the core.
    wire [7:0] stream0_data;
    wire stream0_valid, stream0_ready;
    wire stream0_last, stream0_fresh;
    wire [7:0] stream1_data;
    wire stream1_valid, stream1_ready;
    wire stream1_last, stream1_fresh;

    assign stream0_data  = s_axis_tdata;
    assign stream0_valid = s_axis_tvalid & running;
    assign s_axis_tready = stream0_ready & running;
    assign stream0_last  = s_axis_tlast;
    assign stream0_fresh = fresh;

    assign m_axis_tdata  = stream1_data;
    assign m_axis_tvalid = stream1_valid & running;
    assign m_axis_tlast  = stream1_last;
    assign stream1_ready = m_axis_tready;

    // ---- layer 0: 5 -> 4 units, weights 1 bit, x s1.-1, h s1.0; 2 units x 4 columns, 32 MACs a cycle
    wire [3:0] l0_weight_addr;
    wire [31:0] l0_weight_data;
    wire [3:0] l0_bias_addr;
    wire [17:0] l0_bias_data;
    wire [11:0] l0_gate_addr;
    wire [15:0] l0_gate_data;
    wire [9:0] l0_tanh_addr;
    wire [15:0] l0_tanh_data;

    lprnn_0_1_0_layer #(
        .LANES (2),
        .COLUMNS (4),
        .CHAIN (2),
        .CHAINS (1),
        .GROUPS (2),
        .GROUP_W (1),
        .X_BLOCKS (2),
        .H_BLOCKS (1),
        .H_CREDIT_W (1),
        .BLOCKS (5),
        .BLOCK_W (3),
        .H_SLOTS (2),
        .H_SUBBLOCKS (1),
        .LAST_UNITS (2),
        .USED_COLUMNS (4),
        .IN_ELEMENTS (1),
        .IN_ELEMENT_W (8),
        .IN_BEATS (5),
        .IN_BEAT_W (3),
        .IN_SLOTS (4),
        .IN_LAST (1),
        .OUT_ELEMENTS (1),
        .OUT_ELEMENT_W (8),
        .OUT_BEATS (2),
        .OUT_BEAT_W (1),
        .OUT_LAST_BEATS (2),
        .OUT_LAST (1),
        .QUEUE_W (3),
        .X_W (1),
        .H_W (1),
        .ACT_W (1),
        .WEIGHT_W (1),
        .Z_W (5),
        .A_FRAC (6),
        .C_W (12),
        .FC_SHIFT (0),
        .IG_SHIFT (2),
        .ZC_SHIFT (6),
        .H_SHIFT (12),
        .B_W (12),
        .P_W (20),
        .CHAIN_W (4),
        .SUM_W (7),
        .ACC_W (9),
        .Z_SHIFT (0),
        .MAC_LATENCY (4),
        .MAC_DSP (0),
        .STAGE (2),
        .FIELDS (1),
        .FIELD_W (1),
        .DSP_W_W (25),
        .DSP_A_W (18),
        .DSP_P_W (48),
        .START_REG (0),
        .MUX_REG (0),
        .TABLE_REG (0),
        .TANH_DELAY (0),
        .WEIGHT_ADDR_W (4),
        .BIAS_ADDR_W (4),
        .SHIFT_X (32'h03040203),
        .SHIFT_H (32'h01020201),
        .VECTOR_STYLE ("distributed"),
        .STATE_STYLE ("distributed"),
        .QUEUE_STYLE ("distributed")
    ) u_layer0 (
        .clk           (aclk),
        .rst           (rst),
        .s_valid_i     (stream0_valid),
        .s_ready_o     (stream0_ready),
        .s_data_i      (stream0_data),
        .s_last_i      (stream0_last),
        .s_fresh_i     (stream0_fresh),
        .m_valid_o     (stream1_valid),
        .m_ready_i     (stream1_ready),
        .m_data_o      (stream1_data),
        .m_last_o      (stream1_last),
        .m_fresh_o     (stream1_fresh),
        .weight_addr_o (l0_weight_addr),
        .weight_data_i (l0_weight_data),
        .bias_addr_o   (l0_bias_addr),
        .bias_data_i   (l0_bias_data),
        .gate_addr_o   (l0_gate_addr),
        .gate_data_i   (l0_gate_data),
        .tanh_addr_o   (l0_tanh_addr),
        .tanh_data_i   (l0_tanh_data)
`ifdef LPRNN_TRACE
        ,
        .trace_valid_o (trace_l0_valid),
        .trace_gate_o  (trace_l0_gate),
        .trace_group_o (trace_l0_group),
        .trace_z_o     (trace_l0_z)
`endif
    );

    lprnn_0_1_0_rom #(
        .FOLDER (MEMORIES),
        .WIDTH (32),
        .DEPTH (10),
        .ADDR_W (4),
        .CONTENTS ("onebit_l0_weights.mem"),
        .DIGEST (32'h32a2d630),
        .STYLE ("distributed")
    ) u_l0_weights (
        .clk    (aclk),
        .addr_i (l0_weight_addr),
        .data_o (l0_weight_data)
    );

    lprnn_0_1_0_rom #(
        .FOLDER (MEMORIES),
        .WIDTH (18),
        .DEPTH (16),
        .ADDR_W (4),
        .CONTENTS ("onebit_l0_biases.mem"),
        .DIGEST (32'h0d254669),
        .STYLE ("distributed")
    ) u_l0_biases (
        .clk    (aclk),
        .addr_i (l0_bias_addr),
        .data_o (l0_bias_data)
    );

    genvar unit0;
    generate
        for (unit0 = 0; unit0 < 2; unit0 = unit0 + 1) begin : gen_tables0
            onebit_l0_tables u_tables (
                .clk         (aclk),
                .gate_addr_i (l0_gate_addr[unit0*6 +: 6]),
                .gate_data_o (l0_gate_data[unit0*8 +: 8]),
                .tanh_addr_i (l0_tanh_addr[unit0*5 +: 5]),
                .tanh_data_o (l0_tanh_data[unit0*8 +: 8])
            );
        end
    endgenerate

endmodule

`default_nettype wire
