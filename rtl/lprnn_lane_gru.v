// lprnn_lane_gru - the data path of one GRU unit: gates r and u, n and s, and h, on one multiplier.
//
//   phase   0..3   pick what was added up (n's x part, n's h part, r, u) and what to subtract from it
//           1..4   add the bias
//           2..5   requantise, n's parts to v, gates to z   3, 4   vx, vh
//           5, 6   table look-up of r, u                    6, 7   table output
//           6      operands r*vh      7 product             8      sum, with vx
//           9      requantise to the table's format        10, 11  n = tanh(...)
//          10, 11  operands u*s, (1-u)*n   11, 12 products 12, 13  sum, rounding half included
//          14      requantise to s         15     requantise to h
//          16      h_o
//
// TABLE_REG moves everything from phase 6 on back by one, TANH_DELAY everything from n on by as many again.
// Where rows have multipliers, a sum goes through the multiplier in phases 2..5 and comes out as v or z three
// cycles later than without, and so does all behind it: every phase from 3 on that stands here. Each strobe is high in the phase that stands beside it: lprnn_lane_control has the phases of all lanes. The
// x part of n is what its accumulator has gained when the blocks of h begin, which recurrent_i says: that
// value is kept, and is used up two cycles after a group's end at the latest. Groups whose uses of the
// multiplier meet must not follow each other; the sequencer keeps them apart.

`default_nettype none

module lprnn_lane_gru #(
    parameter ACC_W      = 20,  // bits of an accumulator, all sums at one fraction
    parameter Z_W        = 8,   // bits of a pre-activation
    parameter Z_SHIFT    = 8,   // fraction bits dropped from an accumulator to z, with M_W from its product
    parameter V_W        = 12,  // bits of n's parts of x and of h
    parameter V_SHIFT    = 4,   // fraction bits dropped from an accumulator to them, likewise
    parameter A_FRAC     = 8,   // fraction bits of a gate value, which is signed and may be 1.0
    parameter S_W        = 16,  // bits of the state
    parameter S_FRAC     = 14,
    parameter H_W        = 4,   // bits of h
    parameter H_FRAC     = 3,
    parameter H_ODD      = 0,   // 1: h is odd, of H_W bits and a last one that is left out
    parameter TABLE_REG  = 0,   // 1: a register behind the tables (slow block RAM)
    parameter TANH_DELAY = 0,   // registers behind tanh, TABLE_REG or more
    parameter M_W        = 0    // bits of a row's multiplier; 0: rows have none
) (
    input  wire                clk,
    input  wire                rst,
    // strobes, with R = TABLE_REG and T = TABLE_REG + TANH_DELAY, from keep_vx_i on three later with M_W
    input  wire                take_i,       // 0     the accumulators are this group's
    input  wire [1:0]          turn_i,       // 0..3  0 n's x part, 1 n's h part, 2 r, 3 u; else 0
    input  wire                keep_vx_i,    // 3     vx is requantised
    input  wire                keep_vh_i,    // 4     vh is requantised
    input  wire                load_rv_i,    // 6+R   operands are r and vh
    input  wire                keep_u_i,     // 7+R   the table gives u
    input  wire                start_n_i,    // 8+R   the product is n's
    input  wire                fresh_i,      // 10+T  take s as zero
    input  wire                load_un_i,    // 11+T  operands are 1-u and n
    input  wire                start_s_i,    // 12+T  the product is the first of s's
    input  wire                keep_h_i,     // 15+T  h is requantised
    // the blocks of sums are h's, from the cycle on in which the last of x's is in the accumulators
    input  wire                recurrent_i,
    // accumulators of r, u, n
    input  wire [3*ACC_W-1:0]  acc_i,
    input  wire [ACC_W+M_W-1:0] bias_i,      // phases 1..4: {multiplier, bias} in the order of the turns
`ifdef LPRNN_TRACE
    output wire [((V_W > Z_W) ? V_W : Z_W)-1:0] taken_o,  // phases 3..6: what became of the turns' sums
