// lprnn_da_row - one row's sum of weight * activation over all columns, in LUTs and carry chains.
//
//   per weight bit and column pair:  m = w1 ? (w0 ? x0+x1 : x1) : (w0 ? x0 : 0)
//   along a chain of pairs:          c[i] <= c[i-1] + m[i] (+ 1 after the first, without MUX_REG)
//   across weight bits:              sum of c * 2^bit, the top bit counting negative
//
// Activations are unsigned (offset binary). The pair values x0, x1 and x0+x1 are formed once
// and shared by all rows. c - ~m is c + m + 1, written that way because it keeps the running sum
// on the carry input, so that selection and addition share one LUT6 a bit; the extra one per
// pair and the activations' offset are constants, which are folded into the bias.
//
// With ODD the weights are odd, and bit b is a digit, d = 2 w - 1, that counts 2^b: no digit is special.
// A pair contributes +-(x0+x1) or +-(x1-x0) in every bit. A negative is formed by inverting, and x1-x0
// is held plus 2^ACT_W - 1, so that all values, and all sums, count from 0. The constants follow from the
// weights, and the bias takes them back: for every pair
//   ((2^(ACT_W+1) - 1) (2 (2^WEIGHT_W - 1) - w0 - w1) + w0 - w1) / 4
//
// With MUX_REG (LUT4 families) the selection of five values does not fit one LUT, so that even weights
// are taken in digits as well, on signed activations. With d = 2 w - 1 for every weight bit
//   w x = 1/2 sum 2^b d_b x - x/2,  and  1/2 (d_0 - 1) = -(1 - w_0), so that
//   w x = sum of d_b 2^(b-1) x over b >= 1, the top one negative, less (1 - w_0) x
// and a pair contributes +-(x0+x1) or +-(x1-x0) in every bit but the lowest: one LUT4 a bit.
// The constants add up to floor(w1 / 2) for every pair.
//
// Pair i of a chain works one cycle after pair i-1, on operands that arrive one cycle later.
// Latency from the operands of a chain's first pair: MUX_REG + CHAIN + ceil(log2 WEIGHT_W)
// + ceil(log2 CHAINS) cycles.

