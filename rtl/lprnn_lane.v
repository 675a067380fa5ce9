// lprnn_lane - the element-wise part of one unit: four gates, c and h, on one multiplier.
//
//   phase   0..3   pick a gate's accumulator (g, i, f, o), subtract its value at the last group
//           1..4   add the bias
//           2..5   requantise to z
//           3..6   table look-up                             4..7  table output
//           5, 6   operands i*g, f*c      7, 8 products      8, 9  sum, rounding half included
//           9      requantise to c       10    requantise to the table's format
//          11, 12  tanh(c)               12    operands o*t  14, 15 product, sum
//          15      requantise to h       16    h_o
//
// TABLE_REG moves everything from phase 4 on back by one, TANH_DELAY everything from phase 12
// on by as many again. A new group may start every 5 + TANH_DELAY cycles or more, except where
// that number divides 6 + TANH_DELAY or 7 + TANH_DELAY: the multiplier would then be wanted by
// two groups at once. phase_i[n] is the group's start delayed by n cycles.

`default_nettype none

module lprnn_lane #(
    parameter ACC_W    = 20,  // bits of an accumulator, all gates at one fraction
    parameter Z_W      = 8,   // bits of a pre-activation
    parameter Z_SHIFT  = 8,   // fraction bits dropped from accumulator to z
    parameter A_FRAC   = 8,   // fraction bits of a gate value
    parameter C_W      = 16,  // bits of the cell state
    parameter FC_SHIFT = 0,   // left shift of f*c before the sum
    parameter IG_SHIFT = 2,   // left shift of i*g before the sum
    parameter ZC_SHIFT = 6,   // fraction bits dropped from c to the table's format
    parameter H_W      = 4,   // bits of h
    parameter H_SHIFT  = 13,  // fraction bits dropped from o*t to h
    parameter B_W      = 16,  // bits of the multiplier's second operand
    parameter P_W      = 27,  // bits of the sum of products
    parameter TABLE_REG  = 0, // 1: a register behind the tables (slow block RAM)
    parameter TANH_DELAY = 0, // registers behind tanh(c), TABLE_REG or more
    parameter PHASES   = 16   // 16 + TABLE_REG + TANH_DELAY
) (
    input  wire                clk,
    input  wire                rst,
    input  wire [PHASES-1:0]   phase_i,
    input  wire                fresh_i,      // with phase 6 (+ TABLE_REG): take c as zero
    // accumulators of gates i, f, g, o
    input  wire [4*ACC_W-1:0]  acc_i,
    input  wire [ACC_W-1:0]    bias_i,       // phases 1..4: bias of gates g, i, f, o
    // tables: data follows the address by one cycle
    output wire [Z_W:0]        gate_addr_o,  // {tanh, z}
    input  wire [A_FRAC+1:0]   gate_data_i,
    output wire [Z_W-1:0]      tanh_addr_o,
    input  wire [A_FRAC+1:0]   tanh_data_i,
    // cell state
    input  wire [C_W-1:0]      c_i,          // with phase 6 (+ TABLE_REG)
    output wire [C_W-1:0]      c_o,          // with phase 10 (+ TABLE_REG)
    // results
    output wire [Z_W-1:0]      z_o,          // phases 3..6: gates g, i, f, o
    output wire [H_W-1:0]      h_o           // from phase PHASES on, held
);

    localparam A_W     = A_FRAC + 2;  // gate values, signed, 1.0 included
    localparam C_SHIFT = A_FRAC + FC_SHIFT;
    localparam R       = TABLE_REG;
    localparam T       = TABLE_REG + TANH_DELAY;

    generate
        if (PHASES != 16 + T || TANH_DELAY < TABLE_REG) begin : gen_phase_check
            error_lprnn_lane_phases_do_not_fit u_illegal_parameters ();
        end
        if (B_W < C_W + FC_SHIFT || B_W < A_W + IG_SHIFT || P_W < A_W + B_W - 1) begin : gen_param_check
            error_lprnn_lane_operand_too_narrow u_illegal_parameters ();
        end
    endgenerate

    // Gate g is taken live; i, f and o wait their turn.
    wire [ACC_W-1:0] live_i = acc_i[0*ACC_W +: ACC_W];
    wire [ACC_W-1:0] live_f = acc_i[1*ACC_W +: ACC_W];
    wire [ACC_W-1:0] live_g = acc_i[2*ACC_W +: ACC_W];
    wire [ACC_W-1:0] live_o = acc_i[3*ACC_W +: ACC_W];

    reg [ACC_W-1:0] wait_i_q;
    reg [ACC_W-1:0] wait_f_q;
    reg [ACC_W-1:0] wait_o_q;

    // The same four values at the end of the group before, in the same order.
    reg [ACC_W-1:0] before0_q;
    reg [ACC_W-1:0] before1_q;
    reg [ACC_W-1:0] before2_q;
    reg [ACC_W-1:0] before3_q;

    reg [1:0] turn_q;  // 0 g, 1 i, 2 f, 3 o; phase 0 finds it at 0
    wire      taking = phase_i[0] | (|turn_q);

    wire [ACC_W-1:0] value = turn_q[1] ? (turn_q[0] ? wait_o_q : wait_f_q)
                                       : (turn_q[0] ? wait_i_q : live_g);

    reg [ACC_W-1:0] diff_q;
    reg [ACC_W-1:0] sum_q;
    reg [Z_W-1:0]   z_q;

    wire [Z_W-1:0] z;

    lprnn_requant #(
        .IN_W       (ACC_W),
        .OUT_W      (Z_W),
        .SHIFT      (Z_SHIFT),
        .HALF_ADDED (1)
    ) u_requant_z (
        .value_i (sum_q),
        .code_o  (z)
    );

    always @(posedge clk) begin
        if (phase_i[0]) begin
            wait_i_q <= live_i;
            wait_f_q <= live_f;
            wait_o_q <= live_o;
        end
        diff_q <= value - before0_q;
        sum_q  <= diff_q + bias_i;
        z_q    <= z;
        if (rst) begin
            turn_q    <= 2'd0;
            before0_q <= {ACC_W{1'b0}};
            before1_q <= {ACC_W{1'b0}};
            before2_q <= {ACC_W{1'b0}};
            before3_q <= {ACC_W{1'b0}};
        end else if (taking) begin
            turn_q    <= turn_q + 2'd1;
            before0_q <= before1_q;
            before1_q <= before2_q;
            before2_q <= before3_q;
            before3_q <= value;
        end
    end

    assign z_o         = z_q;
    assign gate_addr_o = {phase_i[3], z_q};

    // Table outputs, registered where block RAM is slow.
    wire [A_W-1:0] gate_data;
    wire [A_W-1:0] tanh_data;

    genvar d;
    generate
        if (TABLE_REG != 0) begin : gen_gate_reg
            reg [A_W-1:0] gate_data_q;
            always @(posedge clk) gate_data_q <= gate_data_i;
            assign gate_data = gate_data_q;
        end else begin : gen_gate_wire
            assign gate_data = gate_data_i;
        end

        if (TANH_DELAY == 0) begin : gen_tanh_wire
            assign tanh_data = tanh_data_i;
        end else begin : gen_tanh_reg
            wire [(TANH_DELAY+1)*A_W-1:0] late;
            assign late[A_W-1:0] = tanh_data_i;
            for (d = 0; d < TANH_DELAY; d = d + 1) begin : gen_delay
                reg [A_W-1:0] tanh_data_q;
                always @(posedge clk) tanh_data_q <= late[d*A_W +: A_W];
                assign late[(d+1)*A_W +: A_W] = tanh_data_q;
            end
            assign tanh_data = late[TANH_DELAY*A_W +: A_W];
        end
    endgenerate

    // Operands. The look-ups of g, i, f and o are there in phases 4, 5, 6 and 7 (+ R).
    reg [A_W-1:0]        g_q;
    reg [A_W-1:0]        o_q;
    reg signed [A_W-1:0] a_q;
    reg signed [B_W-1:0] b_q;

    wire signed [B_W-1:0] operand_g = {{(B_W-A_W){g_q[A_W-1]}}, g_q};
    wire signed [B_W-1:0] operand_t = {{(B_W-A_W){tanh_data[A_W-1]}}, tanh_data};
    wire signed [B_W:0]   operand_c = {{(B_W+1-C_W){c_i[C_W-1]}}, c_i};

    always @(posedge clk) begin
        if (phase_i[4+R]) begin
            g_q <= gate_data;
        end
        if (phase_i[7+R]) begin
            o_q <= gate_data;
        end
        a_q <= phase_i[12+T] ? o_q : gate_data;
        b_q <= phase_i[12+T] ? operand_t
             : phase_i[5+R]  ? (operand_g <<< IG_SHIFT)
             : fresh_i       ? {B_W{1'b0}}
                             : (operand_c[B_W-1:0] <<< FC_SHIFT);
    end

    // The product register is exactly as wide as the product and has no reset: a wider one
    // makes Yosys 0.70 drop the sign extension.
    reg signed [A_W+B_W-1:0] product_q;
    reg signed [P_W-1:0]     sum_of_products_q;

    localparam [P_W-1:0] ONE    = {{(P_W-1){1'b0}}, 1'b1};
    localparam [P_W-1:0] HALF_C = ONE << (C_SHIFT - 1);
    localparam [P_W-1:0] HALF_H = (H_SHIFT > 0 && H_W > 1) ? ONE << ((H_SHIFT > 0) ? H_SHIFT - 1 : 0)
                                                           : {P_W{1'b0}};

    wire signed [P_W-1:0] base = phase_i[7+R] ? HALF_C : phase_i[14+T] ? HALF_H : sum_of_products_q;

    always @(posedge clk) begin
        product_q         <= a_q * b_q;
        sum_of_products_q <= base + {{(P_W-A_W-B_W+1){product_q[A_W+B_W-1]}}, product_q[A_W+B_W-2:0]};
    end

    reg [C_W-1:0] c_q;
    reg [Z_W-1:0] tanh_addr_q;
    reg [H_W-1:0] h_q;

    wire [C_W-1:0] c;
    wire [Z_W-1:0] tanh_addr;
    wire [H_W-1:0] h;

    lprnn_requant #(
        .IN_W       (P_W),
        .OUT_W      (C_W),
        .SHIFT      (C_SHIFT),
        .HALF_ADDED (1)
    ) u_requant_c (
        .value_i (sum_of_products_q),
        .code_o  (c)
    );

    lprnn_requant #(
        .IN_W       (C_W),
        .OUT_W      (Z_W),
        .SHIFT      (ZC_SHIFT),
        .HALF_ADDED (0)
    ) u_requant_tanh (
        .value_i (c_q),
        .code_o  (tanh_addr)
    );

    lprnn_requant #(
        .IN_W       (P_W),
        .OUT_W      (H_W),
        .SHIFT      (H_SHIFT),
        .HALF_ADDED (1)
    ) u_requant_h (
        .value_i (sum_of_products_q),
        .code_o  (h)
    );

    always @(posedge clk) begin
        c_q         <= c;
        tanh_addr_q <= tanh_addr;
        if (phase_i[15+T]) begin
            h_q <= h;
        end
    end

    assign c_o         = c_q;
    assign tanh_addr_o = tanh_addr_q;
    assign h_o         = h_q;

endmodule

`default_nettype wire