`endif
    // tables: data follows the address by one cycle
    output wire [Z_W:0]        gate_addr_o,  // phases 5, 6: {0, z} of r, u
    input  wire [A_FRAC+1:0]   gate_data_i,
    output wire [Z_W-1:0]      tanh_addr_o,
    input  wire [A_FRAC+1:0]   tanh_data_i,
    // state
    input  wire [S_W-1:0]      c_i,          // phase 10+T
    output wire [S_W-1:0]      c_o,          // phase 15+T
    // result
    output wire [H_W-1:0]      h_o           // from phase 16+T on, held
);

    localparam A_W      = A_FRAC + 2;
    localparam N_SHIFT  = A_FRAC + Z_SHIFT - V_SHIFT;               // dropped from n's sum to the table's format
    localparam US_SHIFT = (A_FRAC > S_FRAC) ? A_FRAC - S_FRAC : 0;  // u*s and (1-u)*n at one fraction
    localparam UN_SHIFT = (S_FRAC > A_FRAC) ? S_FRAC - A_FRAC : 0;
    localparam S_SHIFT  = A_FRAC + US_SHIFT;                        // dropped from their sum to s
    localparam H_SHIFT  = S_FRAC - H_FRAC;                          // dropped from s to h

    // The multiplier's first operand, a gate value or a row's multiplier, which has no sign.
    localparam F_W = (M_W + 1 > A_W) ? M_W + 1 : A_W;

    // The multiplier's second operand, s, vh, a gate value or a sum, and a sum of two products: the largest is
    // 2^A_FRAC times one of these, and half of a last bit comes to it. The product with a row's multiplier has
    // room, but for a half that is larger than all of it.
    localparam S_B_W = (S_W + US_SHIFT > A_W + UN_SHIFT) ? S_W + US_SHIFT : A_W + UN_SHIFT;
    localparam L_B_W = (S_B_W > V_W) ? S_B_W : V_W;
    localparam B_W   = (M_W > 0 && ACC_W > L_B_W) ? ACC_W : L_B_W;

    localparam LARGEST_SHIFT = (Z_SHIFT > V_SHIFT) ? Z_SHIFT : V_SHIFT;
    localparam P_W = (M_W > 0 && LARGEST_SHIFT + 2 > F_W + B_W + 1) ? LARGEST_SHIFT + 2 : F_W + B_W + 1;

    generate
        if ((M_W == 0 && (Z_SHIFT < 0 || V_SHIFT < 0)) || TANH_DELAY < TABLE_REG) begin : gen_param_check
            error_lprnn_lane_gru_illegal_formats u_illegal_parameters ();
        end
    endgenerate

    // n is taken live; r and u wait their turn.
    wire [ACC_W-1:0] live_r = acc_i[0*ACC_W +: ACC_W];
    wire [ACC_W-1:0] live_u = acc_i[1*ACC_W +: ACC_W];
    wire [ACC_W-1:0] live_n = acc_i[2*ACC_W +: ACC_W];

    reg [ACC_W-1:0] wait_r_q;
    reg [ACC_W-1:0] wait_u_q;

    // The accumulators at the end of the last group that was taken, and n's where its blocks of h began.
    reg [ACC_W-1:0] before_r_q;
    reg [ACC_W-1:0] before_u_q;
    reg [ACC_W-1:0] before_n_q;
    reg [ACC_W-1:0] middle_n_q;
    reg             recurrent_q;

    wire [ACC_W-1:0] value = turn_i[1] ? (turn_i[0] ? wait_u_q : wait_r_q)
                                       : (turn_i[0] ? before_n_q : middle_n_q);
    wire [ACC_W-1:0] base  = turn_i[1] ? (turn_i[0] ? before_u_q : before_r_q)
                                       : (turn_i[0] ? middle_n_q : before_n_q);

    reg [ACC_W-1:0] diff_q;
    reg [ACC_W-1:0] sum_q;
    reg [Z_W-1:0]   z_q;
    reg [V_W-1:0]   v_q;

    wire [Z_W-1:0] z;
    wire [V_W-1:0] v;

    // A sum's product with its row's multiplier: the operands are chosen two cycles after the sum was taken,
    // the product is added to half of the last bit of v or z two later.
    reg signed [P_W-1:0]   sum_of_products_q;
    wire                   load_sum;
    wire                   start_v;
    wire                   start_z;
    wire signed [F_W-1:0]  multiplier;
    wire signed [B_W-1:0]  scaled_sum;

    // What is requantised.
    localparam T_W = (M_W > 0) ? P_W : ACC_W;
    wire [T_W-1:0] taken;

    generate
        if (M_W > 0) begin : gen_scaled
            reg [4:0]     taken_line_q;
            reg           start_v_q;
            reg           start_z_q;
            reg [M_W-1:0] multiplier_q;

            wire signed [B_W:0] extended = {{(B_W+1-ACC_W){sum_q[ACC_W-1]}}, sum_q};

            always @(posedge clk) begin
                taken_line_q <= {taken_line_q[3:0], take_i | (|turn_i)};
                // Two sums went before a gate's.
                start_v_q    <= taken_line_q[2] & ~taken_line_q[4];
                start_z_q    <= taken_line_q[2] & taken_line_q[4];
                multiplier_q <= bias_i[ACC_W+M_W-1:ACC_W];
            end

            assign load_sum   = taken_line_q[1];
            assign start_v    = start_v_q;
            assign start_z    = start_z_q;
            assign multiplier = {{(F_W-M_W){1'b0}}, multiplier_q};
            assign scaled_sum = extended[B_W-1:0];
            assign taken      = sum_of_products_q;
        end else begin : gen_plain
            assign load_sum   = 1'b0;
            assign start_v    = 1'b0;
            assign start_z    = 1'b0;
            assign multiplier = {F_W{1'b0}};
            assign scaled_sum = {B_W{1'b0}};
            assign taken      = sum_q;
        end
    endgenerate

    lprnn_requant #(
        .IN_W       (T_W),
        .OUT_W      (Z_W),
        .SHIFT      (Z_SHIFT),
        .HALF_ADDED (1)
    ) u_requant_z (
        .value_i (taken),
        .code_o  (z)
    );

    lprnn_requant #(
        .IN_W       (T_W),
        .OUT_W      (V_W),
        .SHIFT      (V_SHIFT),
        .HALF_ADDED (1)
    ) u_requant_v (
        .value_i (taken),
        .code_o  (v)
    );

    always @(posedge clk) begin
        recurrent_q <= recurrent_i;
        if (recurrent_i & ~recurrent_q) begin
            middle_n_q <= live_n;
        end
        if (take_i) begin
            wait_r_q <= live_r;
            wait_u_q <= live_u;
        end
        diff_q <= value - base;
        sum_q  <= diff_q + bias_i[ACC_W-1:0];
        z_q    <= z;
        v_q    <= v;
        if (rst) begin
            before_r_q <= {ACC_W{1'b0}};
            before_u_q <= {ACC_W{1'b0}};
            before_n_q <= {ACC_W{1'b0}};
        end else begin
            if (take_i) begin
                before_n_q <= live_n;
            end
            if (turn_i == 2'd2) begin
                before_r_q <= wait_r_q;
            end
            if (turn_i == 2'd3) begin
                before_u_q <= wait_u_q;
            end
        end
    end

    assign gate_addr_o = {1'b0, z_q};

`ifdef LPRNN_TRACE
    // z is there two cycles behind n's parts.
    localparam CODE_W = (V_W > Z_W) ? V_W : Z_W;
    localparam LATER  = (M_W > 0) ? 3 : 0;
    wire [CODE_W:0] traced_z = {{(CODE_W+1-Z_W){z_q[Z_W-1]}}, z_q};
    wire [CODE_W:0] traced_v = {{(CODE_W+1-V_W){v_q[V_W-1]}}, v_q};
    reg [LATER+2:0] of_gate_line_q;
    always @(posedge clk) begin
        of_gate_line_q <= {of_gate_line_q[LATER+1:0], turn_i[1]};
    end
    assign taken_o = of_gate_line_q[LATER+2] ? traced_z[CODE_W-1:0] : traced_v[CODE_W-1:0];
