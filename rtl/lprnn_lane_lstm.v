// lprnn_lane_lstm - the data path of one LSTM unit: four gates, c and h, on one multiplier.
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
// TABLE_REG moves everything from phase 4 on back by one, TANH_DELAY everything from phase 12 on by as
// many again. Where rows have multipliers, a sum goes through the multiplier in phases 2..5 and comes out as z
// three cycles later than without, and so does all behind it: every phase from 3 on that stands here. Each strobe is high in the phase that stands beside it: lprnn_lane_control has the phases of
// all lanes. Groups whose uses of the multiplier meet must not follow each other; the sequencer keeps
// them apart.

`default_nettype none

module lprnn_lane_lstm #(
    parameter ACC_W      = 20,  // bits of an accumulator, all gates at one fraction
    parameter ACC_FRAC   = 12,  // that fraction, with M_W that of the product
    parameter Z_W        = 8,   // bits of a pre-activation
    parameter Z_FRAC     = 4,
    parameter A_FRAC     = 8,   // fraction bits of a gate value, which is signed and may be 1.0
    parameter C_W        = 16,  // bits of the cell state
    parameter C_FRAC     = 10,
    parameter H_W        = 4,   // bits of h
    parameter H_FRAC     = 3,
    parameter H_ODD      = 0,   // 1: h is odd, of H_W bits and a last one that is left out
    parameter TABLE_REG  = 0,   // 1: a register behind the tables (slow block RAM)
    parameter TANH_DELAY = 0,   // registers behind tanh(c), TABLE_REG or more
    parameter M_W        = 0    // bits of a row's multiplier; 0: rows have none
) (
    input  wire                clk,
    input  wire                rst,
    // strobes, with R = TABLE_REG and T = TABLE_REG + TANH_DELAY, from tanh_i on three later with M_W
    input  wire                take_i,       // 0     the accumulators are this group's
    input  wire [1:0]          turn_i,       // 0..3  0 g, 1 i, 2 f, 3 o; else 0
    input  wire                tanh_i,       // 3     the look-up is g's: tanh
    input  wire                keep_g_i,     // 4+R   the table gives g
    input  wire                load_ig_i,    // 5+R   operands are i and g
    input  wire                fresh_i,      // 6+R   take c as zero
    input  wire                keep_o_i,     // 7+R   the table gives o
    input  wire                start_c_i,    // 7+R   the product is the first of c's
    input  wire                load_ot_i,    // 12+T  operands are o and tanh(c)
    input  wire                start_h_i,    // 14+T  the product is h's
    input  wire                keep_h_i,     // 15+T  h is requantised
    // accumulators of gates i, f, g, o
    input  wire [4*ACC_W-1:0]  acc_i,
    input  wire [ACC_W+M_W-1:0] bias_i,      // phases 1..4: {multiplier, bias} of gates g, i, f, o
    // tables: data follows the address by one cycle
    output wire [Z_W:0]        gate_addr_o,  // phases 3..6: {tanh, z} of gates g, i, f, o
    input  wire [A_FRAC+1:0]   gate_data_i,
    output wire [Z_W-1:0]      tanh_addr_o,
    input  wire [A_FRAC+1:0]   tanh_data_i,
    // cell state
    input  wire [C_W-1:0]      c_i,          // phase 6+R
    output wire [C_W-1:0]      c_o,          // phase 10+R
    // result
    output wire [H_W-1:0]      h_o           // from phase 16+T on, held
);

    localparam A_W      = A_FRAC + 2;
    localparam Z_SHIFT  = ACC_FRAC - Z_FRAC;                             // dropped from accumulator to z
    localparam FC_SHIFT = (A_FRAC > C_FRAC) ? A_FRAC - C_FRAC : 0;       // f*c and i*g at one fraction
    localparam IG_SHIFT = (C_FRAC > A_FRAC) ? C_FRAC - A_FRAC : 0;
    localparam C_SHIFT  = A_FRAC + FC_SHIFT;                             // dropped from their sum to c
    localparam ZC_SHIFT = C_FRAC - Z_FRAC;                               // dropped from c to the table's format
    localparam H_SHIFT  = 2*A_FRAC - H_FRAC;                             // dropped from o*t to h

    // The multiplier's first operand, a gate value or a row's multiplier, which has no sign.
    localparam F_W = (M_W + 1 > A_W) ? M_W + 1 : A_W;

    // The multiplier's second operand, c, a gate value or a sum, and a sum of two products: the largest is
    // 2^A_FRAC times a c or a gate value, and half of a last bit comes to it. The product with a row's
    // multiplier has room, but for a half that is larger than all of it.
    localparam LC_W = (C_W + FC_SHIFT > A_W + IG_SHIFT) ? C_W + FC_SHIFT : A_W + IG_SHIFT;
    localparam B_W  = (M_W > 0 && ACC_W > LC_W) ? ACC_W : LC_W;
    localparam LARGEST_W = (C_W - 1 + FC_SHIFT > A_FRAC + IG_SHIFT) ? A_FRAC + C_W - 1 + FC_SHIFT
                                                                    : 2*A_FRAC + IG_SHIFT;
    localparam LP_W = (LARGEST_W + 3 > F_W + B_W) ? LARGEST_W + 3 : F_W + B_W;
    localparam P_W  = (M_W > 0 && Z_SHIFT + 2 > LP_W) ? Z_SHIFT + 2 : LP_W;

    generate
        if ((Z_SHIFT < 0 && M_W == 0) || TANH_DELAY < TABLE_REG) begin : gen_param_check
            error_lprnn_lane_lstm_illegal_formats u_illegal_parameters ();
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

    wire taking = take_i | (|turn_i);

    wire [ACC_W-1:0] value = turn_i[1] ? (turn_i[0] ? wait_o_q : wait_f_q)
                                       : (turn_i[0] ? wait_i_q : live_g);

    reg [ACC_W-1:0] diff_q;
    reg [ACC_W-1:0] sum_q;
    reg [Z_W-1:0]   z_q;

    wire [Z_W-1:0] z;

    // A sum's product with its row's multiplier: the operands are chosen two cycles after the sum was taken,
    // the product is added to half of z's last bit two later.
    reg signed [P_W-1:0]   sum_of_products_q;
    wire                   load_sum;
    wire                   start_z;
    wire signed [F_W-1:0]  multiplier;
    wire signed [B_W-1:0]  scaled_sum;

    generate
        if (M_W > 0) begin : gen_scaled
            reg [3:0]     taken_line_q;
            reg [M_W-1:0] multiplier_q;

            wire signed [B_W:0] extended = {{(B_W+1-ACC_W){sum_q[ACC_W-1]}}, sum_q};

            always @(posedge clk) begin
                taken_line_q <= {taken_line_q[2:0], taking};
                multiplier_q <= bias_i[ACC_W+M_W-1:ACC_W];
            end

            assign load_sum   = taken_line_q[1];
            assign start_z    = taken_line_q[3];
            assign multiplier = {{(F_W-M_W){1'b0}}, multiplier_q};
            assign scaled_sum = extended[B_W-1:0];

            lprnn_requant #(
                .IN_W       (P_W),
                .OUT_W      (Z_W),
                .SHIFT      (Z_SHIFT),
                .HALF_ADDED (1)
            ) u_requant_z (
                .value_i (sum_of_products_q),
                .code_o  (z)
            );
        end else begin : gen_plain
            assign load_sum   = 1'b0;
            assign start_z    = 1'b0;
            assign multiplier = {F_W{1'b0}};
            assign scaled_sum = {B_W{1'b0}};

            lprnn_requant #(
                .IN_W       (ACC_W),
                .OUT_W      (Z_W),
                .SHIFT      (Z_SHIFT),
                .HALF_ADDED (1)
            ) u_requant_z (
                .value_i (sum_q),
                .code_o  (z)
            );
        end
    endgenerate

    always @(posedge clk) begin
        if (take_i) begin
            wait_i_q <= live_i;
            wait_f_q <= live_f;
            wait_o_q <= live_o;
        end
        diff_q <= value - before0_q;
        sum_q  <= diff_q + bias_i[ACC_W-1:0];
        z_q    <= z;
        if (rst) begin
            before0_q <= {ACC_W{1'b0}};
            before1_q <= {ACC_W{1'b0}};
            before2_q <= {ACC_W{1'b0}};
            before3_q <= {ACC_W{1'b0}};
        end else if (taking) begin
            before0_q <= before1_q;
            before1_q <= before2_q;
            before2_q <= before3_q;
            before3_q <= value;
        end
    end

    assign gate_addr_o = {tanh_i, z_q};

    // Table outputs, registered where block RAM is slow.
    wire [A_W-1:0] gate_data;
    wire [A_W-1:0] tanh_data;

    lprnn_delay #(
        .WIDTH  (A_W),
        .CYCLES (TABLE_REG),
        .RESET  (0)
    ) u_gate_delay (
        .clk    (clk),
        .rst    (rst),
        .data_i (gate_data_i),
        .data_o (gate_data)
    );

    lprnn_delay #(
        .WIDTH  (A_W),
        .CYCLES (TANH_DELAY),
        .RESET  (0)
    ) u_tanh_delay (
        .clk    (clk),
        .rst    (rst),
        .data_i (tanh_data_i),
        .data_o (tanh_data)
    );

    // Operands. The look-ups of g, i, f and o are there in phases 4, 5, 6 and 7 (+R).
    reg [A_W-1:0]        g_q;
    reg [A_W-1:0]        o_q;
    reg signed [F_W-1:0] a_q;
    reg signed [B_W-1:0] b_q;

    wire signed [B_W-1:0] operand_g = {{(B_W-A_W){g_q[A_W-1]}}, g_q};
    wire signed [B_W-1:0] operand_t = {{(B_W-A_W){tanh_data[A_W-1]}}, tanh_data};
    wire signed [B_W:0]   operand_c = {{(B_W+1-C_W){c_i[C_W-1]}}, c_i};
    wire signed [F_W:0]   factor_a  = {{(F_W+1-A_W){gate_data[A_W-1]}}, gate_data};
    wire signed [F_W:0]   factor_o  = {{(F_W+1-A_W){o_q[A_W-1]}}, o_q};

    always @(posedge clk) begin
        if (keep_g_i) begin
            g_q <= gate_data;
        end
        if (keep_o_i) begin
            o_q <= gate_data;
        end
        a_q <= load_sum  ? multiplier
             : load_ot_i ? factor_o[F_W-1:0]
                         : factor_a[F_W-1:0];
        b_q <= load_sum  ? scaled_sum
             : load_ot_i ? operand_t
             : load_ig_i ? (operand_g <<< IG_SHIFT)
             : fresh_i   ? {B_W{1'b0}}
                         : (operand_c[B_W-1:0] <<< FC_SHIFT);
    end

    // The product register is exactly as wide as the product and has no reset: a wider one
    // makes Yosys 0.70 drop the sign extension.
    reg signed [F_W+B_W-1:0] product_q;

    localparam [P_W-1:0] ONE    = {{(P_W-1){1'b0}}, 1'b1};
    localparam [P_W-1:0] HALF_Z = (M_W > 0 && Z_SHIFT > 0) ? ONE << ((Z_SHIFT > 0) ? Z_SHIFT - 1 : 0)
                                                           : {P_W{1'b0}};
    localparam [P_W-1:0] HALF_C = ONE << (C_SHIFT - 1);
    localparam [P_W-1:0] HALF_H = (H_SHIFT > 0 && H_ODD == 0) ? ONE << ((H_SHIFT > 0) ? H_SHIFT - 1 : 0)
                                                           : {P_W{1'b0}};

    wire signed [P_W-1:0] base = start_z ? HALF_Z : start_c_i ? HALF_C : start_h_i ? HALF_H : sum_of_products_q;

    always @(posedge clk) begin
        product_q         <= a_q * b_q;
        sum_of_products_q <= base + {{(P_W-F_W-B_W+1){product_q[F_W+B_W-1]}}, product_q[F_W+B_W-2:0]};
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
        .HALF_ADDED (1),
        .ODD        (H_ODD)
    ) u_requant_h (
        .value_i (sum_of_products_q),
        .code_o  (h)
    );

    always @(posedge clk) begin
        c_q         <= c;
        tanh_addr_q <= tanh_addr;
        if (keep_h_i) begin
            h_q <= h;
        end
    end

    assign c_o         = c_q;
    assign tanh_addr_o = tanh_addr_q;
    assign h_o         = h_q;

endmodule

`default_nettype wire