`default_nettype none

module lprnn_da_row #(
    parameter COLUMNS  = 16,  // products per cycle
    parameter CHAIN    = 8,   // pairs per chain
    parameter CHAINS   = 1,   // chains side by side, CHAIN * CHAINS >= COLUMNS / 2
    parameter ACT_W    = 4,   // bits of an unsigned activation
    parameter WEIGHT_W = 4,   // bits of a weight
    parameter ODD      = 0,   // 1: weights are odd
    parameter MUX_REG  = 0,   // 1: register between selection and addition (LUT4 families)
    parameter SUM_W    = 14   // bits of sum_o, see below
) (
    input  wire                              clk,
    input  wire [CHAIN*CHAINS*ACT_W-1:0]     low_i,    // x0 of every pair, signed if digits
    input  wire [CHAIN*CHAINS*ACT_W-1:0]     high_i,   // x1
    input  wire [CHAIN*CHAINS*(ACT_W+1)-1:0] sum_i,    // x0 + x1
    input  wire [CHAIN*CHAINS*(ACT_W+1)-1:0] diff_i,   // x1 - x0, if odd plus 2^ACT_W - 1
    input  wire [COLUMNS*WEIGHT_W-1:0]       weight_i,
    output wire signed [SUM_W-1:0]           sum_o
);

    localparam PAIRS  = CHAIN * CHAINS;
    localparam LEVELS = $clog2(WEIGHT_W);
    localparam DIGITS = (MUX_REG != 0 && ODD == 0) ? 1 : 0;
    localparam KIND   = (ODD != 0) ? 1 : (DIGITS != 0) ? 2 : 0;
    // A chain's sum, and any partial sum over weight bits: signed but for the chains that select and the
    // sums of odd weights.
    localparam CHAIN_W = ACT_W + 1 + $clog2(CHAIN);
    localparam SPARE   = (ODD != 0) ? 0 : (DIGITS != 0) ? -1 : 1;  // bits of a node beyond its planes
    localparam NODE_W  = CHAIN_W + WEIGHT_W + SPARE;

    generate
        if (ODD == 0 && WEIGHT_W < 2) begin : gen_levels_check
            error_lprnn_da_row_one_bit_is_odd u_illegal_parameters ();
        end
        if (SUM_W != NODE_W + ((DIGITS != 0) ? 0 : 1) + $clog2(CHAINS)) begin : gen_param_check
            error_lprnn_da_row_sum_of_another_width u_illegal_parameters ();
        end
    endgenerate

    // Missing columns of the last pairs: weight 0, or the largest odd one on an activation that is zero.
    wire [2*PAIRS*WEIGHT_W-1:0] weight;
    assign weight[COLUMNS*WEIGHT_W-1:0] = weight_i;
    generate
        if (COLUMNS < 2*PAIRS) begin : gen_missing_columns
            assign weight[2*PAIRS*WEIGHT_W-1:COLUMNS*WEIGHT_W] =
                {((2*PAIRS-COLUMNS)*WEIGHT_W){(ODD != 0) ? 1'b1 : 1'b0}};
        end
    endgenerate

    // Nodes of the tree over weight bits, level after level, for every chain.
    wire [CHAINS*(LEVELS+1)*WEIGHT_W*NODE_W-1:0] node;
    wire [CHAINS*SUM_W-1:0] chain_sums;

    genvar n, b, i, l;
    generate
        for (n = 0; n < CHAINS; n = n + 1) begin : gen_chain
            for (b = 0; b < WEIGHT_W; b = b + 1) begin : gen_bit
                // Running sums, each padded to the widest.
                wire [(CHAIN+1)*CHAIN_W-1:0] running;
                assign running[CHAIN_W-1:0] = {CHAIN_W{1'b0}};

                for (i = 0; i < CHAIN; i = i + 1) begin : gen_pair
                    localparam P = n*CHAIN + i;
                    // The sum of i+1 pairs, each below 2^(ACT_W+1) or, in digits, signed of ACT_W+1
                    // bits.
                    localparam NEED_W  = ACT_W + 1 + $clog2(i + 1);
                    localparam STAGE_W = (NEED_W < CHAIN_W) ? NEED_W : CHAIN_W;

                    wire w0 = weight[2*P*WEIGHT_W + b];
                    wire w1 = weight[(2*P+1)*WEIGHT_W + b];

                    wire [ACT_W-1:0] x0 = low_i[P*ACT_W +: ACT_W];
                    wire [ACT_W-1:0] x1 = high_i[P*ACT_W +: ACT_W];
                    wire [ACT_W:0]   xs = sum_i[P*(ACT_W+1) +: ACT_W+1];
                    wire [ACT_W:0]   xd = diff_i[P*(ACT_W+1) +: ACT_W+1];

                    wire [STAGE_W-1:0] m;
                    case (KIND)
                        1: begin : gen_odd
                            wire [ACT_W:0] s = ((w1 ^ w0) ? xd : xs) ^ {(ACT_W+1){~w1}};
                            if (STAGE_W > ACT_W + 1) begin : gen_extend
                                assign m = {{(STAGE_W-ACT_W-1){1'b0}}, s};
                            end else begin : gen_full
                                assign m = s;
                            end
                        end
                        2: begin : gen_digit
                            wire [ACT_W:0] s;
                            if (b == 0) begin : gen_lowest
                                assign s = w1 ? (w0 ? {(ACT_W+1){1'b0}} : {x0[ACT_W-1], x0})
                                              : (w0 ? {x1[ACT_W-1], x1} : xs);
                            end else begin : gen_pair_digit
                                assign s = ((w1 ^ w0) ? xd : xs) ^ {(ACT_W+1){~w1}};
                            end
                            if (STAGE_W > ACT_W + 1) begin : gen_extend
                                assign m = {{(STAGE_W-ACT_W-1){s[ACT_W]}}, s};
                            end else begin : gen_full
                                assign m = s;
                            end
                        end
                        default: begin : gen_select
                            wire [ACT_W:0] s = w1 ? (w0 ? xs : {1'b0, x1})
                                                  : (w0 ? {1'b0, x0} : {(ACT_W+1){1'b0}});
                            if (STAGE_W > ACT_W + 1) begin : gen_extend
                                assign m = {{(STAGE_W-ACT_W-1){1'b0}}, s};
                            end else begin : gen_full
                                assign m = s;
                            end
                        end
                    endcase

                    reg [STAGE_W-1:0] sum_q;
                    case ((MUX_REG != 0) ? 1 : (i == 0) ? 2 : 0)
                        1: begin : gen_mux_reg
                            // The lowest digit counts negative.
                            reg [STAGE_W-1:0] m_q;
                            always @(posedge clk) begin
                                m_q   <= (DIGITS != 0 && b == 0) ? ~m : m;
                                sum_q <= running[i*CHAIN_W +: STAGE_W] + m_q;
                            end
                        end
                        2: begin : gen_first
                            always @(posedge clk) sum_q <= m;
                        end
                        default: begin : gen_next
                            always @(posedge clk) sum_q <= running[i*CHAIN_W +: STAGE_W] - ~m;
                        end
                    endcase

                    if (STAGE_W < CHAIN_W) begin : gen_extend_sum
                        assign running[(i+1)*CHAIN_W +: CHAIN_W] =
                            {{(CHAIN_W-STAGE_W){(DIGITS != 0) ? sum_q[STAGE_W-1] : 1'b0}}, sum_q};
                    end else begin : gen_full_sum
                        assign running[(i+1)*CHAIN_W +: CHAIN_W] = sum_q;
                    end
                end

                localparam LEAF = (n*(LEVELS+1)*WEIGHT_W + b) * NODE_W;
                wire [CHAIN_W-1:0] total = running[CHAIN*CHAIN_W +: CHAIN_W];
                assign node[LEAF +: NODE_W] =
                    {{(NODE_W-CHAIN_W){(DIGITS != 0) ? total[CHAIN_W-1] : 1'b0}}, total};
            end

            // Level l joins neighbours 2^l bits apart, in digits the first two 2^l - 1. The top
            // bit's node of even weights counts negative until it is joined; it is always the last node,
            // and first joined at an even count.
            for (l = 0; l < LEVELS; l = l + 1) begin : gen_level
                localparam COUNT  = (WEIGHT_W + (1 << l) - 1) >> l;
                localparam BASE   = n*(LEVELS+1)*WEIGHT_W + l*WEIGHT_W;
                for (b = 0; b < (COUNT + 1) / 2; b = b + 1) begin : gen_node
                    localparam LESS   = (DIGITS != 0 && b == 0) ? 1 : 0;
                    localparam SHIFT  = (1 << l) - LESS;
                    localparam NEED_W = CHAIN_W + (2 << l) + ((DIGITS != 0) ? -LESS : SPARE);
                    localparam KEEP_W = (NEED_W < NODE_W) ? NEED_W : NODE_W;
                    wire signed [KEEP_W-1:0] even = node[(BASE + 2*b)*NODE_W +: KEEP_W];
                    reg signed [KEEP_W-1:0]  node_q;
                    if (2*b + 1 >= COUNT) begin : gen_pass
                        always @(posedge clk) node_q <= even;
                    end else begin : gen_join
                        wire signed [KEEP_W-1:0] odd = node[(BASE + 2*b + 1)*NODE_W +: KEEP_W];
                        if (ODD == 0 && 2*b + 2 == COUNT && ((WEIGHT_W - 1) % (1 << l)) == 0) begin : gen_minus
                            always @(posedge clk) node_q <= even - (odd <<< SHIFT);
                        end else begin : gen_plus
                            always @(posedge clk) node_q <= even + (odd <<< SHIFT);
                        end
                    end
                    if (KEEP_W < NODE_W) begin : gen_extend
                        assign node[(BASE + WEIGHT_W + b)*NODE_W +: NODE_W] =
                            {{(NODE_W-KEEP_W){(ODD != 0) ? 1'b0 : node_q[KEEP_W-1]}}, node_q};
                    end else begin : gen_full
                        assign node[(BASE + WEIGHT_W + b)*NODE_W +: NODE_W] = node_q;
                    end
                end
            end

            localparam ROOT = (n*(LEVELS+1)*WEIGHT_W + LEVELS*WEIGHT_W) * NODE_W;
            assign chain_sums[n*SUM_W +: SUM_W] =
                {{(SUM_W-NODE_W){(ODD != 0) ? 1'b0 : node[ROOT + NODE_W - 1]}}, node[ROOT +: NODE_W]};
        end
    endgenerate

    lprnn_add_tree #(
        .COUNT (CHAINS),
        .WIDTH (SUM_W)
    ) u_chains (
        .clk      (clk),
        .values_i (chain_sums),
        .sum_o    (sum_o)
    );

endmodule

`default_nettype wire