`endif

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

    // Operands. The look-ups of r and u are there in phases 6 and 7 (+R).
    reg [V_W-1:0]        vx_q;
    reg [V_W-1:0]        vh_q;
    reg [A_W-1:0]        u_q;
    reg signed [F_W-1:0] a_q;
    reg signed [B_W-1:0] b_q;

    localparam [A_W-1:0] GATE_ONE = {{(A_W-1){1'b0}}, 1'b1} << A_FRAC;

    wire signed [B_W:0] operand_n = {{(B_W+1-A_W){tanh_data[A_W-1]}}, tanh_data};
    wire signed [B_W:0] operand_v = {{(B_W+1-V_W){vh_q[V_W-1]}}, vh_q};
    wire        [A_W-1:0] rest = GATE_ONE - u_q;
    wire signed [F_W:0] factor_r    = {{(F_W+1-A_W){gate_data[A_W-1]}}, gate_data};
    wire signed [F_W:0] factor_u    = {{(F_W+1-A_W){u_q[A_W-1]}}, u_q};
    wire signed [F_W:0] factor_rest = {{(F_W+1-A_W){rest[A_W-1]}}, rest};
    wire signed [B_W:0] operand_s = {{(B_W+1-S_W){c_i[S_W-1]}}, c_i};

    always @(posedge clk) begin
        if (keep_vx_i) begin
            vx_q <= v_q;
        end
        if (keep_vh_i) begin
            vh_q <= v_q;
        end
        if (keep_u_i) begin
            u_q <= gate_data;
        end
        a_q <= load_sum  ? multiplier
             : load_rv_i ? factor_r[F_W-1:0]
             : load_un_i ? factor_rest[F_W-1:0]
                         : factor_u[F_W-1:0];
        b_q <= load_sum  ? scaled_sum
             : load_rv_i ? operand_v[B_W-1:0]
             : load_un_i ? (operand_n[B_W-1:0] <<< UN_SHIFT)
             : fresh_i   ? {B_W{1'b0}}
                         : (operand_s[B_W-1:0] <<< US_SHIFT);
    end

    // The product register is exactly as wide as the product and has no reset: a wider one
    // makes Yosys 0.70 drop the sign extension.
    reg signed [F_W+B_W-1:0] product_q;

    localparam [P_W-1:0] ONE    = {{(P_W-1){1'b0}}, 1'b1};
    localparam [P_W-1:0] HALF_V = (V_SHIFT > 0) ? ONE << ((V_SHIFT > 0) ? V_SHIFT - 1 : 0) : {P_W{1'b0}};
    localparam [P_W-1:0] HALF_Z = (Z_SHIFT > 0) ? ONE << ((Z_SHIFT > 0) ? Z_SHIFT - 1 : 0) : {P_W{1'b0}};
    localparam [P_W-1:0] HALF_S = ONE << (S_SHIFT - 1);

    wire [P_W-1:0] wide_vx = {{(P_W-V_W){vx_q[V_W-1]}}, vx_q};

    wire signed [P_W-1:0] start = start_v   ? HALF_V
                                : start_z   ? HALF_Z
                                : start_n_i ? wide_vx << A_FRAC : start_s_i ? HALF_S : sum_of_products_q;

    always @(posedge clk) begin
        product_q         <= a_q * b_q;
        sum_of_products_q <= start + {{(P_W-F_W-B_W+1){product_q[F_W+B_W-1]}}, product_q[F_W+B_W-2:0]};
    end

    reg [S_W-1:0] s_q;
    reg [Z_W-1:0] tanh_addr_q;
    reg [H_W-1:0] h_q;

    wire [S_W-1:0] s;
    wire [Z_W-1:0] tanh_addr;
    wire [H_W-1:0] h;

    lprnn_requant #(
        .IN_W       (P_W),
        .OUT_W      (Z_W),
        .SHIFT      (N_SHIFT),
        .HALF_ADDED (0)
    ) u_requant_n (
        .value_i (sum_of_products_q),
        .code_o  (tanh_addr)
    );

    lprnn_requant #(
        .IN_W       (P_W),
        .OUT_W      (S_W),
        .SHIFT      (S_SHIFT),
        .HALF_ADDED (1)
    ) u_requant_s (
        .value_i (sum_of_products_q),
        .code_o  (s)
    );

    lprnn_requant #(
        .IN_W       (S_W),
        .OUT_W      (H_W),
        .SHIFT      (H_SHIFT),
        .HALF_ADDED (0),
        .ODD        (H_ODD)
    ) u_requant_h (
        .value_i (s_q),
        .code_o  (h)
    );

    always @(posedge clk) begin
        s_q         <= s;
        tanh_addr_q <= tanh_addr;
        if (keep_h_i) begin
            h_q <= h;
        end
    end

    assign c_o         = s_q;
    assign tanh_addr_o = tanh_addr_q;
    assign h_o         = h_q;

endmodule

`default_nettype wire
