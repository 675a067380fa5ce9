// SPDX-License-Identifier: MIT OR Apache-2.0
// lprnn-hw 0.1.0
// verilator lint_off TIMESCALEMOD
// onebit_top - 1-layer LSTM core, AXI4-Stream in and out.
//
// Generated from the model with digest 624d34c5b126ee8e00f31985013eadca30c0e2b44dc9de297400a8a3bedb77a1.
// Regenerate with the settings in design.toml; do not edit.
//
// layer 0: 5 -> 4 units, weights 1 bit, x o1.-1, h o1.0; 2 units x 4 columns, 32 MACs a cycle

`default_nettype none

module onebit_top #(
    // folder of the memory files, a slash at its end; empty: where the simulation runs, or rtl/ in it
    parameter MEMORIES = ""
) (
    (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF s_axis:m_axis, ASSOCIATED_RESET aresetn" *)
    input  wire        aclk,
    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)
    input  wire        aresetn,
    // x: 5 elements a step, 1 a beat, o1.-1
    input  wire [7:0] s_axis_tdata,
    input  wire        s_axis_tvalid,
    output wire        s_axis_tready,
    input  wire        s_axis_tlast,
    // h: 4 elements a step, 1 a beat, o1.0
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
        .POLICY (1),
        .WINDOW (1),
        .BEATS  (5)
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

    // ---- layer 0: 5 -> 4 units, weights 1 bit, x o1.-1, h o1.0; 2 units x 4 columns, 32 MACs a cycle
    wire [3:0] l0_weight_addr;
    wire [31:0] l0_weight_data;
    wire l0_weight_valid;
    wire [3:0] l0_bias_addr;
    wire [17:0] l0_bias_data;
    wire l0_bias_valid;
    wire [11:0] l0_gate_addr;
    wire [15:0] l0_gate_data;
    wire [9:0] l0_tanh_addr;
    wire [15:0] l0_tanh_data;

    onebit_l0 u_layer0 (
        .clk            (aclk),
        .rst            (rst),
        .s_valid_i      (stream0_valid),
        .s_ready_o      (stream0_ready),
        .s_data_i       (stream0_data),
        .s_last_i       (stream0_last),
        .s_fresh_i      (stream0_fresh),
        .m_valid_o      (stream1_valid),
        .m_ready_i      (stream1_ready),
        .m_data_o       (stream1_data),
        .m_last_o       (stream1_last),
        .m_fresh_o      (stream1_fresh),
        .weight_addr_o  (l0_weight_addr),
        .weight_data_i  (l0_weight_data),
        .weight_valid_i (l0_weight_valid & l0_bias_valid),
        .bias_addr_o    (l0_bias_addr),
        .bias_data_i    (l0_bias_data),
        .gate_addr_o    (l0_gate_addr),
        .gate_data_i    (l0_gate_data),
        .tanh_addr_o    (l0_tanh_addr),
        .tanh_data_i    (l0_tanh_data)
`ifdef LPRNN_TRACE
        ,
        .trace_valid_o  (trace_l0_valid),
        .trace_gate_o   (trace_l0_gate),
        .trace_group_o  (trace_l0_group),
        .trace_z_o      (trace_l0_z)
`endif
    );

    lprnn_0_1_0_rom #(
        .FOLDER (MEMORIES),
        .WIDTH (32),
        .DEPTH (10),
        .CONTENTS ("onebit_l0_weights.mem"),
        .DIGEST (32'h32a2d630),
        .STYLE ("distributed")
    ) u_l0_weights (
        .clk     (aclk),
        .addr_i  (l0_weight_addr),
        .data_o  (l0_weight_data),
        .valid_o (l0_weight_valid)
    );

    lprnn_0_1_0_rom #(
        .FOLDER (MEMORIES),
        .WIDTH (18),
        .DEPTH (16),
        .CONTENTS ("onebit_l0_biases.mem"),
        .DIGEST (32'h30451cb3),
        .STYLE ("distributed")
    ) u_l0_biases (
        .clk     (aclk),
        .addr_i  (l0_bias_addr),
        .data_o  (l0_bias_data),
        .valid_o (l0_bias_valid)
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
